"""Exercises of part I, chapters 0 to 4."""

import math

from ..catalogue import CATALOGUE
from ..checks import Exercise, behaviour, number
from ..data import load
from ..training import lr_schedule

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
}
