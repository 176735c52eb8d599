"""Exercises of part V, chapters 19 to 21."""

import numpy as np

from ..analysis.features import embed
from ..augment import shift
from ..data import CLASS_NAMES, load
from ..runs import run
from ..training import predict_logits
from .judging import Exercise, behaviour, choice, number


def _fall_when_moved_down() -> float:
    """Accuracy that `maxpool` loses when the validation images move three pixels down."""
    one, val = run("maxpool", train=False), load().val
    logits = predict_logits(one.model(), shift(val.images, down=3), one.experiment.data)
    return one.metrics["val_acc"] - (logits.argmax(dim=1) == val.labels).float().mean().item()


def _matrices() -> list[tuple[tuple[np.ndarray, list[int]], float]]:
    """Confusion matrices with a group, and the share of the mistakes that lies inside it."""
    three = np.array([[9, 2, 0], [1, 5, 3], [0, 4, 7]])
    four = np.array([[8, 0, 3, 1], [0, 9, 0, 0], [2, 1, 6, 1], [0, 2, 0, 7]])
    return [((three, [1, 2]), 0.7), ((four, [0, 2, 3]), 0.7), ((four, [0, 1, 2, 3]), 1.0)]


def _nearest_to_bag() -> str:
    """The class whose mean vector is nearest to that of *bag*, of 150 validation images each."""
    one, val = run("baseline", train=False), load().val
    few = [val.images[val.labels == k][:150] for k in range(len(CLASS_NAMES))]
    means = [embed(one.model(), some, one.experiment.data).mean(dim=0) for some in few]
    bag = CLASS_NAMES.index("bag")
    others = [k for k in range(len(CLASS_NAMES)) if k != bag]
    return CLASS_NAMES[min(others, key=lambda k: (means[k] - means[bag]).norm())]


EXERCISES: dict[str, Exercise] = {
    "19.1": Exercise(
        hint="zip(row, row[1:]) gives each number with its neighbour: len(row) - 1 pairs.",
        solution="lambda row: sum(abs(a - b) for a, b in zip(row, row[1:])) / (len(row) - 1)"
        " / (sum(row) / len(row))",
        wrong="lambda row: sum(abs(a - b) for a, b in zip(row, row[1:])) / (len(row) - 1)",
        judge=behaviour(
            lambda: [(([0, 6, 2, 0],), 2), (([2, 8, 6, 2],), 8 / 9), (([3, 3, 3],), 0)],
            "Divide the mean difference by the mean of the row.",
        ),
    ),
    "19.2": Exercise(
        hint="The middle of the patch goes to rows 0, 3, 6, … up to 27: count them.",
        solution="len(range(0, 28, 3)) ** 2",
        wrong="(28 // 3) ** 2",
        judge=number(lambda: 100, "row 27 is reached as well; and columns count as rows do."),
    ),
    "19.3": Exercise(
        hint="Predict for shift(data.val.images, down=3), and compare with data.val.labels.",
        solution="cnnlib.run('maxpool').metrics['val_acc'] - (cnnlib.predict_logits("
        "cnnlib.run('maxpool').model(), cnnlib.augment.shift(cnnlib.load().val.images, down=3), "
        "cnnlib.CATALOGUE['maxpool'].data).argmax(dim=1) == cnnlib.load().val.labels)"
        ".float().mean().item()",
        wrong="cnnlib.run('maxpool').metrics['val_acc'] - (cnnlib.predict_logits("
        "cnnlib.run('maxpool').model(), cnnlib.augment.shift(cnnlib.load().val.images, right=3), "
        "cnnlib.CATALOGUE['maxpool'].data).argmax(dim=1) == cnnlib.load().val.labels)"
        ".float().mean().item()",
        judge=number(
            _fall_when_moved_down,
            "all 12,000 validation images, three pixels down; a fall is a positive number.",
            tolerance=2e-3,
        ),
    ),
    "20.1": Exercise(
        hint="Precision looks down the column of what was called a shirt.",
        solution="60 / (20 + 60)",
        wrong="60 / (40 + 60)",
        judge=number(lambda: 0.75, "of all that was *called* a shirt, how much is one?", 1e-3),
    ),
    "20.2": Exercise(
        hint="Set the diagonal to 0, then divide two sums. np.ix_(group, group) picks the cells.",
        solution="lambda matrix, group: sum(matrix[i][j] for i in group for j in group if i != j)"
        " / sum(matrix[i][j] for i in range(len(matrix)) for j in range(len(matrix)) if i != j)",
        wrong="lambda matrix, group: sum(matrix[i][j] for i in group for j in group)"
        " / sum(sum(row) for row in matrix)",
        judge=behaviour(_matrices, "The diagonal holds no mistakes; leave it out of both sums."),
    ),
    "20.3": Exercise(
        hint="Each of the 45 has the same chance; expected numbers add up.",
        solution="45 * 0.05",
        wrong="1 - 0.95**45",
        judge=number(
            lambda: 2.25, "the chance of at least one is not the number to be expected.", 1e-3
        ),
    ),
    "21.1": Exercise(
        hint="The entropy is the sum of -p·ln p; the perplexity is e to the power of it.",
        solution="np.exp(-sum(p * np.log(p) for p in (1 / 2, 1 / 4, 1 / 4)))",
        wrong="3",
        judge=number(
            lambda: 2**1.5, "three neighbours count as three only when they share equally.", 1e-2
        ),
    ),
    "21.2": Exercise(
        hint="set(high) & set(low) holds those in both.",
        solution="lambda high, low: len(set(high) & set(low)) / len(high)",
        wrong="lambda high, low: sum(a == b for a, b in zip(high, low)) / len(high)",
        judge=behaviour(
            lambda: [
                (([3, 8, 11, 20], [8, 20, 5, 9]), 0.5),
                (([1, 2, 3], [3, 1, 2]), 1),
                (([4, 5], [6, 7]), 0),
                (([1, 2, 3, 4, 5], [9, 8, 7, 6, 5]), 0.2),
            ],
            "It does not matter at which place of the list a neighbour stands.",
        ),
    ),
    "21.3": Exercise(
        hint="vectors[few.labels == k].mean(axis=0) is the mean of class k; np.linalg.norm gives "
        "the length of a difference.",
        solution="(lambda means: min((k for k in means if k != 'bag'), "
        "key=lambda k: (means[k] - means['bag']).norm()))({name: cnnlib.features.embed("
        "cnnlib.run('baseline').model(), cnnlib.load().val.images[cnnlib.load().val.labels == k]"
        "[:150], cnnlib.CATALOGUE['baseline'].data).mean(dim=0) "
        "for k, name in enumerate(cnnlib.CLASS_NAMES)})",
        wrong="'trouser'",
        judge=choice(_nearest_to_bag, "measure from the mean of the bags to each other mean."),
    ),
}
