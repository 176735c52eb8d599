import numpy as np
import torch
import torch.nn.functional as F
from scipy.signal import convolve2d, correlate2d


def counted(n, k, p, s):
    return len(range(0, n + 2 * p - k + 1, s))


def looked_for(n, k, p, s):
    side, start = 0, 0
    while start + k <= n + 2 * p:
        side, start = side + 1, start + s
    return float(side)


def unfolded(images, kernels, bias, stride=1, padding=0):
    filters, _, k, _ = kernels.shape
    height, width = (
        (side + 2 * padding - k) // stride + 1 for side in (images.shape[2], images.shape[3])
    )
    columns = F.unfold(images, k, padding=padding, stride=stride)  # (N, C·k·k, places)
    maps = kernels.reshape(filters, -1) @ columns + bias[:, None]
    return maps.reshape(len(images), filters, height, width)


def by_scipy(images, kernels, bias, stride=1, padding=0):
    framed = np.pad(images.numpy(), [(0, 0), (0, 0), (padding, padding), (padding, padding)])
    maps = [
        [
            sum(correlate2d(x, w, mode="valid") for x, w in zip(image, kernel, strict=True)) + b
            for kernel, b in zip(kernels.numpy(), bias.numpy(), strict=True)
        ]
        for image in framed
    ]
    return np.array(maps)[:, :, ::stride, ::stride]


def number_by_number(images, kernels, bias, stride=1, padding=0):
    _, channels, height, width = images.shape
    framed = torch.zeros(len(images), channels, height + 2 * padding, width + 2 * padding)
    framed[:, :, padding : padding + height, padding : padding + width] = images
    k = kernels.shape[-1]
    starts = [range(0, side - k + 1, stride) for side in framed.shape[2:]]
    maps = []
    for image in framed:
        for kernel, one in zip(kernels, bias, strict=True):
            for r in starts[0]:
                for c in starts[1]:
                    maps.append((image[:, r : r + k, c : c + k] * kernel).sum() + one)
    return torch.stack(maps).reshape(len(images), len(kernels), *map(len, starts))


def kernels_unfolded(images, grad, k, stride=1, padding=0):
    columns = F.unfold(images, k, padding=padding, stride=stride)
    summed = torch.einsum("nfp,nqp->fq", grad.flatten(start_dim=2), columns)
    return summed.reshape(grad.shape[1], images.shape[1], k, k)


def kernels_as_a_convolution(images, grad, k, stride=1, padding=0):
    # images and channels change places, and the gradient is the kernel; stride becomes dilation
    found = F.conv2d(images.transpose(0, 1), grad.transpose(0, 1), padding=padding, dilation=stride)
    return found.transpose(0, 1)[:, :, :k, :k]


def folded(kernels, grad, shape, stride=1, padding=0):
    columns = kernels.flatten(start_dim=1).T @ grad.flatten(start_dim=2)
    return F.fold(columns, shape[2:], kernels.shape[-1], padding=padding, stride=stride)


def flipped_and_slid(kernels, grad, shape, stride=1, padding=0):
    """From each pixel: the gradient spread out by the stride, and scipy's true convolution."""
    n, channels, height, width = shape
    rows, columns = (side * stride - stride + 1 for side in grad.shape[2:])
    spread = torch.zeros(n, grad.shape[1], rows, columns)
    spread[:, :, ::stride, ::stride] = grad
    framed = np.zeros((n, channels, height + 2 * padding, width + 2 * padding))
    for i in range(n):
        for d in range(channels):
            for f in range(grad.shape[1]):
                full = convolve2d(spread[i, f], kernels[f, d])
                framed[i, d, : full.shape[0], : full.shape[1]] += full
    return framed[:, :, padding : padding + height, padding : padding + width]


def transposed(kernels, grad, shape, stride=1, padding=0):
    left = [side + 2 * padding - kernels.shape[-1] for side in shape[2:]]
    return F.conv_transpose2d(
        grad, kernels, stride=stride, padding=padding, output_padding=[s % stride for s in left]
    )


def by_unfold(maps, k, stride):
    return maps.unfold(2, k, stride).unfold(3, k, stride).mean(dim=(4, 5))


def window_by_window(maps, k, stride):
    starts = [range(0, side - k + 1, stride) for side in maps.shape[2:]]
    rows = [
        torch.stack([maps[:, :, r : r + k, c : c + k].mean(dim=(2, 3)) for c in starts[1]], dim=2)
        for r in starts[0]
    ]
    return torch.stack(rows, dim=2)


def by_numpy(maps, k, stride):
    windows = np.lib.stride_tricks.sliding_window_view(maps.numpy(), (k, k), axis=(2, 3))
    return windows[:, :, ::stride, ::stride].mean(axis=(4, 5))


def one_kernel_of_equal_numbers(grad, shape, k, stride):
    channels = shape[1]
    equal = torch.full((channels, 1, k, k), 1 / k**2)
    left = [(side - k) % stride for side in shape[2:]]
    return F.conv_transpose2d(grad, equal, stride=stride, groups=channels, output_padding=left)


def place_by_place(grad, shape, k, stride):
    maps = np.zeros(shape)
    rows, columns = grad.shape[2:]
    for i in range(k):
        for j in range(k):
            for r in range(rows):
                for c in range(columns):
                    maps[:, :, r * stride + i, c * stride + j] += grad[:, :, r, c].numpy() / k / k
    return maps


OTHERS = {
    "2.2": [counted, looked_for],
    "2.4": [unfolded, by_scipy, number_by_number],
    "2.5": [kernels_unfolded, kernels_as_a_convolution],
    "2.6": [folded, flipped_and_slid, transposed],
    "2.7": [by_unfold, window_by_window, by_numpy],
    "2.8": [one_kernel_of_equal_numbers, place_by_place],
}
