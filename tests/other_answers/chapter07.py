import numpy as np
import torch


def from_the_end(layers):
    """Backwards: how many numbers of the map before does one number need?"""
    needed = 1
    for kernel, stride in reversed(list(layers)):
        needed = (needed - 1) * stride + kernel
    return needed


def as_a_sum(layers):
    kernels, strides = np.array(layers).T
    steps = np.cumprod(np.concatenate([[1], strides[:-1]]))
    return 1 + ((kernels - 1) * steps).sum()


def with_einsum(images):
    weights = images.float() / images.float().sum(dim=(1, 2), keepdim=True)
    rows, columns = (torch.arange(side).float() for side in images.shape[1:])
    return torch.stack(
        [
            torch.einsum("nhw,h->n", weights, rows),
            torch.einsum("nhw,w->n", weights, columns),
        ],
        dim=-1,
    )


def image_by_image(images):
    return [np.argwhere(np.ones(i.shape)).T @ i.numpy().ravel() / int(i.sum()) for i in images]


def flattened(maps):
    return maps.flatten(start_dim=2).mean(dim=-1)


def one_large_window(maps):
    n, channels, height, width = maps.shape
    return torch.nn.functional.avg_pool2d(maps, (height, width)).reshape(n, channels)


OTHERS = {
    "7.4": [from_the_end, as_a_sum],
    "7.5": [with_einsum, image_by_image],
    "7.6": [flattened, one_large_window],
}
