"""Exercises of part II, chapters 5 to 9."""

from typing import Any

from ..catalogue import CATALOGUE
from ..data import load
from ..experiment import Experiment, changes
from ..runs import run
from .judging import Exercise, choice, declares, number


def _right_on_val(name: str) -> int:
    """How many validation images the stored run of seed 0 gets right."""
    return int((run(name).val_predictions() == load().val.labels).sum())


def _third_convolution(answer: Any) -> str | None:
    if not isinstance(answer, Experiment):
        return f"expected an Experiment, found {type(answer).__name__}. See cnnlib.vary."
    found = [name for name, *_ in changes(CATALOGUE["baseline"], answer)]
    if found != ["arch.convs"]:
        return f"it differs from baseline in {', '.join(found) or 'nothing'}; expected arch.convs."
    if [(c.filters, c.kernel) for c in answer.arch.convs] != [(6, 5), (16, 5), (32, 3)]:
        return "expected the convolutions 6@5×5, 16@5×5 and 32@3×3, with a padding of your choice."
    *_, side = answer.arch.sides()
    return None if side >= 3 else f"the last maps have a side of {side}; pad more."


EXERCISES: dict[str, Exercise] = {
    "5.1": Exercise(
        hint="The largest of the four; and their sum divided by four.",
        solution="(4, 2)",
        wrong="(4, 8 / 3)",
        judge=choice(lambda: (4, 2), "the average divides by all four values, the zero included."),
    ),
    "5.2": Exercise(
        hint="cnnlib.vary('maxpool', 'a-name', recipe=dict(…)).",
        solution="cnnlib.vary('maxpool', 'mine', recipe=dict(batch_size=128))",
        wrong="cnnlib.vary('baseline', 'mine', recipe=dict(batch_size=128))",
        judge=declares("maxpool", "recipe.batch_size", 128),
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
    "6.1": Exercise(
        hint="A filter of the second one has 5 · 5 weights for each of 16 maps, and a bias.",
        solution="32 * (5 * 5 * 16 + 1)",
        wrong="32 * (5 * 5 + 1)",
        judge=number(lambda: 12_832, "a filter has weights of its own for each map it reads."),
    ),
    "6.2": Exercise(
        hint="The penalty is a field of the recipe; print vars(filters.recipe) to see its name.",
        solution="cnnlib.vary('filters', 'mine', recipe=dict(l2_conv=0.0))",
        wrong="cnnlib.vary('baseline', 'mine', recipe=dict(l2_conv=0.0))",
        judge=declares("filters", "recipe.l2_conv", 0),
    ),
    "6.3": Exercise(
        hint="A rise is the new value minus the old one, as a share of the old one.",
        solution="100 * (255230 - 61706) / 61706",
        wrong="100 * 255230 / 61706",
        judge=number(
            lambda: 100 * (255_230 - 61_706) / 61_706,
            "divide the difference by the old value; 100 times the result is the rise.",
            0.5,
        ),
    ),
    "7.1": Exercise(
        hint="Start with field 1 and step 1, and go through the three layers as above.",
        solution="1 + 2 * 1 + 1 * 1 + 2 * 2",
        wrong="3 + 1 + 2",
        judge=number(lambda: 8, "after the pooling, neighbours are two pixels of the image apart."),
    ),
    "7.2": Exercise(
        hint="A filter has 3 · 3 weights for each of the 16 maps, and one bias.",
        solution="128 * (3 * 3 * 16 + 1)",
        wrong="128 * (3 * 3 + 1)",
        judge=number(lambda: 18_560, "each filter reads all 16 maps, and has one bias."),
    ),
    "7.3": Exercise(
        hint="Padding 2 keeps the side in a 5×5 convolution, padding 1 in a 3×3 one: 28, 14, 7, 3.",
        solution="cnnlib.vary('baseline', 'mine', arch=dict(convs=("
        "cnnlib.Conv(6, 5, padding=2), cnnlib.Conv(16, 5, padding=2), "
        "cnnlib.Conv(32, 3, padding=1))))",
        wrong="cnnlib.CATALOGUE['convolution-padded']",
        judge=_third_convolution,
    ),
    "8.1": Exercise(
        hint="Adam's first step is as long as the learning rate, against the gradient's sign.",
        solution="2 + 0.01",
        wrong="2 + 0.01 * 50",
        judge=number(
            lambda: 2.01,
            "for Adam, the size of the first gradient is of no matter.",
            5e-5,
            mistakes={
                1.99: "the length is right; a step goes against the gradient, and this one is "
                "negative.",
                2.5: "that is SGD's step, rate times gradient.",
                1.5: "that is SGD's length, and towards the gradient.",
                0.01: "that is the length of the step; where does the weight end?",
            },
        ),
    ),
    "8.2": Exercise(
        hint="cnnlib.vary('baseline', 'a-name', recipe=dict(…)).",
        solution="cnnlib.vary('baseline', 'mine', recipe=dict(optimiser='sgd'))",
        wrong="cnnlib.CATALOGUE['sgd-0.1-constant']",
        judge=declares("baseline", "recipe.optimiser", "sgd"),
    ),
    "9.1": Exercise(
        hint="It is divided by the probability of being kept.",
        solution="4 / (1 - 0.2)",
        wrong="4",
        judge=number(lambda: 5, "kept values are scaled up, so that the mean stays."),
    ),
    "9.2": Exercise(
        hint="Count the values, and take a fifth.",
        solution="6 * 14 * 14 * 0.2",
        wrong="14 * 14 * 0.2",
        judge=number(lambda: 235.2, "take 20 % of all values in all six maps."),
    ),
    "9.3": Exercise(
        hint="metrics['train_acc'] is measured in eval mode; the history is not.",
        solution="cnnlib.run('baseline').metrics['train_acc']"
        " - cnnlib.run('dropout').metrics['train_acc']",
        wrong="cnnlib.run('baseline').history[-1]['train_acc']"
        " - cnnlib.run('dropout').history[-1]['train_acc']",
        judge=number(
            lambda: run("baseline").metrics["train_acc"] - run("dropout").metrics["train_acc"],
            "take both from run.metrics, baseline minus dropout.",
            1e-4,
        ),
    ),
}
