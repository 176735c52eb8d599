"""The exercises of every chapter: what is right, a hint, a solution and a typical mistake.

Expected answers that depend on the runs are computed from the stored runs, never typed.
"""

import math
from typing import Any

from .catalogue import CATALOGUE
from .checks import Exercise, behaviour, choice, number
from .data import load
from .evidence import standard_error
from .experiment import Experiment, changes
from .runs import run
from .training import lr_schedule


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
    "0.1": Exercise(
        hint="data.val holds the validation images; len() counts them.",
        solution="len(cnnlib.load().val)",
        wrong="10000",
        judge=number(lambda: len(load().val), "that is not the validation set's size."),
    ),
    "0.2": Exercise(
        hint="One guess in ten is right.",
        solution="1 / 10",
        wrong="10",
        judge=number(lambda: 0.1, "of ten equally frequent classes, how often is a guess right?"),
    ),
    "3.1": Exercise(
        hint="A filter has 5 · 5 weights for one input channel, and one bias.",
        solution="8 * (5 * 5 + 1)",
        wrong="8 * 5 * 5",
        judge=number(lambda: 208, "count the bias of each filter as well."),
    ),
    "3.2": Exercise(
        hint="28 + 2·0 - 5 + 1, then half of it.",
        solution="(28 - 5 + 1) // 2",
        wrong="14",
        judge=number(lambda: 12, "without padding, the convolution itself makes the map smaller."),
    ),
    "3.3": Exercise(
        hint="Write it as: def side(n, k, p): return …; then answer = side. Use // to halve.",
        solution="lambda n, k, p: (n + 2 * p - k + 1) // 2",
        wrong="lambda n, k, p: (n + p - k + 1) // 2",
        judge=behaviour(
            lambda: [((28, 5, 2), 14), ((14, 5, 0), 5), ((5, 3, 0), 1), ((32, 5, 0), 14)],
            "Padding is added at both ends.",
        ),
    ),
    "4.1": Exercise(
        hint="Each class gets probability 1/10; take minus the natural logarithm.",
        solution="math.log(10)",
        wrong="math.log10(10)",
        judge=number(lambda: math.log(10), "use the natural logarithm of 1/10.", 1e-3),
    ),
    "4.2": Exercise(
        hint="Divide the images by the batch size in baseline.recipe.",
        solution="48000 // 128",
        wrong="48000 // 64",
        judge=number(
            lambda: math.ceil(48_000 / CATALOGUE["baseline"].recipe.batch_size),
            "one step takes one batch; look up its size in baseline.recipe.",
        ),
    ),
    "4.3": Exercise(
        hint="(epoch - 1) // 5 counts how often it was halved.",
        solution="lambda lr, epoch: lr * 0.5 ** ((epoch - 1) // 5)",
        wrong="lambda lr, epoch: lr * 0.5 ** (epoch // 5)",
        judge=behaviour(
            lambda: [
                ((0.1, epoch), lr)
                for epoch, lr in enumerate(lr_schedule(CATALOGUE["lr-0.1"].recipe), start=1)
            ],
            "Epochs 1 to 5 keep the first rate.",
        ),
    ),
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
    "17.1": Exercise(
        hint="The square root of p (1 - p) / n.",
        solution="lambda p, n: (p * (1 - p) / n) ** 0.5",
        wrong="lambda p, n: p * (1 - p) / n",
        judge=behaviour(
            lambda: [((p, n), standard_error(p, n)) for p in (0.5, 0.89) for n in (100, 12_000)],
            "Do not forget the square root.",
        ),
    ),
    "17.2": Exercise(
        hint="Solve 0.001 = √(p (1 - p) / n) for n.",
        solution="round(0.89 * 0.11 / 0.001**2)",
        wrong="round(0.89 * 0.11 / 0.001)",
        judge=number(lambda: 97_900, "square both sides before you solve for n.", 1),
    ),
    "17.3": Exercise(
        hint="One standard error of a difference is √2 times standard_error(0.9, 12000).",
        solution="0.8987 - 0.8936 > 2 * 2**0.5 * standard_error(0.8987, 12000)",
        wrong="0.8987 - 0.8936 > standard_error(0.8987, 12000)",
        judge=choice(
            lambda: 2 * 2**0.5 * standard_error(0.8987, 12_000) < 0.8987 - 0.8936,
            "compare 0.0051 with two standard errors of a difference, not of one accuracy.",
        ),
    ),
}
