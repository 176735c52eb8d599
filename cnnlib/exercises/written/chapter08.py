"""Exercises of chapter 8 that are answered by writing a function or a class."""

from itertools import pairwise

import numpy as np
import torch

from ...experiment import Recipe
from ...training import lr_schedule
from ..judging import Written

# Solutions and mistakes: written as a reader would write them ---------------------------------


def erratic(accs):
    """The mean absolute change from each value of a list to the next."""
    changes = []
    for i in range(1, len(accs)):  # n values have n - 1 changes
        change = accs[i] - accs[i - 1]
        changes.append(abs(change))  # up or down: only the size counts
    return sum(changes) / len(changes)


def _signed_changes(accs):
    return (accs[-1] - accs[0]) / (len(accs) - 1)


def _ends_only(accs):
    return abs(accs[-1] - accs[0]) / (len(accs) - 1)


def _divided_by_all(accs):
    changes = [abs(b - a) for a, b in pairwise(accs)]
    return sum(changes) / len(accs)


def _largest_change(accs):
    return max(abs(b - a) for a, b in pairwise(accs))


class Momentum:
    """SGD with momentum for one tensor of weights."""

    def __init__(self, lr, momentum=0.9):
        self.lr, self.momentum = lr, momentum
        self.velocity = 0.0  # no step yet, so nothing to keep

    def step(self, weight, gradient):
        """The weight after one step, of the same shape."""
        # keep most of the old velocity; the new gradient is added whole
        self.velocity = self.momentum * self.velocity + gradient
        return weight - self.lr * self.velocity


class _Averaged(Momentum):
    def step(self, weight, gradient):
        self.velocity = self.momentum * self.velocity + (1 - self.momentum) * gradient
        return weight - self.lr * self.velocity


class _Uphill(Momentum):
    def step(self, weight, gradient):
        self.velocity = self.momentum * self.velocity + gradient
        return weight + self.lr * self.velocity


class _Forgetful(Momentum):
    def step(self, weight, gradient):
        velocity = self.momentum * self.velocity + gradient
        return weight - self.lr * velocity


class _Nesterov(Momentum):
    def step(self, weight, gradient):
        self.velocity = self.momentum * self.velocity + gradient
        return weight - self.lr * (gradient + self.momentum * self.velocity)


class _Swapped(Momentum):
    def step(self, weight, gradient):
        self.velocity = self.velocity + self.momentum * gradient
        return weight - self.lr * self.velocity


class Adam:
    """Adam for one tensor of weights."""

    def __init__(self, lr=0.001, betas=(0.9, 0.999), eps=1e-8):
        self.lr, self.betas, self.eps = lr, betas, eps
        self.m, self.v, self.t = 0.0, 0.0, 0

    def step(self, weight, gradient):
        """The weight after one step, of the same shape."""
        self.t += 1  # before it is used: the first step is step 1
        b1, b2 = self.betas
        self.m = b1 * self.m + (1 - b1) * gradient
        self.v = b2 * self.v + (1 - b2) * gradient**2
        # both averages began at 0, and are too small until that is made good
        m = self.m / (1 - b1**self.t)
        v = self.v / (1 - b2**self.t)
        return weight - self.lr * m / (v**0.5 + self.eps)


class _NoCorrection(Adam):
    def step(self, weight, gradient):
        b1, b2 = self.betas
        self.m = b1 * self.m + (1 - b1) * gradient
        self.v = b2 * self.v + (1 - b2) * gradient**2
        return weight - self.lr * self.m / (self.v**0.5 + self.eps)


class _EpsInside(Adam):
    def step(self, weight, gradient):
        self.t += 1
        b1, b2 = self.betas
        self.m = b1 * self.m + (1 - b1) * gradient
        self.v = b2 * self.v + (1 - b2) * gradient**2
        m, v = self.m / (1 - b1**self.t), self.v / (1 - b2**self.t)
        return weight - self.lr * m / (v + self.eps) ** 0.5


class _BetasSwapped(Adam):
    def __init__(self, lr=0.001, betas=(0.9, 0.999), eps=1e-8):
        super().__init__(lr, betas[::-1], eps)


class _FromZero(Adam):
    def step(self, weight, gradient):
        b1, b2 = self.betas
        self.m = b1 * self.m + (1 - b1) * gradient
        self.v = b2 * self.v + (1 - b2) * gradient**2
        m, v = self.m / (1 - b1**self.t), self.v / (1 - b2**self.t)  # in step 0: 0 / 0
        self.t += 1
        return weight - self.lr * m / (v**0.5 + self.eps)


class _KeepsTheCorrected(Adam):
    def step(self, weight, gradient):
        self.t += 1
        b1, b2 = self.betas
        self.m = (b1 * self.m + (1 - b1) * gradient) / (1 - b1**self.t)
        self.v = (b2 * self.v + (1 - b2) * gradient**2) / (1 - b2**self.t)
        return weight - self.lr * self.m / (self.v**0.5 + self.eps)


class _NoRoot(Adam):
    def step(self, weight, gradient):
        self.t += 1
        b1, b2 = self.betas
        self.m = b1 * self.m + (1 - b1) * gradient
        self.v = b2 * self.v + (1 - b2) * gradient**2
        m, v = self.m / (1 - b1**self.t), self.v / (1 - b2**self.t)
        return weight - self.lr * m / (v + self.eps)


def decayed(weight, gradient, lr, decay):
    """The weight after Adam's first step, with L2 and with decoupled decay: a pair."""

    def adam_step(gradient):
        # corrected, m is the gradient in the first step, and v its square
        return lr * gradient / (abs(gradient) + 1e-8)

    with_l2 = weight - adam_step(gradient + decay * weight)  # decay goes through Adam
    decoupled = weight - lr * decay * weight - adam_step(gradient)  # decay goes past it
    return with_l2, decoupled


def _both_through_adam(weight, gradient, lr, decay):
    with_l2, _ = decayed(weight, gradient, lr, decay)
    return with_l2, with_l2


def _both_past_adam(weight, gradient, lr, decay):
    _, decoupled = decayed(weight, gradient, lr, decay)
    return decoupled, decoupled


def _pair_swapped(weight, gradient, lr, decay):
    return decayed(weight, gradient, lr, decay)[::-1]


def _decay_without_rate(weight, gradient, lr, decay):
    with_l2, _ = decayed(weight, gradient, lr, decay)
    return with_l2, weight - decay * weight - lr * torch.sign(gradient)


def _sgd_instead(weight, gradient, lr, decay):
    return weight - lr * (gradient + decay * weight), (1 - lr * decay) * weight - lr * gradient


def _towards_larger(weight, gradient, lr, decay):
    return decayed(weight, gradient, lr, -decay)


def step_lr(lr, step_size, gamma, epochs):
    """The rate of each epoch: times gamma after every step_size epochs."""
    rates = []
    for epoch in range(epochs):  # 0 is the first
        drops = epoch // step_size  # how many whole stages are over
        rates.append(lr * gamma**drops)
    return rates


def _one_epoch_early(lr, step_size, gamma, epochs):
    return [lr * gamma ** ((epoch + 1) // step_size) for epoch in range(epochs)]


def _smoothly(lr, step_size, gamma, epochs):
    return [lr * gamma ** (epoch / step_size) for epoch in range(epochs)]


def _only_once(lr, step_size, gamma, epochs):
    return [lr * gamma if epoch >= step_size else lr for epoch in range(epochs)]


def _every_epoch(lr, step_size, gamma, epochs):
    return [lr * gamma**epoch for epoch in range(epochs)]


def _never_in_time(lr, step_size, gamma, epochs):
    rates = []
    for epoch in range(epochs):
        if epoch % step_size == 0:  # true of epoch 0 as well
            lr = lr * gamma
        rates.append(lr)
    return rates


def one_cycle(lr, epochs):
    """The learning rate of each epoch, at its middle: up to ``lr`` and down to 0."""
    rates = []
    for epoch in range(epochs):
        done = (epoch + 0.5) / epochs  # share of the training that is over
        # how high on the slope, as a share: up in three tenths, down in seven
        height = done / 0.3 if done < 0.3 else (1 - done) / 0.7
        rates.append(lr * (1 - np.cos(np.pi * height)) / 2)  # half a cosine
    return rates


def _straight(lr, epochs):
    done = [(epoch + 0.5) / epochs for epoch in range(epochs)]
    return [lr * min(share / 0.3, (1 - share) / 0.7) for share in done]


def _at_the_start(lr, epochs):
    heights = [min(e / epochs / 0.3, (1 - e / epochs) / 0.7) for e in range(epochs)]
    return [lr * (1 - np.cos(np.pi * height)) / 2 for height in heights]


def _slow_up(lr, epochs):
    done = [(epoch + 0.5) / epochs for epoch in range(epochs)]
    heights = [min(share / 0.7, (1 - share) / 0.3) for share in done]
    return [lr * (1 - np.cos(np.pi * height)) / 2 for height in heights]


def _twice_as_high(lr, epochs):
    return [2 * rate for rate in one_cycle(lr, epochs)]


def _upside_down(lr, epochs):
    return [lr - rate for rate in one_cycle(lr, epochs)]


# Oracles and hidden inputs ---------------------------------------------------------------------


def _mean_change(accs):
    return torch.tensor(accs, dtype=torch.float64).diff().abs().mean()


class _Torchs:
    """One of torch's optimisers, with the interface that the exercises ask for."""

    weight: torch.nn.Parameter
    optimiser: torch.optim.Optimizer

    def step(self, weight, gradient):
        self.weight.data = weight.clone()
        self.weight.grad = gradient.clone()
        self.optimiser.step()
        return self.weight.detach().clone()


class _TorchsMomentum(_Torchs):
    def __init__(self, lr, momentum=0.9):
        self.weight = torch.nn.Parameter(torch.zeros(()))
        self.optimiser = torch.optim.SGD([self.weight], lr=lr, momentum=momentum)


class _TorchsAdam(_Torchs):
    def __init__(self, lr=0.001, betas=(0.9, 0.999), eps=1e-8):
        self.weight = torch.nn.Parameter(torch.zeros(()))
        self.optimiser = torch.optim.Adam([self.weight], lr=lr, betas=betas, eps=eps)


def _walk(answer, settings, weight, gradients):
    """The weights after each of several steps."""
    optimiser = answer(**settings)
    passed = []
    for gradient in gradients:
        weight = optimiser.step(weight, gradient)
        passed.append(weight)
    return tuple(passed)


def _walks(*settings):
    drawn = torch.Generator().manual_seed(8)
    cases = []
    for setting, size in zip(settings, [(1,), (2, 3), (4,), ()], strict=True):
        weight = torch.randn(size, generator=drawn)
        gradients = [torch.randn(size, generator=drawn) for _ in range(6)]
        gradients[-1] = 1000 * gradients[-1]
        cases.append((setting, weight, gradients))
    tiny = [torch.tensor([1e-6, 0.0, -3e-7]) for _ in range(3)]  # where Adam's eps is seen
    return [*cases, (settings[0], torch.ones(3), tiny)]


def _torchs_decayed(weight, gradient, lr, decay):
    after = []
    for kind in (torch.optim.Adam, torch.optim.AdamW):
        own = torch.nn.Parameter(weight.clone())
        own.grad = gradient.clone()
        kind([own], lr=lr, weight_decay=decay).step()
        after.append(own.detach())
    return tuple(after)


def _decays():
    drawn = torch.Generator().manual_seed(86)
    return [
        (torch.randn(size, generator=drawn), torch.randn(size, generator=drawn), lr, decay)
        for size, lr, decay in [((5,), 0.1, 0.5), ((2, 3), 0.01, 2.0), ((3,), 0.2, 0.0)]
    ]


def _torchs_step_lr(lr, step_size, gamma, epochs):
    optimiser = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=lr)
    stepper = torch.optim.lr_scheduler.StepLR(optimiser, step_size, gamma)
    rates = []
    for _ in range(epochs):
        rates.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        stepper.step()
    return rates


def _librarys_one_cycle(lr, epochs):
    return lr_schedule(Recipe(lr=lr, epochs=epochs, schedule="one-cycle"))


EXERCISES: dict[str, Written] = {
    "8.3": Written(
        hints=(
            "n values have n - 1 changes. What do you do with the sign of each?",
            "Go through the places i from 1 on, collect abs(accs[i] - accs[i - 1]), and take the "
            "mean of what you collected.",
        ),
        solution=erratic,
        oracle=_mean_change,
        cases=lambda: [
            ([0.5, 0.75, 0.5],),
            ([0.5, 0.75, 0.625, 0.625],),
            ([0.9, 0.1],),
            ([0.1, 0.2, 0.4, 0.3, 0.35, 0.2],),
        ],
        mistakes=(
            (_signed_changes, "ups and downs cancel; count each change by its size alone."),
            (_ends_only, "it sees the first and the last value only, whatever happens between."),
            (_divided_by_all, "the mean is too small: there is one change fewer than values."),
            (_largest_change, "that is the largest change; the mean of all is asked for."),
        ),
    ),
    "8.4": Written(
        hints=(
            "What must the object remember from one step to the next? Keep it in self.",
            "self.velocity starts at 0. In each step it becomes momentum times itself plus the "
            "gradient; the weight moves by lr times it.",
        ),
        solution=Momentum,
        oracle=_TorchsMomentum,
        cases=lambda: _walks(
            dict(lr=0.1), dict(lr=0.01, momentum=0.5), dict(lr=0.05, momentum=0.0), dict(lr=1.0)
        ),
        use=_walk,
        mistakes=(
            (_Averaged, "the steps are too short: torch adds the new gradient whole, unscaled."),
            (_Uphill, "it walks uphill: the step must go against the velocity."),
            (_Forgetful, "the first step is right, and then nothing is remembered: is it kept?"),
            (_Nesterov, "that is Nesterov's variant, which looks ahead; the plain one is asked."),
            (_Swapped, "the old velocity is what momentum shrinks, not the new gradient."),
        ),
    ),
    "8.5": Written(
        hints=(
            "Three things live from step to step: m, v and the number of the step.",
            "Update m and v, divide them by 1 - b1**t and 1 - b2**t into new variables (m and v "
            "themselves stay as they are), and step by lr times one over the root of the other.",
        ),
        solution=Adam,
        oracle=_TorchsAdam,
        cases=lambda: _walks(
            dict(lr=0.1), dict(), dict(lr=0.01, betas=(0.5, 0.9)), dict(lr=1.0, eps=1e-3)
        ),
        use=_walk,
        mistakes=(
            (
                _NoCorrection,
                "the first steps have the wrong length: m and v start at 0, and that "
                "must be made good.",
            ),
            (
                _EpsInside,
                "only tiny gradients go wrong: where does eps stand, before or after "
                "the root is taken?",
            ),
            (_BetasSwapped, "the averages remember for the wrong time: which beta is whose?"),
            (_FromZero, "the first step divides by 0: with which number does t begin?"),
            (
                _KeepsTheCorrected,
                "the first step is right, later ones are not: the corrected "
                "values must not be averaged further.",
            ),
            (_NoRoot, "the step depends on the gradient's size: v is a square, and needs a root."),
        ),
    ),
    "8.6": Written(
        hints=(
            "In the first step, Adam divides what it is given by its own size. What is it given?",
            "With L2 it is given gradient + decay * weight. Decoupled, it is given the gradient "
            "alone, and lr * decay * weight is taken off the weight besides.",
        ),
        solution=decayed,
        oracle=_torchs_decayed,
        cases=_decays,
        mistakes=(
            (_both_through_adam, "in the second one, the decay must not pass through Adam."),
            (_both_past_adam, "in the first one, the decay is a part of the gradient Adam sees."),
            (_pair_swapped, "both are right, and in the other order than asked."),
            (_decay_without_rate, "the first is right; in the second, decay takes too much off."),
            (_sgd_instead, "those are steps of SGD, where the two are the same."),
            (_towards_larger, "the decay should make weights smaller; look at its sign."),
        ),
    ),
    "8.7": Written(
        hints=(
            "How many times has the rate been multiplied by gamma when epoch number e begins?",
            "Count the epochs from 0: then it is e // step_size times.",
        ),
        solution=step_lr,
        oracle=_torchs_step_lr,
        cases=lambda: [(0.1, 5, 0.5, 15), (1.0, 2, 0.1, 7), (0.01, 3, 0.5, 1), (0.3, 1, 0.9, 4)],
        mistakes=(
            (_one_epoch_early, "the first drop comes one epoch too early."),
            (_smoothly, "the rate sinks a little in every epoch; it should stay, and then drop."),
            (_only_once, "it drops once and never again."),
            (_every_epoch, "it drops after each epoch; what is step_size for?"),
            (_never_in_time, "the very first epoch is multiplied by gamma already."),
        ),
    ),
    "8.8": Written(
        hints=(
            "First work out how much of the training is over at the middle of an epoch.",
            "From that share get the height on the slope, from 0 to 1: share / 0.3 going up, "
            "(1 - share) / 0.7 going down. Half a cosine: (1 - cos(pi * height)) / 2.",
        ),
        solution=one_cycle,
        oracle=_librarys_one_cycle,
        cases=lambda: [(0.1, 15), (1.0, 10), (0.003, 4), (0.5, 1)],
        mistakes=(
            (_straight, "the slopes are straight lines; each should be half a cosine."),
            (_at_the_start, "that is the rate where each epoch starts; its middle is asked for."),
            (_slow_up, "it rises for seven tenths and falls for three; it is the other way round."),
            (_twice_as_high, "the top is twice too high: 1 - cos runs from 0 to 2."),
            (_upside_down, "it is upside down: high at both ends and low between."),
        ),
    ),
}
