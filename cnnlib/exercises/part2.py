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
        judge=choice(
            lambda: (4, 2),
            "the first is the largest of the four values, the second their sum divided by four.",
            mistakes=[
                ((4, 8 / 3), "the average divides by all four values, the zero included."),
                ((2, 4), "the two are right; give the maximum first."),
                ((4, 8), "8 is the sum; divide it by the number of values."),
                ((0, 2), "0 is the smallest value; max pooling keeps the largest."),
            ],
        ),
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
            mistakes={
                -116: "the size is right; subtract the baseline's from those with max pooling.",
                116 / 12_000: "that is the difference of the accuracies; asked for are images.",
                407: "those are the images that *only* max pooling gets right; it also loses some.",
                698: "on those only one of the two is right, whichever.",
            },
        ),
    ),
    "6.1": Exercise(
        hint="A filter of the second one has 5 · 5 weights for each of 16 maps, and a bias.",
        solution="32 * (5 * 5 * 16 + 1)",
        wrong="32 * (5 * 5 + 1)",
        judge=number(
            lambda: 12_832,
            "how many weights has one filter? Add its bias, and take 32 of them.",
            mistakes={
                832: "a filter has weights of its own for each map it reads.",
                12_800: "each filter has a bias as well.",
                12_816: "there is one bias for each of the 32 filters, not for each map it reads.",
                13_248: "those are the parameters of both convolutions; asked for is the second.",
            },
        ),
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
            mistakes={
                413.6: "that is the new value as a share of the old; by how much did it *rise*?",
                75.82: "that is a share of the new value; a rise is told as a share of the old.",
                3.136: "that is right as a fraction; give it in per cent.",
                300: "that is report 1's figure, rounded; work it out.",
            },
        ),
    ),
    "7.1": Exercise(
        hint="Start with field 1 and step 1, and go through the three layers as above.",
        solution="1 + 2 * 1 + 1 * 1 + 2 * 2",
        wrong="3 + 1 + 2",
        judge=number(
            lambda: 8,
            "add (kernel - 1) steps for each layer; the step doubles after the pooling.",
            mistakes={
                6: "after the pooling, neighbours are two pixels of the image apart.",
                5: "the pooling looks at two neighbours, and so widens the field as well.",
                7: "is the pooling's own step counted? Or does the field begin with 0?",
                9: "the pooling's stride counts for the layers after it, not for its own window.",
                64: "that is the area; asked for is the side.",
            },
        ),
    ),
    "7.2": Exercise(
        hint="A filter has 3 · 3 weights for each of the 16 maps, and one bias.",
        solution="128 * (3 * 3 * 16 + 1)",
        wrong="128 * (3 * 3 + 1)",
        judge=number(
            lambda: 18_560,
            "each filter has 9 weights for every map it reads, and one bias.",
            mistakes={
                1_280: "each filter reads all 16 maps, with weights of its own for each.",
                18_432: "each of the 128 filters has a bias as well.",
                20_480: "a filter has one bias, not one for each map it reads.",
                4_640: "that is the third convolution of `convolution`, with 32 filters.",
            },
        ),
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
        judge=number(
            lambda: 5,
            "kept values are scaled up, so that the mean stays.",
            mistakes={
                3.2: "kept values become larger, not smaller: divide by the share that is kept.",
                20: "divide by the share that is kept, not by the one that is dropped.",
                4.8: "close: to divide by 0.8 is more than to add 20 %.",
                0: "0 is what a *dropped* value becomes.",
            },
        ),
    ),
    "9.2": Exercise(
        hint="Count the values, and take a fifth.",
        solution="6 * 14 * 14 * 0.2",
        wrong="14 * 14 * 0.2",
        judge=number(
            lambda: 235.2,
            "take 20 % of all values in all six maps.",
            mistakes={
                39.2: "that is one map; there are six.",
                940.8: "so many are *kept*, on average.",
                1_176: "so many values there are; a fifth of them is dropped.",
                235: "an average need not be a whole number: give the decimals.",
            },
        ),
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
            mistakes={
                -0.00675: "the size is right; subtract dropout's from the baseline's.",
                0.675: "that is in points; give it as a fraction.",
                0.021146: "those figures come from the history, where dropout was on.",
                0.0031667: "that is the validation accuracy; asked for is training.",
            },
        ),
    ),
}
