"""Exercises of chapter 13 that are answered by writing a function or a class."""

import torch
import torch.nn.functional as F

from ..judging import Written

# Solutions and mistakes: written as a reader would write them ---------------------------------


def leaky_relu(x, slope):
    """LeakyReLU of a tensor of any shape; ``slope`` holds below 0."""
    # x itself where it is above 0; elsewhere a part of it, sign and all
    return torch.where(x > 0, x, slope * x)


def _plain_relu(x, slope):
    return x.clamp(min=0)


def _sign_lost(x, slope):
    return torch.where(x > 0, x, slope * x.abs())


def _turned_round(x, slope):
    return torch.where(x > 0, slope * x, x)


def _slope_everywhere(x, slope):
    return slope * x


def _constant_below(x, slope):
    return torch.where(x > 0, x, -slope)


def _in_place(x, slope):
    x[x < 0] *= slope
    return x


def leaky_backward(from_above, x, slope):
    """The gradient for x, from the gradient for the output; all of one shape."""
    # LeakyReLU is a straight line on either side of 0, so its derivative is a number
    derivative = torch.where(x > 0, 1.0, slope)
    return from_above * derivative  # the chain rule


def _alone(from_above, x, slope):
    return torch.where(x > 0, 1.0, slope)


def _of_relu(from_above, x, slope):
    return from_above * (x > 0)


def _by_the_gradients_sign(from_above, x, slope):
    return torch.where(from_above > 0, from_above, slope * from_above)


def _value_for_slope(from_above, x, slope):
    return from_above * torch.where(x > 0, x, slope * x)


def _sides_swapped(from_above, x, slope):
    return from_above * torch.where(x > 0, slope, 1.0)


def count_dead(before):
    """How many units are never above 0, from what goes into their ReLU: (N, units)."""
    highest = before.amax(dim=0)  # of each unit, over all images
    return int((highest <= 0).sum())  # at exactly 0, ReLU gives 0 as well


def _ever_silent(before):
    return int((before <= 0).any(dim=0).sum())


def _images_counted(before):
    return int((before <= 0).all(dim=1).sum())


def _zeros_forgotten(before):
    return int((before.amax(dim=0) < 0).sum())


def _by_the_mean(before):
    return int((before.mean(dim=0) <= 0).sum())


def _living(before):
    return int((before.amax(dim=0) > 0).sum())


def _values_counted(before):
    return int((before <= 0).sum())


def _share(before):
    return float((before.amax(dim=0) <= 0).float().mean())


# Oracles and hidden inputs ---------------------------------------------------------------------


def _given(*sizes):
    drawn = torch.Generator().manual_seed(13)
    return [(10 * torch.randn(size, generator=drawn), slope) for size, slope in sizes]


def _sizes():
    return _given(((7,), 0.01), ((2, 3, 4), 0.3), ((1, 5), 0.0), ((3, 1, 2, 2), 1.0))


def _with_gradients():
    drawn = torch.Generator().manual_seed(134)
    return [(torch.randn(x.shape, generator=drawn), x, slope) for x, slope in _sizes()]


def _by_autograd(from_above, x, slope):
    x = x.clone().requires_grad_()
    return torch.autograd.grad(F.leaky_relu(x, slope), x, from_above)[0]


def _units():
    drawn = torch.Generator().manual_seed(136)
    cases = []
    for images, lift in [(5, [-9, 0, 9, -9]), (1, [-9, 9, -9]), (40, [-1, -2, -9, -9, 1, 9])]:
        cases.append(torch.randn(images, len(lift), generator=drawn) + torch.tensor(lift))
    zeros = torch.tensor([[0.0, -1.0, -3.0], [0.0, 2.0, -2.0]])  # a unit that only reaches 0
    return [(case,) for case in (*cases, zeros)]


def _without_gradient(before):
    """A unit is dead where ReLU lets no gradient through, for no image."""
    before = before.clone().requires_grad_()
    gradient = torch.autograd.grad(F.relu(before).sum(), before)[0]
    return int((gradient.abs().sum(dim=0) == 0).sum())


EXERCISES: dict[str, Written] = {
    "13.4": Written(
        hints=(
            "Two cases, element by element; torch.where chooses between two tensors.",
            "torch.where(condition, a, b) takes a where the condition holds, and b elsewhere. "
            "Below 0 the input is multiplied by the slope.",
        ),
        solution=leaky_relu,
        oracle=lambda x, slope: F.leaky_relu(x, negative_slope=slope),
        cases=_sizes,
        mistakes=(
            (_plain_relu, "that is ReLU: below 0 nothing comes through."),
            (_sign_lost, "what is below 0 must stay below 0; here it comes out above."),
            (_turned_round, "the two sides are swapped: it is above 0 that all comes through."),
            (_slope_everywhere, "inputs above 0 are made smaller as well."),
            (_constant_below, "below 0 it gives the same for every input; it should depend on it."),
            (_in_place, "the values are right, but the input itself was changed."),
        ),
    ),
    "13.5": Written(
        hints=(
            "What is the derivative of LeakyReLU above 0, and what below? Then the chain rule.",
            "It is 1 where x is above 0, and slope elsewhere: multiply what comes from above "
            "by it.",
        ),
        solution=leaky_backward,
        oracle=_by_autograd,
        cases=_with_gradients,
        mistakes=(
            (_alone, "that is the derivative alone; what comes from above is left out."),
            (_of_relu, "below 0 nothing goes back: that is ReLU's gradient."),
            (
                _by_the_gradients_sign,
                "which side of 0 a unit is on depends on x, not on the gradient's sign.",
            ),
            (_value_for_slope, "it multiplies by LeakyReLU's value; its derivative is asked for."),
            (_sides_swapped, "the two sides are swapped: above 0 the whole gradient goes back."),
        ),
    ),
    "13.6": Written(
        hints=(
            "A unit is dead if none of the images gets it above 0. Along which dimension are "
            "the images?",
            "Take each unit's largest value over dimension 0, and count those that are at most 0.",
        ),
        solution=count_dead,
        oracle=_without_gradient,
        cases=_units,
        mistakes=(
            (_ever_silent, "it counts units that are silent for some image; dead is for all."),
            (_images_counted, "it counts images for which every unit is silent."),
            (_zeros_forgotten, "a unit that reaches 0 exactly, and never more, gives 0 too."),
            (_by_the_mean, "a unit with a low mean may still fire for a few images."),
            (_living, "that is the number of those that live."),
            (_values_counted, "it counts single values; a unit counts once."),
            (_share, "that is a share; the number of units is asked for."),
        ),
    ),
}
