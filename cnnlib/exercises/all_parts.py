"""The exercises of every chapter: what is right, a hint, a solution and a typical mistake.

Expected answers that depend on the runs are computed from the stored runs, never typed.
"""

from . import part1, part2, part3, part4, part5, part6, written
from .judging import Exercise, Written

EXERCISES: dict[str, Exercise | Written] = {
    **part1.EXERCISES,
    **part2.EXERCISES,
    **part3.EXERCISES,
    **part4.EXERCISES,
    **part5.EXERCISES,
    **part6.EXERCISES,
    **written.EXERCISES,
}
