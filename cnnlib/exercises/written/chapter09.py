"""Exercises of chapter 9 that are answered by writing a function or a class."""

import torch
import torch.nn.functional as F
from torch import nn

from ..judging import Written

# Solutions and mistakes: written as a reader would write them ---------------------------------


def inverted_dropout(x, p, training):
    """Dropout with probability p on x of any shape; hands x through unless training."""
    if not training:
        return x
    # a coin for every single value: kept with probability 1 - p
    kept = torch.rand_like(x) >= p
    # what is kept grows, so that the mean stays, and eval mode needs no correction
    return x * kept / (1 - p)


def _not_scaled(x, p, training):
    return x * (torch.rand_like(x) >= p) if training else x


def _scaled_by_p(x, p, training):
    return x * (torch.rand_like(x) >= p) / p if training else x


def _scaled_down(x, p, training):
    return x * (torch.rand_like(x) >= p) * (1 - p) if training else x


def _scaled_in_eval(x, p, training):
    return x * (torch.rand_like(x) >= p) if training else x * (1 - p)


def _one_mask(x, p, training):
    return x * (torch.rand_like(x[0]) >= p) / (1 - p) if training else x


def _whole_samples(x, p, training):
    return x * (torch.rand_like(x[:, :1]) >= p) / (1 - p) if training else x


def _always_on(x, p, training):
    return inverted_dropout(x, p, True)


def _in_eval_only(x, p, training):
    return inverted_dropout(x, p, not training)


def _kept_with_p(x, p, training):
    return x * (torch.rand_like(x) < p) / p if training else x


def _same_every_time(x, p, training):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return inverted_dropout(x, p, training)


def _seen_of(answer, x, p, training):
    """What can be said of a random answer: the same whichever coins it tosses."""
    first, second = (torch.as_tensor(answer(x, p, training)).double() for _ in range(2))
    if first.shape != x.shape:
        return {"shape": tuple(first.shape)}
    factors = (first / x).round(decimals=4)
    kept = factors != 0
    values = sorted(factors.unique().tolist())[:5]
    return {
        "values, as multiples of what came in": values,
        "share of zeros": round(1 - kept.double().mean().item(), 1),
        "every sample loses the same": bool((kept == kept[:1]).all()),
        "a sample is lost as a whole or not at all": bool((kept == kept[:, :1]).all()),
        "twice the same": torch.equal(first, second),
    }


def _values() -> list[tuple]:
    drawn = torch.Generator().manual_seed(94)
    cases = [(0.2, True), (0.7, True), (0.2, False), (0.5, True), (0.0, True)]
    sizes = [(300, 40), (300, 40), (4, 3), (60, 200), (5, 4)]
    return [
        (1 + torch.rand(size, generator=drawn), p, training)
        for size, (p, training) in zip(sizes, cases, strict=True)
    ]


def dropout_backward(upstream, kept, p):
    """Gradient for the input of a dropout layer, in training.

    upstream: gradient of what the layer gave; kept: bool of the same shape, the values
    that it kept in the forward pass; p: the probability to drop.
    """
    # forward was x * kept / (1 - p): each value times a factor of its own, and
    # so is the gradient on its way back
    factors = kept / (1 - p)
    return upstream * factors


def _backward_unscaled(upstream, kept, p):
    return upstream * kept


def _backward_scaled_down(upstream, kept, p):
    return upstream * kept * (1 - p)


def _backward_scaled_by_p(upstream, kept, p):
    return upstream * kept / p


def _backward_of_the_dropped(upstream, kept, p):
    return upstream * ~kept / (1 - p)


def _backward_of_all(upstream, kept, p):
    return upstream / (1 - p)


def _backward_untouched(upstream, kept, p):
    return upstream


def _new_mask(upstream, kept, p):
    return inverted_dropout(upstream, p, True)


def _upstreams() -> list[tuple]:
    drawn = torch.Generator().manual_seed(95)
    cases = []
    for p, size in [(0.2, (4, 6)), (0.5, (2, 3, 5, 4)), (0.9, (1, 30))]:
        kept = torch.rand(size, generator=drawn) >= p
        cases.append((torch.randn(size, generator=drawn), kept, p))
    return cases


def _native_backward(upstream, kept, p):
    return torch.ops.aten.native_dropout_backward(upstream, kept, 1 / (1 - p))


def accuracy_of(model, images, labels):
    """Share of the images (N, ...) whose largest logit is that of their label (N,)."""
    # dropout off, batch norm with its running statistics: the trained model as it is
    model.eval()
    with torch.no_grad():  # saves memory, and changes no number
        predicted = model(images).argmax(dim=1)
    return (predicted == labels).float().mean().item()


def _without_eval(model, images, labels):
    with torch.no_grad():
        predicted = model(images).argmax(dim=1)
    return (predicted == labels).float().mean().item()


def _eval_too_late(model, images, labels):
    found = _without_eval(model, images, labels)
    model.eval()
    return found


def _counted_only(model, images, labels):
    return accuracy_of(model, images, labels) * len(labels)


def _largest_logit(model, images, labels):
    model.eval()
    with torch.no_grad():
        return model(images).amax(dim=1).mean().item()


def _scored_by_sklearn(model, images, labels):
    from sklearn.metrics import accuracy_score  # slow to import, seldom needed

    with torch.inference_mode():
        logits = model.train(False)(images)
    return accuracy_score(labels, logits.argmax(dim=1))


def _asked_twice(answer, model, images, labels):
    model.train()  # as it is left by training
    return answer(model, images, labels), answer(model, images, labels)


def _trained_models() -> list[tuple]:
    drawn = torch.Generator().manual_seed(96)
    with torch.random.fork_rng(devices=[]):  # layers draw their first weights
        model = nn.Sequential(
            nn.Flatten(), nn.Linear(16, 40), nn.ReLU(), nn.Dropout(0.5), nn.Linear(40, 5)
        )
    for p in model.parameters():
        p.data = torch.randn(p.shape, generator=drawn)
    cases = []
    for n in (200, 33):
        images = torch.randn(n, 1, 4, 4, generator=drawn)
        with torch.no_grad():
            labels = model.eval()(images).argmax(dim=1)
        labels[: n // 8] = 0  # some of them wrong
        cases.append((model, images, labels))
    return cases


EXERCISES: dict[str, Written] = {
    "9.4": Written(
        hints=(
            "torch.rand_like(x) tosses a coin for each value: when is such a number below p?",
            "Make a mask that is 1 with probability 1 - p, multiply, and divide by the share that "
            "is kept. In eval mode, give x back as it is.",
        ),
        solution=inverted_dropout,
        oracle=F.dropout,
        cases=_values,
        use=_seen_of,
        mistakes=(
            (_not_scaled, "what is kept is not scaled up, so the mean sinks in training."),
            (_scaled_by_p, "it is divided by the share that is dropped; divide by what is kept."),
            (_scaled_down, "what is kept becomes smaller; it has to grow, so that the mean stays."),
            (
                _scaled_in_eval,
                "it scales in eval mode (the first papers did); *inverted* dropout scales in "
                "training, and hands x through in eval mode.",
            ),
            (_one_mask, "all samples of the batch lose the same values; each needs its own coins."),
            (_whole_samples, "a sample loses all of its values or none; each value needs a coin."),
            (_always_on, "in eval mode nothing may be dropped: training is False there."),
            (_in_eval_only, "it drops in eval mode, and not in training."),
            (_kept_with_p, "p is the probability to drop; here it is the probability to keep."),
            (
                _same_every_time,
                "a second call drops the same values: do not set the seed inside the function.",
            ),
        ),
    ),
    "9.5": Written(
        hints=(
            "In the forward pass, by what was each value multiplied?",
            "A value that was dropped had no say in the loss. One that was kept was divided by "
            "1 - p, so its gradient is as well.",
        ),
        solution=dropout_backward,
        oracle=_native_backward,
        cases=_upstreams,
        mistakes=(
            (_backward_unscaled, "the mask is right; the forward pass also scaled what it kept."),
            (_backward_scaled_down, "multiplied by 1 - p, where the forward pass divided by it."),
            (_backward_scaled_by_p, "it is divided by p; the forward pass divided by 1 - p."),
            (
                _backward_of_the_dropped,
                "the gradient goes to the values that were dropped, which had no say in the loss.",
            ),
            (_backward_of_all, "values that were dropped get a gradient too: use the mask."),
            (_backward_untouched, "upstream is handed through, as would be right in eval mode."),
            (
                _new_mask,
                "it tosses new coins; the backward pass belongs to the mask that the forward "
                "pass used.",
            ),
        ),
    ),
    "9.6": Written(
        hints=(
            "What does a dropout layer do to the same image, asked twice, and on what does that "
            "depend?",
            "torch.no_grad() switches gradients off, and nothing else: dropout does not care. "
            "A model has a method that tells its layers that training is over.",
        ),
        solution=accuracy_of,
        oracle=_scored_by_sklearn,
        cases=_trained_models,
        use=_asked_twice,
        mistakes=(
            (
                _without_eval,
                "asked twice about the same images, it gives two different figures, and both are "
                "too low.",
            ),
            (_eval_too_late, "the second figure is right and the first is not: look at the order."),
            (_counted_only, "that counts the right answers; asked for is their share."),
            (_largest_logit, "that is a mean of logits; compare the predicted class with labels."),
        ),
    ),
}
