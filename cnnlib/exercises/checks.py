"""Instant feedback in the notebooks: predict first, then check, hint and solution.

An answer that has not been given yet is Python's ``...``, so an unanswered book runs through.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ..support.values import nearest
from .all_parts import EXERCISES
from .judging import Exercise


def check(key: str, answer: Any = ...) -> None:
    """Print whether ``answer`` is right. Never raises for a wrong or a missing answer."""
    exercise = _find(key)
    if answer is ...:
        print(f"Exercise {key}: not answered yet. Replace the ... and run the cell again.")
        return
    try:
        problem = exercise.judge(answer)
    except Exception as error:  # the answer is a student's: whatever it raises is feedback
        problem = f"your answer could not be checked ({type(error).__name__}: {error})"
    print(f"Exercise {key}: {'right.' if problem is None else 'not yet: ' + problem}")


def hint(key: str) -> None:
    """Print a hint."""
    print(f"Hint for {key}: {_find(key).hint}")


def solution(key: str) -> None:
    """Print a right answer, as Python."""
    print(f"A solution of {key}: {_find(key).solution}")


def predict_first(prediction: Any, options: Sequence[str]) -> None:
    """Note the reader's prediction, or ask for one.

    >>> cnnlib.predict_first("max", ["max", "average"])
    Noted: 'max'. Now see what comes out.
    """
    if prediction is ...:
        print(f"Write your prediction first: one of {', '.join(map(repr, options))}.")
    elif prediction in options:
        print(f"Noted: {prediction!r}. Now see what comes out.")
    else:
        print(f"{prediction!r} is not one of {', '.join(map(repr, options))}.")


def reveal(prediction: Any, actual: str) -> None:
    """Put the prediction beside what was found."""
    if prediction is ...:
        print(f"Found: {actual!r}. (You made no prediction.)")
    else:
        verdict = "as you predicted" if prediction == actual else f"you predicted {prediction!r}"
        print(f"Found: {actual!r}, {verdict}.")


def quiz(answers: Sequence[Any], labels: Sequence[int], names: Sequence[str]) -> None:
    """Print how many of a reader's ``answers`` are right, and which are not.

    ``answers`` and ``labels`` have one entry per image, (N,). An answer is a class name, its
    number in ``names``, or ``...`` while there is none. Nothing is given away before every
    image has an answer.
    """
    if answers is ... or len(answers) != len(labels):
        found = "none" if answers is ... else len(answers)
        print(f"Quiz: expected a list of {len(labels)} answers, found {found}.")
        return
    if missing := sum(answer is ... for answer in answers):
        print(f"Quiz: {len(labels) - missing} of {len(labels)} answered. Replace each ... first.")
        return
    numbers = {name.lower(): i for i, name in enumerate(names)}
    numbers |= {str(i): i for i in range(len(names))}
    given = [numbers.get(str(answer).strip().lower()) for answer in answers]
    known = [number for number in given if number is not None]
    if len(known) < len(given):
        unknown = str(answers[given.index(None)])
        print(f"Quiz: {unknown!r} is not a class; {nearest(unknown, list(names))}")
        return
    right = sum(mine == int(label) for mine, label in zip(known, labels, strict=True))
    print(f"Quiz: {right} of {len(labels)} right.")
    for i, (mine, label) in enumerate(zip(known, labels, strict=True), start=1):
        if mine != int(label):
            print(f"  image {i}: you say {names[mine]}, the label says {names[int(label)]}")


def agree(
    history: Sequence[Mapping[str, float]],
    stored: Sequence[Mapping[str, float]],
    tolerance: float = 0.03,
) -> None:
    """Assert that a live training follows the stored one, epoch by epoch, in accuracy.

    Machines round differently, and the differences grow as training goes on: the accuracies
    are compared within ``tolerance``, not digit by digit.
    """
    for mine, theirs in zip(history, stored, strict=False):
        for field in ("train_acc", "val_acc"):
            gap = abs(mine[field] - theirs[field])
            assert gap <= tolerance, (
                f"epoch {mine['epoch']}: {field} is {mine[field]:.4f} here and "
                f"{theirs[field]:.4f} in the stored run, more than {tolerance} apart"
            )
    print(f"Your training agrees with the stored run (accuracies within {tolerance}).")


def _find(key: str) -> Exercise:
    if key not in EXERCISES:
        raise LookupError(f"there is no exercise {key!r}; {nearest(key, list(EXERCISES))}")
    return EXERCISES[key]
