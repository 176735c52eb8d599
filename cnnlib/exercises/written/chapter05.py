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
}
