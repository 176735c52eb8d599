"""The claims of the two reports, in our words, each with what decides it.

A verdict is computed when it is asked for, from the declarations and the stored runs. A claim
about accuracies or losses *holds* when the whole 95 % interval over the seeds lies on its side
of 0, *does not hold* when it lies on the other side, and otherwise we *cannot tell*. Claims
about the test set are not here: they wait for the chapter that opens it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import pandas as pd

from . import verdicts as by
from .verdicts import Evidence


@dataclass(frozen=True)
class Claim:
    """Which report says it, and where; ``chapter`` treats it at length."""

    report: int
    where: str
    chapter: int
    says: str
    evidence: Callable[[], Evidence]


# (report, where, chapter): what it says, and how that is decided. Report 2's models are those
# as reported, with softmax twice, unless the claim says otherwise.
_STATED: dict[tuple[int, str, int], list[tuple]] = {
    (1, "1.1", 2): [
        ("2×2 pooling with stride 1 makes 14×14 of 28×28", by.pooling_side),
        ("the last pooling layer has 120 filters of 5×5", by.c5_is_pooling),
    ],
    (1, "1.5 and 2.5", 8): [
        ("Adam can't go with a schedule of the learning rate", by.adam_without_schedule),
        ("for the schedule, only the optimiser was changed", by.one_change, "lr-0.1"),
        ("halving the rate makes training erratic", by.more_erratic, "lr-0.1", "sgd-0.1-constant"),
        ("SGD: 0.1 is more accurate than 0.01", by.better, "lr-0.1", "lr-0.01"),
        ("SGD from 0.1, halved, is less accurate than Adam", by.better, "baseline", "lr-0.1"),
        ("the optimiser is why: SGD, constant, is too", by.better, "baseline", "sgd-0.1-constant"),
    ],
    (1, "2.1", 4): [
        ("the baseline's validation loss rises from epoch 12 on", by.loss_rises, "baseline"),
    ],
    (1, "2.2", 5): [
        ("max pooling leaves the number of parameters as it was", by.growth, "maxpool", 0, 0),
        ("max pooling is more accurate than average pooling", by.better, "maxpool", "baseline"),
        ("max pooling overfits at the end: stop earlier", by.loss_rises, "maxpool"),
    ],
    (1, "2.3", 6): [
        ("more filters: 300 % more parameters", by.growth, "filters", 300, 2),
        ("more filters: training takes longer", by.slower, "filters", "baseline"),
        ("more filters are more accurate than the baseline", by.better, "filters", "baseline"),
        ("more filters overfit at the end: stop earlier", by.loss_rises, "filters"),
    ],
    (1, "2.4", 7): [
        ("a third convolution: about 60 % fewer parameters", by.growth, "convolution", -60, 1),
        ("a third convolution is less accurate", by.better, "baseline", "convolution"),
    ],
    (1, "2.6", 9): [
        ("dropout beside L2 underfits", by.better, "baseline", "dropout", "train_acc"),
        ("dropout beside L2 is less accurate", by.better, "baseline", "dropout"),
    ],
    (1, "Table 8", 17): [
        ("the table is sorted by training and validation accuracy", by.sorted_by_both),
        ("max pooling is more accurate than more filters", by.better, "maxpool", "filters"),
    ],
    (1, "5.2", 20): [
        ("shirts are the hardest class for both models", by.shirts_are_worst),
        ("max pooling recognises more shirts", by.shirts_gain),
        ("max pooling recognises more of the four that look alike", by.similar_gain),
        ("max pooling pays for that with the other classes", by.others_lose),
    ],
    (1, "5.3", 19): [
        ("a CNN recognises a thing wherever it is in the image", by.anywhere),
    ],
    (2, "models", 10): [
        ("Kaiming's initialisation sets the weights to zero", by.weights_start_at_zero),
    ],
    (2, "models", 11): [
        ("dropout reduces overfitting: a smaller gap", by.smaller_gap, "lenet5-var1", "lenet5"),
        ("dropout makes the model more accurate", by.better, "lenet5-var1", "lenet5"),
    ],
    (2, "models", 12): [
        ("batch norm makes the model less accurate", by.better, "lenet5-var1", "lenet5-var2"),
        (
            "batch norm does that itself: also on logits",
            by.better,
            "lenet5-var1-mended",
            "lenet5-var2-mended",
        ),
    ],
    (2, "models", 13): [
        ("LeakyReLU makes the model more accurate", by.better, "lenet5-var3", "lenet5-var2"),
        (
            "LeakyReLU does that itself: also on logits",
            by.better,
            "lenet5-var3-mended",
            "lenet5-var2-mended",
        ),
    ],
    (2, "models", 14): [
        ("average beats max pooling", by.better, "lenet5-var4", "lenet5-var3"),
        (
            "average pooling does that itself: also on logits",
            by.better,
            "lenet5-var4-mended",
            "lenet5-var3-mended",
        ),
        ("average generalises better: a smaller gap", by.smaller_gap, "lenet5-var4", "lenet5-var3"),
    ],
    (2, "models", 17): [
        (
            "without batch norm's model, each is better than the one before",
            by.steady_rise,
            *("lenet5", "lenet5-var1", "lenet5-var3", "lenet5-var4"),
        ),
        (
            "LeakyReLU's and average pooling's models are the best two",
            by.best_two,
            *("lenet5-var3", "lenet5-var4", "lenet5", "lenet5-var1", "lenet5-var2"),
        ),
    ],
    (2, "discussion", 12): [
        (
            "two models have 61,706 parameters, three have 61,750",
            by.two_sizes,
            *("lenet5", "lenet5-var1", "lenet5-var2", "lenet5-var3", "lenet5-var4"),
        ),
        ("the first model has 12 layers, the last has 15", by.layers_are, 12, 15),
    ],
    (2, "choice 4", 16): [
        ("augmentation gives a better accuracy", by.better, "lenet5-var4-augmented", "lenet5-var4"),
    ],
}

#: The claims of both reports, in the order of their numbers.
CLAIMS: tuple[Claim, ...] = tuple(
    Claim(*source, says, partial(how, *about))
    for source, claims in _STATED.items()
    for says, how, *about in claims
)


def claims_table(claims: Sequence[Claim] = CLAIMS) -> pd.DataFrame:
    """The claims with their figures and verdicts, all computed now; numbered from 1."""
    rows = []
    for one in claims:
        found = one.evidence()
        source = f"report {one.report}, {one.where}"
        rows.append((source, one.says, found.figures, str(found.verdict), one.chapter))
    columns = ["where", "claim", "evidence", "verdict", "chapter"]
    numbers = [CLAIMS.index(one) + 1 for one in claims]
    return pd.DataFrame(rows, columns=columns, index=numbers)
