"""Exercises of part III, chapters 10 to 14."""

import math
from typing import Any

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
    return None if found <= -3 else "then the unit still fires for some of these inputs."


EXERCISES: dict[str, Exercise] = {
    "10.1": Exercise(
        hint="The probabilities 1 and 0 go through softmax: e / (e + 1) for the true class.",
        solution="math.log(1 + 1 / math.e)",
        wrong="math.log(1 + 9 / math.e)",
        judge=number(
            lambda: math.log(1 + 1 / math.e), "with two classes, only one other is left.", 1e-3
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
            lambda: -math.sqrt(3 / 2), "divide the sum of the squares by 3, not by 2.", 1e-3
        ),
    ),
    "12.2": Exercise(
        hint="gamma and beta are learned, one of each for every map.",
        solution="2 * 32",
        wrong="4 * 32",
        judge=number(lambda: 64, "running statistics are measured, not learned."),
    ),
    "12.3": Exercise(
        hint="Momentum 0.1 is the weight of the new batch.",
        solution="lambda old, batch: 0.9 * old + 0.1 * batch",
        wrong="lambda old, batch: 0.1 * old + 0.9 * batch",
        judge=behaviour(
            lambda: [((0, 4), 0.4), ((1, 1), 1), ((10, -10), 8)],
            "Nine tenths of the old value stay.",
        ),
    ),
    "13.1": Exercise(
        hint="Negative inputs are multiplied by the slope.",
        solution="(-0.03, 0.01)",
        wrong="(0, 0)",
        judge=choice(lambda: (-0.03, 0.01), "that would be ReLU; LeakyReLU keeps a hundredth."),
    ),
    "13.2": Exercise(
        hint="For the largest input, w · 3 + b must still be at most 0.",
        solution="-3.5",
        wrong="-0.5",
        judge=_never_fires,
    ),
    "13.3": Exercise(
        hint="probes.dead(run, images)['fc1'] counts them; data.val.images[:100] are the images.",
        solution="cnnlib.probes.dead(cnnlib.run('lenet5'), cnnlib.load().val.images[:100])['fc1']",
        wrong="cnnlib.probes.dead(cnnlib.run('lenet5'), cnnlib.load().val.images[:1])['fc1']",
        judge=number(
            lambda: probes.dead(run("lenet5"), load().val.images[:100])["fc1"],
            "count the units of fc1 that are dead on the first 100 images.",
        ),
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
