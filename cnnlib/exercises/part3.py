"""Exercises of part III, chapters 10 to 14."""

import math
from typing import Any

from torch import Tensor

from ..analysis import probes
from ..data import load
from ..runs import run
from .judging import Exercise, behaviour, choice, number, scalar


def _gap(name: str) -> float:
    """Training minus validation accuracy of the stored run, both in eval mode."""
    metrics = run(name).metrics
    return metrics["train_acc"] - metrics["val_acc"]


def _max_minus_average(of_max: str, of_average: str) -> float:
    return run(of_max).metrics["val_acc"] - run(of_average).metrics["val_acc"]


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
            lambda: math.log(1 + 1 / math.e), "with two classes, only one other is left.", 1e-3
        ),
    ),
    "10.2": Exercise(
        hint="A right image costs ln(1 + 9/e), a wrong one exactly 1 more. Take the mean.",
        solution="lambda acc: math.log(1 + 9 / math.e) + (1 - acc)",
        wrong="lambda acc: math.log(1 + 9 / math.e) * acc",
        judge=behaviour(
            lambda: [((acc,), math.log(1 + 9 / math.e) + 1 - acc) for acc in (1, 0, 0.9, 0.8)],
            "The floor is paid for every image, and 1 more for each wrong one.",
        ),
    ),
    "10.3": Exercise(
        hint="The gradient is probabilities minus truth: -1 in one place and +1 in another.",
        solution="math.sqrt(2)",
        wrong="0",
        judge=number(
            lambda: math.sqrt(2), "the length is the root of the sum of the squares.", 1e-3
        ),
    ),
    "11.1": Exercise(
        hint="Divide by the probability of being kept, 1 - p.",
        solution="3 / (1 - 1 / 4)",
        wrong="3 * (1 - 1 / 4)",
        judge=number(lambda: 4, "what is kept is made larger, to make up for what is lost."),
    ),
    "11.2": Exercise(
        hint="run.metrics has train_acc and val_acc, both measured with dropout off.",
        solution="cnnlib.run('lenet5-var1-mended').metrics['train_acc']"
        " - cnnlib.run('lenet5-var1-mended').metrics['val_acc']",
        wrong="cnnlib.run('lenet5-var1-mended').history[-1]['train_acc']"
        " - cnnlib.run('lenet5-var1-mended').metrics['val_acc']",
        judge=number(
            lambda: _gap("lenet5-var1-mended"),
            "take both figures from run.metrics; the history's training figure has dropout on.",
        ),
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
        judge=choice(lambda: (1, 1 / 4), "of the average, each of the four gets its quarter."),
    ),
    "14.2": Exercise(
        hint="ReLU first: 0, 0, 4, 8. Averaging first: (-4 + 0 + 4 + 8) / 4.",
        solution="(3, 2)",
        wrong="(2, 2)",
        judge=choice(lambda: (3, 2), "apply ReLU to each of the four values before averaging."),
    ),
    "14.3": Exercise(
        hint="Subtract one difference of run.metrics['val_acc'] from the other.",
        solution="(cnnlib.run('maxpool').metrics['val_acc']"
        " - cnnlib.run('baseline').metrics['val_acc'])"
        " - (cnnlib.run('lenet5-var3').metrics['val_acc']"
        " - cnnlib.run('lenet5-var4').metrics['val_acc'])",
        wrong="(cnnlib.run('maxpool').metrics['val_acc']"
        " - cnnlib.run('baseline').metrics['val_acc'])"
        " - (cnnlib.run('lenet5-var4').metrics['val_acc']"
        " - cnnlib.run('lenet5-var3').metrics['val_acc'])",
        judge=number(
            lambda: (
                _max_minus_average("maxpool", "baseline")
                - _max_minus_average("lenet5-var3", "lenet5-var4")
            ),
            "max minus average in both settings; mind which model has which pooling.",
        ),
    ),
}
