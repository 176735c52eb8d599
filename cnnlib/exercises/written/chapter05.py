"""Exercises of chapter 5 that are answered by writing a function or a class."""

import torch
import torch.nn.functional as F

from ..judging import Written

# Solutions and mistakes: written as a reader would write them ---------------------------------


def max_pool(maps):
    """2×2 max pooling with stride 2: (N, C, H, W) → (N, C, H // 2, W // 2)."""
    n, channels, height, width = maps.shape
    # an odd row or column at the edge has no partner: leave it out
    maps = maps[:, :, : height // 2 * 2, : width // 2 * 2]
    # split each side into pairs: a window lies along dimensions 3 and 5
    windows = maps.reshape(n, channels, height // 2, 2, width // 2, 2)
    return windows.amax(dim=(3, 5))


def _average(maps):
    return F.avg_pool2d(maps, 2)


def _stride_1(maps):
    return F.max_pool2d(maps, 2, stride=1)


def _rows_only(maps):
    return torch.maximum(maps[:, :, 0:-1:2], maps[:, :, 1::2])


def _corner(maps):
    height, width = maps.shape[2:]
    return maps[:, :, : height // 2 * 2 : 2, : width // 2 * 2 : 2]


def max_pool_backward(maps, upstream):
    """Gradient of 2×2 max pooling with stride 2, for maps (N, C, H, W).

    upstream (N, C, H // 2, W // 2) is the gradient of what the pooling gave.
    """
    rows, columns = upstream.shape[2:]
    corners = [(i, j) for i in (0, 1) for j in (0, 1)]  # in reading order
    four = [maps[:, :, i : 2 * rows : 2, j : 2 * columns : 2] for i, j in corners]
    # which of the four values was handed on; argmax names the first of equals
    winner = torch.stack(four).argmax(dim=0)
    # all others did not matter, so a small change of them changes nothing: 0
    gradient = torch.zeros_like(maps)
    for number, (i, j) in enumerate(corners):
        place = gradient[:, :, i : 2 * rows : 2, j : 2 * columns : 2]
        place.copy_(upstream * (winner == number))
    return gradient


def _spread(pooled, maps):
    """Each pooled value at all four places of its window; 0 at an odd edge."""
    height, width = maps.shape[2:]
    wide = pooled.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
    return F.pad(wide, (0, width % 2, 0, height % 2))


def _to_all(maps, upstream):
    return _spread(upstream, maps)


def _to_all_a_quarter(maps, upstream):
    return _spread(upstream, maps) / 4


def _to_every_tie(maps, upstream):
    largest = maps == _spread(F.max_pool2d(maps, 2), maps)
    return _spread(upstream, maps) * largest


def _without_upstream(maps, upstream):
    return max_pool_backward(maps, torch.ones_like(upstream))


def _times_value(maps, upstream):
    return max_pool_backward(maps, upstream) * maps


def _pooled_gradient(maps, upstream):
    given = maps.clone().requires_grad_()
    with torch.enable_grad():
        F.max_pool2d(given, 2).backward(upstream)
    return given.grad


def _maps_and_upstream() -> list[tuple]:
    drawn = torch.Generator().manual_seed(55)
    cases = []
    for n, channels, height, width in [(1, 1, 4, 4), (2, 3, 6, 8), (2, 2, 7, 5)]:
        # after ReLU there are many zeros, so whole windows of equals
        maps = torch.randn(n, channels, height, width, generator=drawn).relu()
        upstream = torch.randn(n, channels, height // 2, width // 2, generator=drawn)
        cases.append((maps, upstream))
    return cases


def _maps() -> list[tuple]:
    drawn = torch.Generator().manual_seed(5)
    sizes = [(1, 1, 4, 4), (2, 3, 6, 8), (2, 1, 7, 5)]
    return [(torch.randn(size, generator=drawn),) for size in sizes]


EXERCISES: dict[str, Written] = {
    "5.4": Written(
        hints=(
            "The window's upper left values are maps[:, :, 0::2, 0::2]; where are the others?",
            "Take the four slices that start at row 0 or 1 and column 0 or 1, in steps of 2, and "
            "combine them with torch.maximum; cut an odd side first.",
        ),
        solution=max_pool,
        oracle=lambda maps: F.max_pool2d(maps, 2),
        cases=_maps,
        mistakes=(
            (_average, "that is the mean of each window; take its largest value."),
            (_stride_1, "the windows overlap: they must lie side by side, two pixels apart."),
            (_rows_only, "only rows are halved; columns must be as well."),
            (_corner, "it takes one corner of each window, whatever the other three hold."),
        ),
    ),
    "5.5": Written(
        hints=(
            "Change one of the three smaller values of a window a little: what happens to the "
            "pooled value, and so to the loss?",
            "Begin with zeros of the shape of maps. In each window, write the value of upstream "
            "where the largest one stood, and at the first such place if there are several.",
        ),
        solution=max_pool_backward,
        oracle=_pooled_gradient,
        cases=_maps_and_upstream,
        mistakes=(
            (
                _to_all,
                "all four values of a window get the gradient, though three of them did not "
                "change the result.",
            ),
            (
                _to_all_a_quarter,
                "each value gets a quarter: that is the backward pass of *average* pooling.",
            ),
            (
                _to_every_tie,
                "where several values are equally large, all of them get the gradient, which is "
                "then counted several times; torch gives it to the first.",
            ),
            (
                _without_upstream,
                "the places are right, but what comes back through them is upstream, not 1.",
            ),
            (
                _times_value,
                'the places are right; the slope of "hand on the largest" is 1 there, '
                "whatever the value.",
            ),
        ),
    ),
}
