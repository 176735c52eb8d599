"""What the two student reports printed, kept apart from anything measured here.

Report 1: a Keras report of seven experiments (its Tables 8 and 9). Its losses include the L2
penalty, as Keras reports them. Report 2: a PyTorch report of five models; accuracies were
printed in per cent. They are given here as fractions.
"""

from typing import NamedTuple


class Reported(NamedTuple):
    """The figures of one model in a report; None where the report gives none."""

    report: int
    train_acc: float | None = None
    val_acc: float | None = None
    train_loss: float | None = None
    val_loss: float | None = None
    test_acc: float | None = None
    test_loss: float | None = None


#: What the reports print of each model after the last epoch.
REPORTED: dict[str, Reported] = {
    "baseline": Reported(1, 0.8974, 0.8936, 0.3039, 0.3212),
    "maxpool": Reported(1, 0.9108, 0.8987, 0.2787, 0.3103, 0.8951, 0.3209),
    "filters": Reported(1, 0.9028, 0.8953, 0.2936, 0.3250, 0.8830, 0.3433),
    "convolution": Reported(1, 0.8368, 0.8403, 0.4916, 0.4919),
    "lr-0.1": Reported(1, 0.8660, 0.8648, 0.3943, 0.4029),
    "lr-0.01": Reported(1, 0.8165, 0.8153, 0.5781, 0.5837),
    "dropout": Reported(1, 0.8365, 0.8543, 0.4493, 0.4025),
    "lenet5": Reported(2, 0.8479, 0.8235),
    "lenet5-var1": Reported(2, 0.8868, 0.8856),
    "lenet5-var2": Reported(2, 0.8192, 0.8192),
    "lenet5-var3": Reported(2, 0.8886, 0.8837, test_acc=0.8776),
    "lenet5-var4": Reported(2, 0.8959, 0.8934, test_acc=0.8878),
}

#: Report 2's 5-fold cross-validation: the best accuracy of each fold, and its epoch.
REPORTED_FOLDS = ((0.8904, 13), (0.8889, 14), (0.8904, 14), (0.8879, 13), (0.8877, 14))
