"""Exercises of chapter 24 that are answered by writing a function or a class."""

import torch
import torch.nn.functional as F

from ..judging import Written

# Solutions and mistakes: written as a reader would write them ---------------------------------


def smoothed_loss(logits, labels, smoothing):
    """Mean cross-entropy with smoothed labels: (N, K), labels (N,) → a number."""
    log_p = logits.log_softmax(dim=1)
    # the share 1 - s goes to the label …
    of_label = -log_p.gather(1, labels[:, None])[:, 0]
    # … and s is spread evenly over all K classes, the label's own among them
    of_all = -log_p.mean(dim=1)
    return ((1 - smoothing) * of_label + smoothing * of_all).mean()


def _with_targets(logits, labels, right, wrong):
    """Cross-entropy against `right` for the label and `wrong` for each other class."""
    one_hot = F.one_hot(labels, logits.shape[1]).to(logits)
    targets = right * one_hot + wrong * (1 - one_hot)
    return -(targets * logits.log_softmax(dim=1)).sum(dim=1).mean()


def _only_others(logits, labels, smoothing):
    return _with_targets(logits, labels, 1 - smoothing, smoothing / (logits.shape[1] - 1))


def _label_short(logits, labels, smoothing):
    return _with_targets(logits, labels, 1 - smoothing, smoothing / logits.shape[1])


def _undivided(logits, labels, smoothing):
    return _with_targets(logits, labels, 1.0, smoothing)


def _no_smoothing(logits, labels, smoothing):
    return F.cross_entropy(logits, labels)


def _sign(logits, labels, smoothing):
    return -F.cross_entropy(logits, labels, label_smoothing=smoothing)


def _summed(logits, labels, smoothing):
    return F.cross_entropy(logits, labels, label_smoothing=smoothing, reduction="sum")


def _each(logits, labels, smoothing):
    return F.cross_entropy(logits, labels, label_smoothing=smoothing, reduction="none")


def _shares_exchanged(logits, labels, smoothing):
    return F.cross_entropy(logits, labels, label_smoothing=1 - smoothing)


def _down_the_batch(logits, labels, smoothing):
    log_p = logits.log_softmax(dim=0)
    of_label = -log_p.gather(1, labels[:, None])[:, 0]
    return ((1 - smoothing) * of_label - smoothing * log_p.mean(dim=1)).mean()


def _probabilities_smoothed(logits, labels, smoothing):
    p = (1 - smoothing) * logits.softmax(dim=1) + smoothing / logits.shape[1]
    return F.nll_loss(p.log(), labels)


def _naive_log(logits, labels, smoothing):
    log_p = logits.softmax(dim=1).log()  # -inf where a probability is too small for float32
    of_label = -log_p.gather(1, labels[:, None])[:, 0]
    return ((1 - smoothing) * of_label - smoothing * log_p.mean(dim=1)).mean()


def _batches() -> list[tuple]:
    drawn = torch.Generator().manual_seed(24)
    logits = 3 * torch.randn(6, 10, generator=drawn)
    labels = torch.randint(0, 10, (6,), generator=drawn)
    return [
        (logits, labels, 0.05),
        (logits, labels, 0.0),
        (logits[:1, :3], labels[:1] % 3, 0.3),
        (logits[:4, :2], labels[:4] % 2, 1.0),
        (100 * logits, labels, 0.1),
    ]


EXERCISES: dict[str, Written] = {
    "24.4": Written(
        hints=(
            "The loss is a sum over classes of -target · ln p; what are the ten targets?",
            "(1 - s) times -ln p of the label, plus s times the mean of -ln p over all classes; "
            "then the mean over the images. log_softmax(dim=1) gives ln p.",
        ),
        solution=smoothed_loss,
        oracle=lambda logits, labels, smoothing: F.cross_entropy(
            logits, labels, label_smoothing=smoothing
        ),
        cases=_batches,
        mistakes=(
            (_only_others, "s is spread over *all* classes, the label's own among them."),
            (
                _label_short,
                "the targets do not add up to 1: the label's own part of s is missing.",
            ),
            (_undivided, "each class gets s divided by the number of classes."),
            (_no_smoothing, "that is the ordinary loss: `smoothing` changes nothing."),
            (_sign, "the sign is turned round: a loss is positive."),
            (_summed, "that is the sum over the images; the mean is asked for."),
            (_each, "that is one loss for each image; the mean is asked for."),
            (_shares_exchanged, "s and 1 - s are exchanged: s = 0 should change nothing."),
            (_down_the_batch, "softmax goes over the classes, dim=1, not over the images."),
            (
                _probabilities_smoothed,
                "that smooths the model's probabilities; the *labels* are to be smoothed.",
            ),
            (_naive_log, "with large logits a probability becomes 0, and its log infinite."),
        ),
    ),
}
