"""The instructor's command: recompute what submissions claim, without running their code.

``verify(["a.zip", "b/"])`` gives a ``Result`` for each: facts with what was claimed and what was
recomputed, and the points of the rubric that these give.
"""

from .batch import verify
from .intake import RefusedError
from .pages import write
from .results import Fact, Line, Outcome, Result

__all__ = ["Fact", "Line", "Outcome", "RefusedError", "Result", "verify", "write"]
