import numpy as np
import torch


def two_halves(x, slope):
    return x.clamp(min=0) + slope * x.clamp(max=0)


def the_larger(x, slope):
    return torch.maximum(x, slope * x)  # as long as the slope is at most 1


def by_mask(x, slope):
    output = x.clone()
    output[x < 0] *= slope
    return output


def multiplied(from_above, x, slope):
    return from_above * (slope + (1 - slope) * (x > 0))


def with_numpy(from_above, x, slope):
    gradient = from_above.numpy().astype(np.float64)
    gradient[x.numpy() < 0] *= slope
    return gradient


def none_of_them(before):
    return (~(before > 0).any(dim=0)).sum()


def one_after_another(before):
    dead = 0
    for unit in before.T:
        if not any(value > 0 for value in unit.tolist()):
            dead += 1
    return dead


OTHERS = {
    "13.4": [two_halves, the_larger, by_mask],
    "13.5": [multiplied, with_numpy],
    "13.6": [none_of_them, one_after_another],
}
