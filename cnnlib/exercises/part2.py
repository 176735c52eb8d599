"""Exercises of part II, chapters 5 to 9."""

from typing import Any

from ..catalogue import CATALOGUE
from ..checks import Exercise, choice, number
from ..data import load
from ..experiment import Experiment, changes
from ..runs import run


def _right_on_val(name: str) -> int:
    """How many validation images the stored run of seed 0 gets right."""
    return int((run(name).val_predictions() == load().val.labels).sum())


def _only_batch_64(answer: Any) -> str | None:
    if not isinstance(answer, Experiment):
        return f"expected an Experiment, found {type(answer).__name__}. See cnnlib.vary."
    found = changes(CATALOGUE["maxpool"], answer)
    if found == [("recipe.batch_size", 128, 64)]:
        return None
    names = ", ".join(name for name, *_ in found) or "nothing"
    return f"it differs from maxpool in {names}; expected recipe.batch_size alone, 64."


EXERCISES: dict[str, Exercise] = {
    "5.1": Exercise(
        hint="The largest of the four; and their sum divided by four.",
        solution="(4, 2)",
        wrong="(4, 8 / 3)",
        judge=choice(lambda: (4, 2), "the average divides by all four values, the zero included."),
    ),
    "5.2": Exercise(
        hint="cnnlib.vary(maxpool, 'a-name', recipe=dict(…)).",
        solution="cnnlib.vary(cnnlib.CATALOGUE['maxpool'], 'mine', recipe=dict(batch_size=64))",
        wrong="cnnlib.vary(cnnlib.CATALOGUE['baseline'], 'mine', recipe=dict(batch_size=64))",
        judge=_only_batch_64,
    ),
    "5.3": Exercise(
        hint="(ours == labels).sum() counts the images that max pooling gets right.",
        solution="int((cnnlib.run('maxpool').val_predictions() == cnnlib.load().val.labels).sum()"
        " - (cnnlib.run('baseline').val_predictions() == cnnlib.load().val.labels).sum())",
        wrong="int((cnnlib.run('maxpool').val_predictions()"
        " != cnnlib.run('baseline').val_predictions()).sum())",
        judge=number(
            lambda: _right_on_val("maxpool") - _right_on_val("baseline"),
            "count the right answers of each, and subtract.",
        ),
    ),
}
