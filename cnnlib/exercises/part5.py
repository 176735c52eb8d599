"""Exercises of part V, chapters 19 to 21."""

import math
from functools import cache
from typing import Any

from ..augment import shift
from ..data import load
from ..runs import run
from ..training import predict_logits
from .judging import Exercise, number, scalar

WAYS = {"down": dict(down=3), "up": dict(down=-3), "right": dict(right=3), "left": dict(right=-3)}


@cache
def _fall(way: str) -> tuple[float, float]:
    """How far the accuracy of `maxpool` falls when images move: of all, of the first 3,000."""
    one, val = run("maxpool", train=False), load().val
    logits = predict_logits(one.model(), shift(val.images, **WAYS[way]), one.experiment.data)
    before = (one.val_predictions() == val.labels).double()
    lost = before - (logits.argmax(dim=1) == val.labels).double()
    return lost.mean().item(), lost[:3000].mean().item()


def _judge_fall(answer: Any) -> str | None:
    """Judge of 19.3: all validation images, three pixels down."""
    if (found := scalar(answer)) is None:
        return f"expected a number, found {type(answer).__name__}."
    expected, of_fewer = _fall("down")
    if abs(found - expected) < 5e-4:  # a handful of images, where a machine rounds otherwise
        return None
    if abs(found + expected) < 2e-3:
        return "the sign is turned round; a fall is a positive number."
    if abs(found - 100 * expected) < 0.2:
        return "a fraction is asked for, not points."
    if abs(found - (run("maxpool", train=False).metrics["val_acc"] - expected)) < 5e-4:
        return "that is the accuracy that is left; by how much did it fall?"
    if min(abs(found - of_fewer), abs(found - 0.15)) < 5e-4:
        return "the table has 3,000 images and two decimals; all 12,000 are asked for."
    for way in ("up", "right", "left"):
        if abs(found - _fall(way)[0]) < 2e-3:
            return f"that is the fall when the images move {way}."
    return "predict for all 12,000 validation images, three pixels down."


EXERCISES: dict[str, Exercise] = {
    "19.2": Exercise(
        hint="The middle of the patch goes to rows 0, 3, 6, … up to 27: count them.",
        solution="len(range(0, 28, 3)) ** 2",
        wrong="(28 // 3) ** 2",
        judge=number(
            lambda: 100,
            "count the rows that the middle goes to; the columns are as many.",
            mistakes={
                81: "row 27 is reached as well; and columns count as rows do.",
                10: "those are the rows; columns count as well.",
                784: "that is with stride 1.",
                784 / 9: "28 is no multiple of 3; count the rows: 0, 3, 6, … up to 27.",
                64: "the middle of the patch may stand at the rim; a part then lies outside.",
            },
        ),
    ),
    "19.3": Exercise(
        hint="Predict for shift(data.val.images, down=3), and compare with data.val.labels; the "
        "accuracy without moving is cnnlib.run('maxpool').metrics['val_acc'].",
        solution="""(
    cnnlib.run("maxpool").metrics["val_acc"]
    - cnnlib.evaluate(
        cnnlib.run("maxpool").model(),
        cnnlib.data.LabelledImages(
            cnnlib.augment.shift(cnnlib.load().val.images, down=3), cnnlib.load().val.labels
        ),
        cnnlib.CATALOGUE["maxpool"].data,
    )["acc"]
)""",
        wrong="0.15",
        judge=_judge_fall,
    ),
    "20.1": Exercise(
        hint="Precision looks down the column of what was called a shirt.",
        solution="60 / (20 + 60)",
        wrong="60 / (40 + 60)",
        judge=number(
            lambda: 0.75,
            "of all that was *called* a shirt, how much is one?",
            tolerance=1e-3,
            mistakes={
                0.6: "that is the recall: of all shirts. Look down the column instead.",
                0.8: "that is the recall for coats.",
                2 / 3: "that is the precision for coats.",
                0.7: "that is the accuracy: both classes together.",
                75: "a fraction is asked for, not a percentage.",
            },
        ),
    ),
    "20.3": Exercise(
        hint="Each of the 45 has the same chance; expected numbers add up.",
        solution="45 * 0.05",
        wrong="1 - 0.95**45",
        judge=number(
            lambda: 2.25,
            "each of the 45 tests is a false alarm with a chance of 0.05.",
            tolerance=1e-3,
            mistakes={
                1 - 0.95**45: "the chance of at least one is not the number to be expected.",
                45 * 0.95: "those are the tests that find nothing.",
                0.05: "that is for one test; there are 45.",
                0.5: "a test is made for each *pair*, of which there are 45.",
            },
        ),
    ),
    "21.1": Exercise(
        hint="The entropy is the sum of -p·ln p; the perplexity is e to the power of it.",
        solution="np.exp(-sum(p * np.log(p) for p in (1 / 2, 1 / 4, 1 / 4)))",
        wrong="3",
        judge=number(
            lambda: 2**1.5,
            "e to the power of the sum of -p·ln p.",
            tolerance=1e-2,
            mistakes={
                3: "three neighbours count as three only when they share equally.",
                1.5 * math.log(2): "that is the entropy; take e to the power of it.",
                1.5: "that is the entropy in bits; take 2 to the power of it.",
                math.exp(1.5): "an entropy in bits (log2) needs 2 to its power, not e.",
                2**-1.5: "has the entropy lost its minus sign?",
            },
        ),
    ),
}
