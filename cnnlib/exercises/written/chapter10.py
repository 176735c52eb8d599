"""Exercises of chapter 10 that are answered by writing a function or a class."""

import math

import torch
import torch.nn.functional as F
from scipy.special import log_softmax as oracle_log_softmax
from torch import nn

from ..judging import Written

# Solutions and mistakes: written as a reader would write them ---------------------------------


def loss_when_sure(acc):
    """Mean loss with softmax twice; every answer is sure, the fraction acc is right."""
    right = math.log(1 + 9 / math.e)  # the floor: what a sure and right image costs
    wrong = right + 1  # a sure mistake costs exactly 1 more
    return acc * right + (1 - acc) * wrong


def _sure_floor_times_acc(acc):
    return acc * math.log(1 + 9 / math.e)


def _sure_without_floor(acc):
    return 1 - acc


def _sure_plus_acc(acc):
    return math.log(1 + 9 / math.e) + acc


def _sure_torch(acc):
    sure = F.one_hot(torch.tensor([3, 3]), 10).float()
    costs = F.cross_entropy(sure, torch.tensor([3, 5]), reduction="none")  # right, wrong
    return torch.tensor([float(acc), 1.0 - acc]) @ costs


class SmallNet(nn.Module):
    """A network of two layers, with its loss."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Flatten(),
            nn.Linear(784, 32),
            nn.ReLU(),
            nn.Linear(32, 10),
        )

    def forward(self, images):
        """(N, 1, 28, 28) → one score for each class, (N, 10)."""
        return self.body(images)  # logits: cross_entropy applies softmax itself

    def loss(self, images, labels):
        """The mean cross-entropy, in nats."""
        return F.cross_entropy(self(images), labels)


class _Twice(SmallNet):
    def forward(self, images):
        return self.body(images).softmax(dim=1)


class _Sigmoid(SmallNet):
    def forward(self, images):
        return self.body(images).sigmoid()


class _NoLogarithm(SmallNet):
    def loss(self, images, labels):
        return F.nll_loss(self.body(images).softmax(dim=1), labels)


class _LikelihoodOfLogits(SmallNet):
    def loss(self, images, labels):
        return F.nll_loss(self.body(images), labels)


class _AcrossTheBatch(SmallNet):
    def forward(self, images):
        return self.body(images).log_softmax(dim=0)

    def loss(self, images, labels):
        return F.nll_loss(self(images), labels)


class _LogOfSoftmax(SmallNet):
    """The oracle: probabilities come out, and the loss takes their logarithm."""

    def forward(self, images):
        return self.body(images).softmax(dim=1)

    def loss(self, images, labels):
        chosen = self(images)[torch.arange(len(labels)), labels]
        return -chosen.log().mean()


def _judged_network(answer, images, labels):
    """Loss, gradients and predicted classes, from the same first weights for everybody."""
    torch.manual_seed(1)
    model = answer()
    scores, loss = model(images), model.loss(images, labels)
    if scores is None or loss is None:
        return None  # the judge knows what to say
    gradients = torch.autograd.grad(loss, list(model.parameters()))
    return {
        "the loss": loss,
        "the length of the gradient": torch.cat([one.flatten() for one in gradients]).norm(),
        "the predicted classes": scores.argmax(dim=1),
    }


def _batches() -> list[tuple]:
    drawn = torch.Generator().manual_seed(10)
    return [
        (torch.rand(n, 1, 28, 28, generator=drawn), torch.randint(10, (n,), generator=drawn))
        for n in (1, 16)
    ]


def log_softmax(logits):
    """Logits (N, C) → logarithms of the probabilities, (N, C)."""
    # each row's largest value becomes 0, so exp can't overflow and the sum is >= 1
    shifted = logits - logits.amax(dim=1, keepdim=True)
    return shifted - shifted.exp().sum(dim=1, keepdim=True).log()


def _log_naive(logits):
    return (logits.exp() / logits.exp().sum(dim=1, keepdim=True)).log()


def _log_of_softmax(logits):
    return logits.softmax(dim=1).log()


def _log_over_images(logits):
    return logits.log_softmax(dim=0)


def _log_one_maximum(logits):
    shifted = logits - logits.max()
    return shifted - shifted.exp().sum(dim=1, keepdim=True).log()


def _log_forgotten(logits):
    return logits.softmax(dim=1)


def _log_no_keepdim(logits):
    return logits - logits.logsumexp(dim=1)


def _log_shift_lost(logits):
    shifted = logits - logits.amax(dim=1, keepdim=True)
    return logits - shifted.exp().sum(dim=1, keepdim=True).log()


def _logits() -> list[tuple]:
    drawn = torch.Generator().manual_seed(11)
    small = torch.randn(3, 5, generator=drawn)
    extreme = torch.tensor([[1000.0, 0.0, -1000.0], [-1000.0, -1001.0, -2000.0]]).double()
    return [(small,), (small[:1] * 3,), (extreme,), (torch.randn(4, 4, generator=drawn),)]


def gradient_twice(logits, labels):
    """Gradient of the mean loss with softmax twice: (N, C), (N,) → (N, C)."""
    n, classes = logits.shape
    p = logits.softmax(dim=1)  # the layer's softmax
    q = p.softmax(dim=1)  # the loss's own
    g = q - F.one_hot(labels, classes)  # by p: probabilities minus truth
    by_image = p * (g - (p * g).sum(dim=1, keepdim=True))  # through the layer's softmax
    return by_image / n  # a mean over images


def _gradient_of_mended(logits, labels):
    return (logits.softmax(dim=1) - F.one_hot(labels, logits.shape[1])) / len(logits)


def _gradient_of_second(logits, labels):
    q = logits.softmax(dim=1).softmax(dim=1)
    return (q - F.one_hot(labels, logits.shape[1])) / len(logits)


def _gradient_of_sum(logits, labels):
    return gradient_twice(logits, labels) * len(logits)


def _gradient_upwards(logits, labels):
    return -gradient_twice(logits, labels)


def _gradient_diagonal(logits, labels):
    p = logits.softmax(dim=1)
    return p * (1 - p) * _gradient_of_second(logits, labels)


def _gradient_by_autograd(logits, labels):
    logits = logits.clone().requires_grad_()
    return torch.autograd.grad(F.cross_entropy(logits.softmax(dim=1), labels), logits)[0]


def _labelled_logits() -> list[tuple]:
    drawn = torch.Generator().manual_seed(12)
    sizes = [(1, 3), (4, 10), (5, 5)]
    return [
        (2 * torch.randn(n, c, generator=drawn), torch.randint(c, (n,), generator=drawn))
        for n, c in sizes
    ]


EXERCISES: dict[str, Written] = {
    "10.2": Written(
        hints=(
            "What does one right image cost, and what one wrong image? Both are worked out above.",
            "A right image costs ln(1 + 9/e), a wrong one exactly 1 more. Weight each with its "
            "fraction.",
        ),
        solution=loss_when_sure,
        oracle=_sure_torch,
        cases=lambda: [(acc,) for acc in (1, 0, 0.9, 0.25)],
        mistakes=(
            (_sure_floor_times_acc, "a wrong image is not free: it costs more than a right one."),
            (_sure_without_floor, "a model that is always right would cost 0: is that so here?"),
            (_sure_plus_acc, "the loss grows with the accuracy: which images pay the extra 1?"),
        ),
    ),
    "10.4": Written(
        hints=(
            "What does F.cross_entropy expect: logits, or probabilities?",
            "Softmax is applied in forward, and once more inside the loss. One of them is enough.",
        ),
        solution=SmallNet,
        oracle=_LogOfSoftmax,
        cases=_batches,
        use=_judged_network,
        mistakes=(
            (
                _Twice,
                "the loss can't fall below 1.46, however good the network, and the gradient is "
                "far shorter than that of the cross-entropy.",
            ),
            (_Sigmoid, "with scores held between 0 and 1, no class can ever be sure."),
            (_NoLogarithm, "the loss is below 0: F.nll_loss wants logarithms of probabilities."),
            (
                _LikelihoodOfLogits,
                "F.nll_loss applies no softmax: given bare logits, it can fall without end.",
            ),
            (_AcrossTheBatch, "softmax runs across the images; it belongs to one image's classes."),
        ),
    ),
    "10.5": Written(
        hints=(
            "log(a / b) is log a - log b, so the first exp and the log cancel. What is left?",
            "z minus the log of the sum of exp(z), row by row. Take each row's largest value "
            "away first; it changes nothing but the size of the numbers.",
        ),
        solution=log_softmax,
        oracle=lambda logits: oracle_log_softmax(logits.numpy(), axis=1),
        cases=_logits,
        mistakes=(
            (_log_naive, "exp(1000) is infinite: take something away from the logits first."),
            (
                _log_of_softmax,
                "a tiny probability is rounded to 0, and its log is minus infinity: don't pass "
                "through the probabilities.",
            ),
            (_log_over_images, "each column adds up to 1; each row, one image, should."),
            (
                _log_one_maximum,
                "one maximum for the whole batch: a row far below it comes out infinite.",
            ),
            (_log_forgotten, "these are the probabilities; their logarithms are asked for."),
            (_log_no_keepdim, "each row's sum is laid along the columns; is keepdim missing?"),
            (_log_shift_lost, "what was taken away inside the sum is missing outside it."),
        ),
    ),
    "10.6": Written(
        hints=(
            "The formula above is for one image. For a batch, the sum over j runs along a row.",
            "p = softmax of the logits, q = softmax of p, g = q - truth; then p times (g minus "
            "the row's sum of p g). And the loss is a mean over the images.",
        ),
        solution=gradient_twice,
        oracle=_gradient_by_autograd,
        cases=_labelled_logits,
        mistakes=(
            (_gradient_of_mended, "that is the gradient of the ordinary loss, with one softmax."),
            (
                _gradient_of_second,
                "that is the gradient by the probabilities; it still has to pass the softmax "
                "layer.",
            ),
            (_gradient_of_sum, "too long by the number of images: the loss is their mean."),
            (_gradient_upwards, "the sign is turned round: this way the loss would grow."),
            (
                _gradient_diagonal,
                "each probability depends on *all* logits of its row, not on its own only.",
            ),
        ),
    ),
}
