"""Augmentation, with random numbers of its own for each image of a batch.

Turning, mirroring, brightness and contrast are report 2's; moving by pixels is chapter 24's.

torchvision's transforms draw once for what they are given: given a batch, they do the same to
all its images. Its *functions* are the oracle here: each image comes out as they make it.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from .experiment import Data


def augment(images: Tensor, data: Data) -> Tensor:
    """uint8 images (N, 1, 28, 28) → uint8, each rotated, flipped and jittered by its own draws.

    Draws from torch's global random state, as torchvision does; nothing is drawn, and the
    images come back as they are, when ``data`` declares no augmentation.
    """
    if data.rotation:
        images = rotate(images, uniform(images, -data.rotation, data.rotation))
    if data.shift:
        images = shift(images, pixels(images, data.shift), pixels(images, data.shift))
    if data.flip:
        images = flip(images, uniform(images, 0, 1) < data.flip)
    if data.brightness:
        images = adjust_brightness(
            images, uniform(images, 1 - data.brightness, 1 + data.brightness)
        )
    if data.contrast:
        images = adjust_contrast(images, uniform(images, 1 - data.contrast, 1 + data.contrast))
    return images


def uniform(images: Tensor, low: float, high: float) -> Tensor:
    """One random number for each image, between ``low`` and ``high``: (N,)."""
    return torch.empty(len(images), device=images.device).uniform_(low, high)


def pixels(images: Tensor, most: int) -> Tensor:
    """One random whole number for each image, from ``-most`` to ``most``: (N,)."""
    return torch.randint(-most, most + 1, (len(images),), device=images.device)


def rotate(images: Tensor, degrees: Tensor) -> Tensor:
    """Turn each image (N, 1, H, W) anticlockwise by its ``degrees`` (N,); new corners are black.

    Each pixel takes the nearest pixel of the image before it, torchvision's default. The
    images are square, so a rotation needs no correction for their shape.
    """
    angle = degrees.deg2rad()
    cos, sin, zero = angle.cos(), angle.sin(), torch.zeros_like(angle)
    where_from = torch.stack([cos, -sin, zero, sin, cos, zero], dim=1).view(-1, 2, 3)
    grid = F.affine_grid(where_from, list(images.shape), align_corners=False)
    return F.grid_sample(images.float(), grid, mode="nearest", align_corners=False).to(images.dtype)


def shift(images: Tensor, right: Tensor | int = 0, down: Tensor | int = 0) -> Tensor:
    """Move each image (N, 1, H, W) by whole pixels (negative: left, up); black comes in.

    ``right`` and ``down`` are one number for each image, (N,), or one for all of them.

    >>> cnnlib.augment.shift(torch.tensor([[[[1, 2], [3, 4]]]]), right=1).tolist()
    [[[[0, 1], [0, 3]]]]
    """
    right, down = (
        torch.as_tensor(by, device=images.device).expand(len(images)) for by in (right, down)
    )
    most = int(torch.cat([right, down]).abs().max())
    side = torch.arange(images.shape[-1], device=images.device)
    rows, columns = (side - by[:, None] + most for by in (down, right))  # (N, H), (N, W)
    framed = F.pad(images, [most] * 4)
    which = torch.arange(len(images), device=images.device)[:, None, None]
    return framed[which, 0, rows[:, :, None], columns[:, None, :]].unsqueeze(1)


def flip(images: Tensor, chosen: Tensor) -> Tensor:
    """Mirror the ``chosen`` (N,) of the images left to right."""
    return torch.where(chosen[:, None, None, None], images.flip(-1), images)


def adjust_brightness(images: Tensor, factors: Tensor) -> Tensor:
    """Multiply each image by its factor (N,); what leaves 0 to 255 is cut off."""
    return _blend(images.float(), torch.zeros(len(images), 1, 1, 1), factors)


def adjust_contrast(images: Tensor, factors: Tensor) -> Tensor:
    """Multiply each pixel's distance from its image's mean by its factor (N,)."""
    means = images.float().mean(dim=(1, 2, 3), keepdim=True)
    return _blend(images.float(), means, factors)


def _blend(pixels: Tensor, middle: Tensor, factors: Tensor) -> Tensor:
    factors = factors[:, None, None, None]
    mixed = factors * pixels + (1 - factors) * middle.to(pixels.device)
    return mixed.clamp(0, 255).to(torch.uint8)
