"""What comes out: facts with verdicts, lines of the rubric, and the result of a submission."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from .gate import shown
from .reading import Picture


class Outcome(StrEnum):
    """What was found out about a fact."""

    RIGHT = "right"
    WRONG = "wrong"
    MISSING = "missing"
    UNCHECKED = "cannot be checked"
    JUDGE = "for you to judge"


WAITING = "not verified yet"
KINDS = ("weights", "predictions", "history")  # by which runs are compared, the strongest first
# checks that leave something to look at in any case, the latter two with --quick
ROUTINE = ("link to the weights", "routine", "train top-1 (%)", "train loss")
FAILING = (Outcome.WRONG, Outcome.MISSING, Outcome.UNCHECKED)


@dataclass(frozen=True)
class Fact:
    """One thing that was looked at, for a ``part`` of the rubric; ``why`` explains a verdict.

    ``name`` is for readers. The rubric goes by ``model``, whose fact it is, and by ``check``.
    """

    part: str
    name: str
    claimed: str
    recomputed: str
    verdict: Outcome
    why: str = ""
    model: str = ""
    check: str = ""

    @property
    def fails(self) -> bool:
        return self.verdict in FAILING


@dataclass(frozen=True)
class Mark:
    """The checksums of one model's run; empty where there is nothing to go by."""

    model: str
    identity: str = ""  # of the declaration with its seed
    weights: str = ""
    predictions: str = ""
    history: str = ""

    def kinds(self) -> list[tuple[str, str]]:
        """Kind and checksum of those that it has."""
        return [(kind, getattr(self, kind)) for kind in KINDS if getattr(self, kind)]


@dataclass(frozen=True)
class Trained:
    """A model as it was handed in: its declaration as plain data, its accuracies by epoch."""

    model: str
    experiment: dict[str, Any]
    seed: Any
    history: list[dict[str, Any]]


@dataclass(frozen=True)
class Line:
    """A line of the rubric: ``given`` mechanically, up to ``left`` more by a human."""

    part: str
    points: int
    given: int
    left: int
    why: str


@dataclass(frozen=True)
class Result:
    """A submission, verified. ``refused`` says why nothing could be looked at.

    ``waiting``: its turn has not come. ``finished``: another try would give the same.
    """

    name: str
    refused: str = ""
    waiting: bool = False
    finished: bool = True
    facts: tuple[Fact, ...] = ()
    lines: tuple[Line, ...] = ()
    texts: dict[str, str] = field(default_factory=dict)  # what the student wrote, by field
    pictures: tuple[Picture, ...] = ()
    marks: tuple[Mark, ...] = ()  # by which it is compared with others
    trained: tuple[Trained, ...] = ()  # what may be trained anew
    seconds: float = 0.0

    @property
    def questions(self) -> list[Fact]:
        """What is for the instructor to judge, apart from what is to be judged in every report."""
        return [f for f in self.facts if f.verdict == Outcome.JUDGE and f.check not in ROUTINE]

    @property
    def verdict(self) -> str:
        """``right``; ``wrong`` with a wrong fact; ``incomplete`` with one missing; ``refused``."""
        if self.waiting:
            return WAITING
        if self.refused:
            return "refused"
        found = {fact.verdict for fact in self.facts}
        if Outcome.WRONG in found:
            return "wrong"
        return "incomplete" if found & set(FAILING) else "right"


def judged(right: bool, why: str = "") -> tuple[Outcome, str]:
    """Right, or wrong with the reason."""
    return (Outcome.RIGHT, "") if right else (Outcome.WRONG, why)


def guarded(part: str, name: str, facts: Callable[..., Any], *given: Any) -> list[Fact]:
    """The facts of a function; what it cannot cope with is a fact that cannot be checked."""
    found: list[Fact] = []
    try:
        found.extend(facts(*given))
    except Exception as error:  # a submission's data may be odd in any way
        found.append(Fact(part, name, "–", "–", Outcome.UNCHECKED, words_of(error)))
    return found


def words_of(error: Exception) -> str:
    """One line that says what was raised."""
    if isinstance(error, MemoryError):
        return "it needs too much memory"
    first = (str(error).splitlines() or [""])[0]
    return shown(f"{type(error).__name__}: {first}", 200)
