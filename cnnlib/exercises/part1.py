"""Exercises of part I, chapters 0 to 4."""

import functools
import math

from ..catalogue import CATALOGUE, vary
from ..data import CLASS_NAMES, load
from ..experiment import Conv
from ..models import build, count_parameters
from .judging import Exercise, choice, number

_UNPADDED = vary("baseline", "unpadded", arch=dict(convs=(Conv(6), Conv(16))))


@functools.cache
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
        judge=number(
            lambda: len(load().val),
            "that is not the validation set's size.",
            mistakes={
                10_000: "that is the test set, which stays closed.",
                48_000: "that is the training set.",
                60_000: "that is training and validation images together.",
                70_000: "that is all images; some train, some validate, some test.",
            },
        ),
    ),
    "0.2": Exercise(
        hint="How many of ten guesses are right, on average? Divide that by ten.",
        solution="1 / 10",
        wrong="10",
        judge=number(
            lambda: 0.1,
            "of ten equally frequent classes, how often is a guess right?",
            mistakes={
                10: "right in per cent; as a fraction it is a number from 0 to 1.",
                0.5: "that would be so with two classes; here are ten.",
                0.9: "so often a guess is wrong.",
            },
        ),
    ),
    "1.1": Exercise(
        hint="First divide by 255; then take the mean off and divide by the standard deviation.",
        solution="(51 / 255 - 0.5) / 0.5",
        wrong="51 / 255",
        judge=number(
            lambda: -0.6,
            "three steps: divide by 255, take the mean off, divide by the standard deviation.",
            mistakes={
                0.2: "51 / 255 is 0.2; now the mean and the standard deviation.",
                -0.3: "the mean is taken off; now divide by the standard deviation.",
                -0.15: "the last step divides by the standard deviation; it does not multiply.",
                0.6: "the sign: 0.2 is less than the mean.",
                -0.1: "the mean is taken off before dividing, not after.",
                101: "first divide by 255: the mean 0.5 belongs to pixels from 0 to 1.",
            },
        ),
    ),
    "1.3": Exercise(
        hint="means[k].mean() is the mean grey level of class k; names[k] is its name.",
        solution="'sandal'  # means[k].mean() is smallest for k = 5, and names[5] is its name",
        wrong="'trouser'",
        judge=choice(
            _darkest_class,
            "it is another one: compute the mean of each of the ten mean images.",
            mistakes=[
                (5, "that is a number; answer with the class's name, names[5]."),
                ("5", "that is a number; answer with the class's name, names[5]."),
                ("sandals", "answer with one of the ten names, as they stand in names."),
                ("coat", "that is the brightest: its mean is the largest."),
                ("sneaker", "close: this class is the second darkest."),
                ("trouser", "trousers fill few columns, but those are bright; compute the means."),
            ],
        ),
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
        judge=number(
            lambda: 208,
            "a filter has a weight for each pixel of its window, and one bias; there are 8.",
            mistakes={
                200: "count the bias of each filter as well.",
                201: "one bias is not enough: each filter has its own.",
                156: "that is with 6 filters.",
                208 * 28 * 28: "a filter is shared: the same weights serve all positions.",
            },
        ),
    ),
    "3.2": Exercise(
        hint="28 + 2·0 - 5 + 1, then half of it.",
        solution="(28 - 5 + 1) // 2",
        wrong="14",
        judge=number(
            lambda: 12,
            "take it in two steps: the convolution without padding, then the pooling.",
            mistakes={
                14: "without padding, the convolution itself makes the map smaller.",
                24: "that is after the convolution; the pooling halves it.",
                11.5: "a kernel of 5 fits into 28 pixels in one place more than 28 - 5.",
                11: "a kernel of 5 fits into 28 pixels in one place more than 28 - 5.",
            },
        ),
    ),
    "4.1": Exercise(
        hint="Each class gets probability 1/10; take minus the natural logarithm.",
        solution="math.log(10)",
        wrong="math.log10(10)",
        judge=number(
            lambda: math.log(10),
            "equal logits make ten equal probabilities; take minus the logarithm of one.",
            0.005,  # the chapter itself prints 2.3
            mistakes={
                1: "that is the logarithm to base 10; nats ask for the natural one.",
                math.log2(10): "that is in bits (base 2); nats ask for the natural logarithm.",
                -math.log(10): "the logarithm of a probability is negative; the loss is minus it.",
                0.1: "that is the probability of each class; the loss is minus its logarithm.",
                0: "a loss of 0 would need probability 1 for the true class.",
            },
        ),
    ),
    "4.2": Exercise(
        hint="Divide the images by the batch size in baseline.recipe.",
        solution="48000 // 64",
        wrong="48000 // 128",
        judge=number(
            lambda: math.ceil(48_000 / CATALOGUE["baseline"].recipe.batch_size),
            "one step takes one batch; look up its size in baseline.recipe.",
            mistakes={
                375: "that would be batches of 128; look up the size in baseline.recipe.",
                48_000: "one step takes a whole batch, not one image.",
                64: "that is the size of a batch; how many of them make an epoch?",
                11_250: "that is all 15 epochs; one is asked for.",
                60_000 / 64: "a fifth of the 60,000 images is kept back for validation.",
                938: "a fifth of the 60,000 images is kept back for validation.",
            },
        ),
    ),
}
