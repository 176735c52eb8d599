"""Exercises of chapter 7 that are answered by writing a function or a class."""

import numpy as np
import torch
import torch.nn.functional as F
from scipy import ndimage
from torch import nn

from ..judging import Written

# Solutions and mistakes: written as a reader would write them ---------------------------------


def receptive_field(layers):
    """Side, in pixels, of what one number sees after layers, pairs (kernel, stride)."""
    field, step = 1, 1
    for kernel, stride in layers:
        # kernel - 1 further neighbours, each of them one step away
        field += (kernel - 1) * step
        # from here on, neighbours are further apart: this counts for later layers only
        step *= stride
    return field


def _without_steps(layers):
    return 1 + sum(kernel - 1 for kernel, _ in layers)


def _own_stride_first(layers):
    field, step = 1, 1
    for kernel, stride in layers:
        step *= stride
        field += (kernel - 1) * step
    return field


def _last_stride_only(layers):
    field, step = 1, 1
    for kernel, stride in layers:
        field += (kernel - 1) * step
        step = stride
    return field


def _whole_kernels(layers):
    field, step = 1, 1
    for kernel, stride in layers:
        field += kernel * step
        step *= stride
    return field


def _strides_added(layers):
    field, step = 1, 1
    for kernel, stride in layers:
        field += (kernel - 1) * step
        step += stride
    return field


def _from_zero(layers):
    return receptive_field(layers) - 1


def _area(layers):
    return receptive_field(layers) ** 2


def _pixels_with_a_gradient(layers):
    """Asks torch: with all weights 1, what is looked at has a gradient above 0."""
    with torch.random.fork_rng(devices=[]):
        network = [nn.Conv1d(1, 1, kernel, stride, bias=False) for kernel, stride in layers]
    for layer in network:
        nn.init.ones_(layer.weight)
    line = torch.ones(1, 1, 400, dtype=torch.float64, requires_grad=True)
    with torch.enable_grad():
        first = nn.Sequential(*network).double()(line)[0, 0, 0]
        (gradient,) = torch.autograd.grad(first, line)
    return int(gradient.count_nonzero())


def centre_of_brightness(images):
    """Mean row and column, weighted by brightness: uint8 (N, H, W) → (N, 2)."""
    weights = images.double()  # sums of uint8 would overflow, or be cut
    height, width = images.shape[1:]
    total = weights.sum(dim=(1, 2))
    # how bright each row is as a whole, and each column
    rows = weights.sum(dim=2) @ torch.arange(height).double()
    columns = weights.sum(dim=1) @ torch.arange(width).double()
    return torch.stack([rows / total, columns / total], dim=1)


def _column_first(images):
    return centre_of_brightness(images).flip(1)


def _counted_from_1(images):
    return centre_of_brightness(images) + 1


def _divided_by_pixels(images):
    total = images.double().sum(dim=(1, 2))[:, None]
    return centre_of_brightness(images) * total / images[0].numel()


def _brightest_pixel(images):
    places = images.flatten(start_dim=1).double().argmax(dim=1)
    return torch.stack([places // images.shape[2], places % images.shape[2]], dim=1)


def _outline(images):
    return centre_of_brightness((images > 0).to(torch.uint8))


def _one_total(images):
    total = images.double().sum(dim=(1, 2))[:, None]
    return centre_of_brightness(images) * total / images.double().sum()


def _mass(images):
    return np.stack([ndimage.center_of_mass(image.double().numpy()) for image in images])


def _bright() -> list[tuple]:
    drawn = torch.Generator().manual_seed(75)
    sizes = [(1, 4, 4), (3, 5, 8), (2, 28, 28)]
    images = [torch.randint(0, 256, size, generator=drawn) for size in sizes]
    for image in images:
        image[:, : image.shape[1] // 3] = 0  # else all centres lie near the middle
    return [(image.to(torch.uint8),) for image in images]


def global_average(maps):
    """One number for each map, its mean over all positions: (N, C, H, W) → (N, C)."""
    # rows are dimension 2, columns dimension 3; images and maps stay apart
    return maps.mean(dim=(2, 3))


def _global_sum(maps):
    return maps.sum(dim=(2, 3))


def _global_maximum(maps):
    return maps.amax(dim=(2, 3))


def _mean_of_maps_too(maps):
    return maps.mean(dim=(1, 2, 3))


def _mean_over_images(maps):
    return maps.mean(dim=(0, 2, 3))


def _kept_dimensions(maps):
    return maps.mean(dim=(2, 3), keepdim=True)


def _rows_alone(maps):
    return maps.mean(dim=2)


def _some_maps() -> list[tuple]:
    drawn = torch.Generator().manual_seed(76)
    sizes = [(1, 3, 5, 5), (4, 2, 3, 7), (3, 5, 1, 1)]
    return [(torch.randn(size, generator=drawn),) for size in sizes]


EXERCISES: dict[str, Written] = {
    "7.4": Written(
        hints=(
            "Walk through the layers with two numbers, as the chapter does: field and step.",
            "First the field grows by kernel - 1 steps; then the step is multiplied by the stride.",
        ),
        solution=receptive_field,
        oracle=_pixels_with_a_gradient,
        cases=lambda: [
            ([(5, 1), (2, 2), (5, 1), (2, 2), (3, 1)],),
            ([(3, 1)],),
            ([(3, 2), (3, 3), (1, 1), (2, 1)],),
            ([(2, 1), (4, 2), (3, 2), (2, 2)],),
        ],
        mistakes=(
            (
                _without_steps,
                "it is right for stride 1 alone: after a stride, neighbours in the map are "
                "further apart in the image.",
            ),
            (
                _own_stride_first,
                "a layer's own stride does not widen what *it* sees, only what later layers see.",
            ),
            (_last_stride_only, "strides multiply: two layers of stride 2 make a step of 4."),
            (_strides_added, "strides are added up here; think of two layers of stride 2."),
            (
                _whole_kernels,
                "a kernel of 1 sees no further than before, but here it makes the field grow.",
            ),
            (_from_zero, "before any layer, a number sees itself: one pixel, not none."),
            (_area, "asked for is the side, not the area."),
        ),
    ),
    "7.5": Written(
        hints=(
            "It is a weighted mean of the row numbers 0, 1, 2, …; the weights are brightnesses.",
            "Turn the images into floats, add up along each row, multiply by the row numbers, "
            "and divide by the image's whole brightness; the same for columns.",
        ),
        solution=centre_of_brightness,
        oracle=_mass,
        cases=_bright,
        mistakes=(
            (_column_first, "row and column have changed places."),
            (_counted_from_1, "rows and columns are counted from 0."),
            (
                _divided_by_pixels,
                "divide by the sum of the brightness, not by the number of pixels.",
            ),
            (_brightest_pixel, "that is where the brightest pixel is; all pixels have a say."),
            (
                _outline,
                "each pixel that is not black counts the same; bright ones should weigh more.",
            ),
            (_one_total, "each image is to be divided by a total of its own."),
        ),
    ),
    "7.6": Written(
        hints=(
            "Which of the four dimensions are positions?",
            "torch's mean takes several dimensions at once: dim=(…, …).",
        ),
        solution=global_average,
        oracle=lambda maps: F.adaptive_avg_pool2d(maps, 1).flatten(start_dim=1),
        cases=_some_maps,
        mistakes=(
            (_global_sum, "that is the sum, which grows with the size of the map."),
            (_global_maximum, "that is the largest value of each map, not its mean."),
            (
                _mean_of_maps_too,
                "the maps of an image are averaged as well; each is to stay apart.",
            ),
            (
                _mean_over_images,
                "it mixes the images of the batch, which know nothing of each other.",
            ),
            (_kept_dimensions, "two dimensions of size 1 are left over; expected is (N, C)."),
            (_rows_alone, "only rows are averaged; columns are positions as well."),
        ),
    ),
}
