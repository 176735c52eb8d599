"""Exercises of chapter 2 that are answered by writing a function or a class."""

import torch
import torch.nn.functional as F

from ..judging import Written

# Solutions and mistakes: written as a reader would write them ---------------------------------


def output_side(n, k, p, s):
    """Side of the map: image of side n, window of side k, padding p, stride s."""
    last = n + 2 * p - k  # where the last window starts, if it moves by one
    # the starts are 0, s, 2s, … up to there; the first one counts as well
    return last // s + 1


def _without_the_first(n, k, p, s):
    return (n + 2 * p - k) // s


def _one_too_early(n, k, p, s):
    return (n + 2 * p - k + 1) // s


def _framed_on_one_side(n, k, p, s):
    return (n + p - k) // s + 1


def _not_rounded(n, k, p, s):
    return (n + 2 * p - k) / s + 1


def _rounded_up(n, k, p, s):
    return -((k - n - 2 * p) // s) + 1


def _side_by_torch(n, k, p, s):
    image, kernel = torch.zeros(1, 1, n, n), torch.zeros(1, 1, k, k)
    return F.conv2d(image, kernel, padding=p, stride=s).shape[-1]


def _sides() -> list[tuple]:
    return [(28, 5, 2, 1), (28, 2, 0, 1), (28, 2, 0, 2), (28, 3, 1, 3), (11, 2, 0, 2), (5, 5, 0, 4)]


def conv2d(images, kernels, bias, stride=1, padding=0):
    """(N, C, H, W), kernels (F, C, k, k), bias (F,) → maps (N, F, rows, columns)."""
    images = F.pad(images, (padding, padding, padding, padding))
    k = kernels.shape[-1]
    rows = (images.shape[2] - k) // stride + 1
    columns = (images.shape[3] - k) // stride + 1
    maps = torch.zeros(len(images), len(kernels), rows, columns)
    for r in range(rows):
        for c in range(columns):
            top, left = r * stride, c * stride
            window = images[:, :, top : top + k, left : left + k]  # (N, C, k, k)
            # every image meets every filter; the sum is over channels and the window
            products = window[:, None] * kernels  # (N, F, C, k, k)
            maps[:, :, r, c] = products.sum(dim=(2, 3, 4)) + bias
    return maps


def _flipped(images, kernels, bias, stride=1, padding=0):
    return F.conv2d(images, kernels.flip(2, 3), bias, stride, padding)


def _padded_on_one_side(images, kernels, bias, stride=1, padding=0):
    images = F.pad(images, (padding, 0, padding, 0))
    return F.conv2d(images, kernels, bias, stride)


def _not_padded(images, kernels, bias, stride=1, padding=0):
    return F.conv2d(images, kernels, bias, stride)


def _stride_in_rows_only(images, kernels, bias, stride=1, padding=0):
    return F.conv2d(images, kernels, bias, (stride, 1), padding)


def _stride_left_out(images, kernels, bias, stride=1, padding=0):
    return F.conv2d(images, kernels, bias, padding=padding)


def _channels_averaged(images, kernels, bias, stride=1, padding=0):
    channels = images.shape[1]
    return F.conv2d(images, kernels / channels, bias, stride, padding)


def _first_channel(images, kernels, bias, stride=1, padding=0):
    return F.conv2d(images[:, :1], kernels[:, :1], bias, stride, padding)


def _without_bias(images, kernels, bias, stride=1, padding=0):
    return F.conv2d(images, kernels, None, stride, padding)


def _bias_in_each_channel(images, kernels, bias, stride=1, padding=0):
    return F.conv2d(images, kernels, bias * images.shape[1], stride, padding)


#: (N, C, F, H, W, k, stride, padding)
SIZES = [
    (1, 1, 1, 4, 4, 2, 1, 0),
    (2, 3, 4, 7, 6, 3, 1, 1),
    (2, 2, 3, 9, 8, 3, 2, 1),
    (1, 3, 2, 5, 5, 5, 1, 2),
    (3, 2, 1, 11, 8, 2, 3, 0),
]


def _layers() -> list[tuple]:
    drawn = torch.Generator().manual_seed(2)
    return [
        (
            torch.randn(n, channels, height, width, generator=drawn),
            torch.randn(filters, channels, k, k, generator=drawn),
            torch.randn(filters, generator=drawn),
            stride,
            padding,
        )
        for n, channels, filters, height, width, k, stride, padding in SIZES
    ]


def kernel_gradient(images, grad, k, stride=1, padding=0):
    """Images (N, C, H, W) and gradient (N, F, rows, columns) → (F, C, k, k)."""
    images = F.pad(images, (padding, padding, padding, padding))
    rows, columns = grad.shape[2:]
    kernels = torch.zeros(grad.shape[1], images.shape[1], k, k)
    for i in range(k):
        for j in range(k):
            # the pixels on which this number of the kernel lay, one for each window
            under = images[:, :, i::stride, j::stride][:, :, :rows, :columns]
            # each counts as much as its window does: (N, F, C, rows, columns)
            products = grad[:, :, None] * under[:, None]
            # all images and all windows share the kernel
            kernels[:, :, i, j] = products.sum(dim=(0, 3, 4))
    return kernels


def _kernels_by_autograd(images, grad, k, stride=1, padding=0):
    kernels = torch.zeros(grad.shape[1], images.shape[1], k, k, requires_grad=True)
    maps = F.conv2d(images, kernels, stride=stride, padding=padding)
    return torch.autograd.grad(maps, kernels, grad)[0]


def _kernel_flipped(images, grad, k, stride=1, padding=0):
    return _kernels_by_autograd(images, grad, k, stride, padding).flip(2, 3)


def _mean_of_images(images, grad, k, stride=1, padding=0):
    return _kernels_by_autograd(images, grad, k, stride, padding) / len(images)


def _mean_of_windows(images, grad, k, stride=1, padding=0):
    return _kernels_by_autograd(images, grad, k, stride, padding) / grad[0, 0].numel()


def _axes_exchanged(images, grad, k, stride=1, padding=0):
    return _kernels_by_autograd(images, grad, k, stride, padding).transpose(0, 1)


def _windows_not_weighted(images, grad, k, stride=1, padding=0):
    return _kernels_by_autograd(images, torch.ones_like(grad), k, stride, padding)


def _stride_forgotten(images, grad, k, stride=1, padding=0):
    images = F.pad(images, (padding, padding, padding, padding))
    rows, columns = grad.shape[2:]
    kernels = torch.zeros(grad.shape[1], images.shape[1], k, k)
    for i in range(k):
        for j in range(k):
            lay_on = images[:, :, i : i + rows, j : j + columns]
            kernels[:, :, i, j] = torch.einsum("nfrc,ndrc->fd", grad, lay_on)
    return kernels


def _seen_backwards() -> list[tuple]:
    """Images and kernels as in ``_layers``, and a gradient for their maps."""
    drawn = torch.Generator().manual_seed(3)
    cases = []
    for images, kernels, bias, stride, padding in _layers():
        maps = F.conv2d(images, kernels, bias, stride, padding)
        cases.append((images, kernels, torch.randn(maps.shape, generator=drawn), stride, padding))
    return cases


def _for_kernels() -> list[tuple]:
    return [
        (images, grad, kernels.shape[-1], stride, padding)
        for images, kernels, grad, stride, padding in _seen_backwards()
    ]


def image_gradient(kernels, grad, shape, stride=1, padding=0):
    """Kernels (F, C, k, k) and gradient (N, F, rows, columns) → shape (N, C, H, W)."""
    n, channels, height, width = shape
    k = kernels.shape[-1]
    framed = torch.zeros(n, channels, height + 2 * padding, width + 2 * padding)
    for r in range(grad.shape[2]):
        for c in range(grad.shape[3]):
            top, left = r * stride, c * stride
            blame = grad[:, :, r, c, None, None, None]  # (N, F, 1, 1, 1)
            # it goes back through all kernels that made numbers of this window, and is
            # added to what the pixels have: they lie in several windows
            framed[:, :, top : top + k, left : left + k] += (blame * kernels).sum(dim=1)
    # the frame was no part of the image
    return framed[:, :, padding : padding + height, padding : padding + width]


def _image_by_autograd(kernels, grad, shape, stride=1, padding=0):
    images = torch.zeros(shape, requires_grad=True)
    maps = F.conv2d(images, kernels, stride=stride, padding=padding)
    return torch.autograd.grad(maps, images, grad)[0]


def _back_with_flipped_kernels(kernels, grad, shape, stride=1, padding=0):
    return _image_by_autograd(kernels.flip(2, 3), grad, shape, stride, padding)


def _last_window_wins(kernels, grad, shape, stride=1, padding=0):
    n, channels, height, width = shape
    k = kernels.shape[-1]
    framed = torch.zeros(n, channels, height + 2 * padding, width + 2 * padding)
    for r in range(grad.shape[2]):
        for c in range(grad.shape[3]):
            top, left = r * stride, c * stride
            shares = torch.einsum("nf,fdij->ndij", grad[:, :, r, c], kernels)
            framed[:, :, top : top + k, left : left + k] = shares
    return framed[:, :, padding : padding + height, padding : padding + width]


def _back_with_the_frame(kernels, grad, shape, stride=1, padding=0):
    n, channels, height, width = shape
    framed = (n, channels, height + 2 * padding, width + 2 * padding)
    return _image_by_autograd(kernels, grad, framed, stride)


def _frame_cut_at_one_end(kernels, grad, shape, stride=1, padding=0):
    framed = _back_with_the_frame(kernels, grad, shape, stride, padding)
    return framed[:, :, : shape[2], : shape[3]]


def _back_by_stride_1(kernels, grad, shape, stride=1, padding=0):
    n, channels, height, width = shape
    k = kernels.shape[-1]
    framed = torch.zeros(n, channels, height + 2 * padding, width + 2 * padding)
    for r in range(grad.shape[2]):
        for c in range(grad.shape[3]):
            shares = torch.einsum("nf,fdij->ndij", grad[:, :, r, c], kernels)
            framed[:, :, r : r + k, c : c + k] += shares
    return framed[:, :, padding : padding + height, padding : padding + width]


def _mean_of_filters(kernels, grad, shape, stride=1, padding=0):
    return _image_by_autograd(kernels, grad, shape, stride, padding) / len(kernels)


def _for_images() -> list[tuple]:
    return [
        (kernels, grad, tuple(images.shape), stride, padding)
        for images, kernels, grad, stride, padding in _seen_backwards()
    ]


def average_pool(maps, k, stride):
    """Windows of k×k, stride apart: (N, C, H, W) → (N, C, rows, columns)."""
    rows = (maps.shape[2] - k) // stride + 1
    columns = (maps.shape[3] - k) // stride + 1
    pooled = torch.zeros(*maps.shape[:2], rows, columns)
    for i in range(k):
        for j in range(k):
            # the number at place (i, j) of every window at once
            pooled += maps[:, :, i::stride, j::stride][:, :, :rows, :columns]
    return pooled / k**2


def _summed(maps, k, stride):
    return F.avg_pool2d(maps, k, stride) * k**2


def _divided_by_the_side(maps, k, stride):
    return F.avg_pool2d(maps, k, stride) * k


def _largest(maps, k, stride):
    return F.max_pool2d(maps, k, stride)


def _stride_is_the_window(maps, k, stride):
    return F.avg_pool2d(maps, k)


def _a_part_of_a_window(maps, k, stride):
    return F.avg_pool2d(maps, k, stride, ceil_mode=True)


def _channels_mixed(maps, k, stride):
    return F.avg_pool2d(maps, k, stride).mean(dim=1, keepdim=True)


def _pooled_maps() -> list[tuple]:
    drawn = torch.Generator().manual_seed(4)
    sizes = [(1, 1, 4, 4, 2, 2), (2, 3, 8, 9, 3, 2), (2, 2, 8, 6, 2, 1), (1, 2, 9, 6, 2, 3)]
    return [(torch.randn(size[:4], generator=drawn), *size[4:]) for size in sizes]


def average_pool_gradient(grad, shape, k, stride):
    """Gradient of the pooled maps (N, C, rows, columns) → shape, that of the maps."""
    maps = torch.zeros(shape)
    for r in range(grad.shape[2]):
        for c in range(grad.shape[3]):
            top, left = r * stride, c * stride
            # each of the k·k numbers made an equal part of this mean
            share = grad[:, :, r, c, None, None] / k**2
            maps[:, :, top : top + k, left : left + k] += share
    return maps


def _pooling_by_autograd(grad, shape, k, stride):
    maps = torch.zeros(shape, requires_grad=True)
    return torch.autograd.grad(F.avg_pool2d(maps, k, stride), maps, grad)[0]


def _whole_to_each(grad, shape, k, stride):
    return _pooling_by_autograd(grad, shape, k, stride) * k**2


def _whole_to_the_corner(grad, shape, k, stride):
    maps = torch.zeros(shape)
    rows, columns = grad.shape[2:]
    maps[:, :, : rows * stride : stride, : columns * stride : stride] = grad
    return maps


def _overwritten(grad, shape, k, stride):
    maps = torch.zeros(shape)
    for r in range(grad.shape[2]):
        for c in range(grad.shape[3]):
            top, left = r * stride, c * stride
            share = grad[:, :, r, c, None, None] / k**2
            maps[:, :, top : top + k, left : left + k] = share
    return maps


def _enlarged(grad, shape, k, stride):
    return F.interpolate(grad, size=shape[2:], mode="nearest") / k**2


def _side_by_side(grad, shape, k, stride):
    maps = torch.zeros(shape)
    for r in range(grad.shape[2]):
        for c in range(grad.shape[3]):
            share = grad[:, :, r, c, None, None] / k**2
            maps[:, :, r * k : r * k + k, c * k : c * k + k] += share
    return maps


def _pooled_gradients() -> list[tuple]:
    drawn = torch.Generator().manual_seed(5)
    cases = []
    for maps, k, stride in _pooled_maps():
        pooled = F.avg_pool2d(maps, k, stride)
        cases.append((torch.randn(pooled.shape, generator=drawn), tuple(maps.shape), k, stride))
    return cases


EXERCISES: dict[str, Written] = {
    "2.2": Written(
        hints=(
            "Windows start at 0, s, 2s, … How far to the right can the last one start?",
            "The last possible start is n + 2p - k. Count the starts 0, s, 2s, … that are not "
            "beyond it; // rounds down.",
        ),
        solution=output_side,
        oracle=_side_by_torch,
        cases=_sides,
        mistakes=(
            (_without_the_first, "one window is missing: the one that starts at 0 counts too."),
            (_one_too_early, "it is right for stride 1; the 1 is added too early for others."),
            (_framed_on_one_side, "a row of zeros is put at both ends of each side, not at one."),
            (_not_rounded, "half a window is none: the number of windows is a whole number."),
            (_rounded_up, "it counts a last window that reaches over the edge; it must fit."),
        ),
    ),
    "2.4": Written(
        hints=(
            "Frame the images with F.pad. Then, for each place of the map, cut out one window of "
            "all images and all channels.",
            "A window is images[:, :, r * stride : r * stride + k, …], (N, C, k, k). With "
            "[:, None] it meets all filters at once; sum over channels, rows and columns.",
        ),
        solution=conv2d,
        oracle=F.conv2d,
        cases=_layers,
        mistakes=(
            (_flipped, "the kernel is turned round, as in mathematics; PyTorch lays it as it is."),
            (_padded_on_one_side, "zeros come before the first row and column only; a frame has "
             "four sides."),
            (_not_padded, "`padding` changes nothing here; where do the zeros come in?"),
            (_stride_in_rows_only, "the window skips rows but not columns; stride is for both."),
            (_stride_left_out, "`stride` changes nothing here: every window is taken."),
            (_channels_averaged, "the channels' results are averaged; a filter adds them up."),
            (_first_channel, "only the first channel is looked at; each has a kernel."),
            (_without_bias, "all is right but for one number for each filter. Which was not used?"),
            (_bias_in_each_channel, "the bias is added once for each channel; a filter has one."),
        ),
        tolerance=1e-4,
    ),
    "2.5": Written(
        hints=(
            "On which pixels did kernels[f, c, i, j] lie? Which number of grad belongs to each?",
            "It lay on rows i, i + stride, i + 2·stride, … of the framed image, and on columns "
            "likewise from j. Multiply these pixels by grad[:, f], and add up over images too.",
        ),
        solution=kernel_gradient,
        oracle=_kernels_by_autograd,
        cases=_for_kernels,
        mistakes=(
            (_kernel_flipped, "all numbers are there, but the kernel is turned round."),
            (_mean_of_images, "it is a mean over the images; the loss is the sum of their parts, "
             "so their gradients are added."),
            (_mean_of_windows, "it is a mean over the windows; every window adds its part."),
            (_axes_exchanged, "filters come first and channels second; here it is the other way."),
            (_windows_not_weighted, "every window counts the same here; how much each counts "
             "stands in grad."),
            (_stride_forgotten, "it is right for stride 1; with another, the pixels lie apart."),
        ),
        tolerance=1e-4,
    ),
    "2.6": Written(
        hints=(
            "Start from zeros of the framed size, and let each number of grad hand its part back "
            "to the window that it was made of.",
            "Number (r, c) of map f adds grad[:, f, r, c] times kernels[f] to the window that "
            "starts at row r * stride and column c * stride. At the end, cut the frame off.",
        ),
        solution=image_gradient,
        oracle=_image_by_autograd,
        cases=_for_images,
        mistakes=(
            (_back_with_flipped_kernels, "the kernel has the wrong orientation. Which way round it "
             "is depends on how you go: from each map number to its window, or from each pixel."),
            (_last_window_wins, "where windows overlap, the last one wipes out what the others "
             "gave."),
            (_back_with_the_frame, "it has the size of the framed image; whose gradient is asked?"),
            (_frame_cut_at_one_end, "the size is right but the place is not: the frame has four "
             "sides."),
            (_back_by_stride_1, "it is right for stride 1; with another, the windows lie apart."),
            (_mean_of_filters, "it is a mean over the filters; a pixel answers to all of them."),
        ),
        tolerance=1e-4,
    ),
    "2.7": Written(
        hints=(
            "It is exercise 2.4 without kernels: for each window, the mean over its rows and "
            "columns, for every image and channel at once.",
            "maps[:, :, i::stride, j::stride] holds the number at place (i, j) of every window, "
            "and perhaps of one that does not fit: cut it to the number of rows and columns.",
        ),
        solution=average_pool,
        oracle=F.avg_pool2d,
        cases=_pooled_maps,
        mistakes=(
            (_summed, "that is the sum of each window."),
            (_divided_by_the_side, "it is too large: how many numbers does a window hold?"),
            (_largest, "that is the largest number of each window."),
            (_stride_is_the_window, "the windows lie side by side whatever `stride` says."),
            (_a_part_of_a_window, "a window that reaches over the edge is left out."),
            (_channels_mixed, "channels are pooled one by one; their number stays as it is."),
        ),
    ),
    "2.8": Written(
        hints=(
            "Of a mean of k·k numbers, how much does it rise when one of them rises by 1?",
            "Start from zeros of the given shape; for each number of grad, add its part to every "
            "place of its window. Windows may overlap, and some pixels may lie in none.",
        ),
        solution=average_pool_gradient,
        oracle=_pooling_by_autograd,
        cases=_pooled_gradients,
        mistakes=(
            (_whole_to_each, "each number of a window gets all of the gradient; they share it."),
            (_whole_to_the_corner, "one corner gets everything; all numbers of a window made it."),
            (_overwritten, "where windows overlap, the last one wipes out what the others gave."),
            (_enlarged, "the gradient is stretched over the whole map, but a pixel that lies in no "
             "window gets nothing, and one that lies in two gets two parts."),
            (_side_by_side, "the windows are put side by side, whatever `stride` says."),
        ),
    ),
}  # fmt: skip
