"""Exercises of part III, chapters 10 to 14."""

import math
from typing import Any

from torch import Tensor

from ..analysis import probes
from ..analysis.tables import difference
from ..data import load
from ..runs import run
from .judging import Exercise, choice, number, scalar


def _gap(name: str) -> float:
    """Training minus validation accuracy of the stored run, both in eval mode."""
    metrics = run(name).metrics
    return metrics["train_acc"] - metrics["val_acc"]


def _gap_of_var1(answer: Any) -> str | None:
    """To four decimals, as the chapter prints it, is enough."""
    name = "lenet5-var1-mended"
    gap, one = _gap(name), run(name)
    on_the_way = one.history[-1]["train_acc"] - one.metrics["val_acc"]
    mistakes = {
        -gap: "training minus validation, not the other way round.",
        100 * gap: "that is in points; give it as a fraction.",
        _gap("lenet5-mended"): "that is the model without dropout.",
        _gap("lenet5-var1"): "that is the model as reported, with softmax twice.",
        on_the_way: "the history's training figure was measured on the way, with dropout on.",
    }
    mistakes |= {round(value, 4): told for value, told in mistakes.items()}
    help = "take both figures from run.metrics, of the run lenet5-var1-mended with seed 0."
    return number(lambda: gap, help, 6e-5, mistakes)(answer)


def _interaction_as_reported(answer: Any) -> str | None:
    """To four decimals, as the chapter prints its differences, is enough."""
    first = difference("maxpool", "baseline").mean
    second = difference("lenet5-var3", "lenet5-var4").mean
    mended = difference("lenet5-var3-mended", "lenet5-var4-mended").mean
    mistakes = {
        second - first: "the sign is turned round: report 1's pair first.",
        first + second: "that adds the two effects, or has one pair the wrong way round.",
        first - mended: "that is the mended pair; take lenet5-var3 and lenet5-var4.",
        first: "that is the effect in report 1's pair; subtract the other pair's.",
        second: "that is the effect in report 2's pair; subtract it from the first pair's.",
        100 * (first - second): "that is in points; give it as a fraction.",
    }
    mistakes |= {round(value, 4): told for value, told in mistakes.items()}
    help = "max minus average in both pairs, each a mean over five seeds; then subtract."
    return number(lambda: first - second, help, 1.1e-4, mistakes)(answer)


def _never_fires(answer: Any) -> str | None:
    if (found := scalar(answer)) is None:
        return f"expected a number, found {type(answer).__name__}."
    if math.isnan(found):
        return "expected a number, found NaN, which is none."
    if found <= -3:
        return None
    if found > 0:
        return "then the unit fires for every input; the bias must pull the other way."
    return "then the unit still fires for some of these inputs."


def _looks_dead(answer: Any) -> str | None:
    """The number of units of ``fc1`` in lenet5 that are silent on 100 training images."""
    right, on_val = (_silent_units(part.images[:100]) for part in (load().train, load().val))
    judge = number(
        lambda: right,
        "count the units of fc1 that are dead on the first 100 training images.",
        mistakes={} if on_val == right else {on_val: "those are the validation images."},
    )
    return judge(answer)


def _silent_units(images: Tensor) -> int:
    return probes.dead(run("lenet5"), images)["fc1"]


EXERCISES: dict[str, Exercise] = {
    "10.1": Exercise(
        hint="The probabilities 1 and 0 go through softmax: e / (e + 1) for the true class.",
        solution="math.log(1 + 1 / math.e)",
        wrong="math.log(1 + 9 / math.e)",
        judge=number(
            lambda: math.log(1 + 1 / math.e),
            "softmax of the two probabilities 1 and 0, then minus the log of the true class's.",
            1e-3,
            {
                math.log(1 + 9 / math.e): "that is for ten classes; here only one other is left.",
                math.log(1 + 2 / math.e): "two classes in all: the true one and *one* other.",
                math.e / (math.e + 1): "that is the true class's probability; the loss comes next.",
                -math.log(1 + 1 / math.e): "a loss is minus the log: above 0.",
                math.log2(1 + 1 / math.e): "those are bits; nats come from the natural logarithm.",
                0: "the ordinary loss would be 0; this one applies softmax to the 1 and the 0.",
            },
        ),
    ),
    "10.3": Exercise(
        hint="The gradient is probabilities minus truth: -1 in one place and +1 in another.",
        solution="math.sqrt(2)",
        wrong="0",
        judge=number(
            lambda: math.sqrt(2),
            "write down the ten entries of probabilities minus truth; only two are not 0.",
            1e-3,
            {
                0: "so it is with softmax twice; the mended loss pushes a sure mistake hard.",
                1: "that is one entry; the true class has one as well.",
                2: "that is the sum of the squares (or of the sizes); the length is a root.",
            },
        ),
    ),
    "11.1": Exercise(
        hint="Divide by the probability of being kept, 1 - p.",
        solution="3 / (1 - 1 / 4)",
        wrong="3 * (1 - 1 / 4)",
        judge=number(
            lambda: 4,
            "what is kept is divided by the probability of being kept.",
            mistakes={
                3 * 3 / 4: "what is kept is made larger, to make up for what is lost.",
                3: "so it is in eval mode; in training, what is kept is made larger.",
                12: "1/4 is the probability of being dropped; divide by that of being kept.",
                6: "doubling is right for p = 1/2; here fewer are lost.",
                0: "this unit survives.",
            },
        ),
    ),
    "11.2": Exercise(
        hint="run.metrics has train_acc and val_acc, both measured with dropout off.",
        solution="cnnlib.run('lenet5-var1-mended').metrics['train_acc']"
        " - cnnlib.run('lenet5-var1-mended').metrics['val_acc']",
        wrong="cnnlib.run('lenet5-var1-mended').history[-1]['train_acc']"
        " - cnnlib.run('lenet5-var1-mended').metrics['val_acc']",
        judge=_gap_of_var1,
    ),
    "12.1": Exercise(
        hint="The mean is 4. Average the three squared distances from it, and take the root.",
        solution="(2 - 4) / (8 / 3) ** 0.5",
        wrong="(2 - 4) / (8 / 2) ** 0.5",
        judge=number(
            lambda: -math.sqrt(3 / 2),
            "subtract the mean, then divide by the root of the mean squared distance.",
            5e-3,
            mistakes={
                -1: "that is the unbiased variance; divide the sum of the squares by 3, not by 2.",
                1.22: "the size is right; is 2 above or below the mean?",
                math.sqrt(3 / 2): "the size is right; is 2 above or below the mean?",
                -2 / (8 / 3): "that divides by the variance; take its root.",
                -2: "the mean is subtracted; now divide by the standard deviation.",
            },
        ),
    ),
    "12.2": Exercise(
        hint="gamma and beta are learned, one of each for every map.",
        solution="2 * 32",
        wrong="4 * 32",
        judge=number(
            lambda: 64,
            "a scale and a shift for each map.",
            mistakes={
                128: "running statistics are measured, not learned.",
                32: "each map has a scale and a shift.",
                2: "one scale and one shift for *each* map.",
            },
        ),
    ),
    "13.1": Exercise(
        hint="Negative inputs are multiplied by the slope.",
        solution="(-0.03, 0.01)",
        wrong="(0, 0.01)",
        judge=choice(
            lambda: (-0.03, 0.01),
            "a hundredth of what is below 0; what is above 0 stays as it is.",
            mistakes=[
                ((0, 0.01), "that would be ReLU; LeakyReLU keeps a hundredth."),
                ((0.03, 0.01), "below 0 it stays below 0: the sign is kept."),
                ((-0.03, 0.0001), "what is above 0 is not made smaller."),
                ((-3, 0.01), "what is below 0 is multiplied by the slope."),
                ((0.01, -0.03), "both values are right; give them in the order of the inputs."),
            ],
        ),
    ),
    "13.2": Exercise(
        hint="For the largest input, w · 3 + b must still be at most 0.",
        solution="-3.5",
        wrong="-0.5",
        judge=_never_fires,
    ),
    "13.3": Exercise(
        hint="probes.dead(run, images)['fc1'] counts; data.train.images[:100] are the images.",
        solution="cnnlib.probes.dead("
        "cnnlib.run('lenet5'), cnnlib.load().train.images[:100])['fc1']",
        wrong="cnnlib.probes.dead(cnnlib.run('lenet5'), cnnlib.load().val.images[:100])['fc1']",
        judge=_looks_dead,
    ),
    "14.1": Exercise(
        hint="The maximum hands everything to the winner; the average divides by four.",
        solution="(1, 1 / 4)",
        wrong="(1, 1)",
        judge=choice(
            lambda: (1, 1 / 4),
            "two shares of the gradient 1: what does each layer hand to the 8?",
            [
                ((1, 1), "of the average, each of the four gets its quarter."),
                ((1 / 4, 1), "the maximum comes first in the pair."),
                ((1 / 4, 1 / 4), "the maximum does not share: everything goes to the winner."),
                ((8, 3), "those are the layers' outputs; the question is about gradients."),
                (
                    (8, 2),
                    "the average's gradient knows nothing of the values, only of their count.",
                ),
            ],
        ),
    ),
    "14.2": Exercise(
        hint="ReLU first: 0, 0, 4, 8. Averaging first: (-4 + 0 + 4 + 8) / 4.",
        solution="(3, 2)",
        wrong="(2, 2)",
        judge=choice(
            lambda: (3, 2),
            "ReLU sets negative values to 0; the average adds four values and divides by 4.",
            [
                ((2, 2), "apply ReLU to each of the four values before averaging."),
                ((3, 3), "averaging first: the -4 counts before ReLU sees anything."),
                ((2, 3), "the other way round: first the result of ReLU, then average."),
                ((6, 2), "a 0 counts as one of the four values."),
                ((8, 8), "that is the maximum; both layers here average."),
            ],
        ),
    ),
    "14.3": Exercise(
        hint="cnnlib.difference(one, other).mean is a mean over the five seeds.",
        solution="cnnlib.difference('maxpool', 'baseline').mean"
        " - cnnlib.difference('lenet5-var3', 'lenet5-var4').mean",
        wrong="cnnlib.difference('maxpool', 'baseline').mean"
        " - cnnlib.difference('lenet5-var4', 'lenet5-var3').mean",
        judge=_interaction_as_reported,
    ),
}
