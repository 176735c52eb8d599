"""Exercises of part I, chapters 0 to 4."""

import math

from ..catalogue import CATALOGUE, vary
from ..data import CLASS_NAMES, load
from ..experiment import Conv
from ..models import build, count_parameters
from ..training import lr_schedule
from .judging import Exercise, behaviour, choice, number

_UNPADDED = vary("baseline", "unpadded", arch=dict(convs=(Conv(6), Conv(16))))


def _darkest_class() -> str:
    """The class whose training images have the lowest mean grey level."""
    train = load().train
    brightness = [train.images[train.labels == k].float().mean() for k in range(len(CLASS_NAMES))]
    return CLASS_NAMES[brightness.index(min(brightness))]


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
    "1.1": Exercise(
        hint="First divide by 255; then take the mean off and divide by the standard deviation.",
        solution="(51 / 255 - 0.5) / 0.5",
        wrong="51 / 255",
        judge=number(lambda: -0.6, "51 / 255 is 0.2; now the mean and the standard deviation."),
    ),
    "1.2": Exercise(
        hint="Undo the steps in the opposite order: times std, plus mean, times 255.",
        solution="lambda x, mean, std: (x * std + mean) * 255",
        wrong="lambda x, mean, std: (x + mean) * std * 255",
        judge=behaviour(
            lambda: [((-1.0, 0.5, 0.5), 0), ((0.6, 0.5, 0.5), 204), ((2.0, 0.25, 0.375), 255)],
            "What was done last is undone first.",
        ),
    ),
    "1.3": Exercise(
        hint="means[k].mean() is the mean grey level of class k; names[k] is its name.",
        solution="min(cnnlib.CLASS_NAMES, key=lambda name: cnnlib.load().train.images["
        "cnnlib.load().train.labels == cnnlib.CLASS_NAMES.index(name)].float().mean())",
        wrong="'trouser'",
        judge=choice(_darkest_class, "compute the mean of each of the ten mean images."),
    ),
    "2.1": Exercise(
        hint="Multiply number by number, place by place, and add the four products.",
        solution="3 * 1 + 1 * 0 + 2 * 2 + 5 * -1",
        wrong="3 * -1 + 1 * 2 + 2 * 0 + 5 * 1",
        judge=number(
            lambda: 2,
            "multiply each number of the window by the one that lies on it, and add the four up.",
            mistakes={
                4: "the kernel is turned round, as in mathematics; PyTorch lays it as it is.",
                12: "the last number of the kernel is -1, not 1.",
                0: "the kernel's rows and columns are exchanged: 1, 0 is its upper row.",
                7: "one product is missing: that of the last place.",
                0.5: "a convolution adds the products up; it takes no mean.",
            },
        ),
    ),
    "2.3": Exercise(
        hint="Without padding the sides are 24, 12, 8 and 4. Or use cnnlib.vary, and count.",
        solution="6 * (25 * 1 + 1) + 16 * (25 * 6 + 1) + 120 * (16 * 4 * 4 + 1)"
        " + 84 * (120 + 1) + 10 * (84 + 1)",
        wrong="cnnlib.count_parameters(cnnlib.build('baseline'))",
        judge=number(
            lambda: count_parameters(build(_UNPADDED)),
            "which side have the last maps without padding, and how many numbers reach fc1?",
            mistakes={
                61_706: "padding has no parameters itself, but it changes the sides of the maps, "
                "and with them the inputs of fc1.",
                44_190: "the biases are missing.",
                136_586: "the last maps are pooled as well before they reach fc1.",
            },
        ),
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
        solution="48000 // 64",
        wrong="48000 // 128",
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
