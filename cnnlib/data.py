"""Fashion-MNIST: split once and kept in memory.

60,000 training and 10,000 test images, 28×28 pixels, grey (Xiao, Rasul and Vollgraf 2017,
MIT licence). ``load()`` is all a notebook needs.
"""

import functools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from .experiment import SPLITS
from .splits import folds, holdout, stored_holdout
from .support.sources import data_folder, fetch

#: The ten classes; a label is a position in this list.
CLASS_NAMES = (
    "T-shirt/top", "trouser", "pullover", "dress", "coat",
    "sandal", "shirt", "sneaker", "bag", "ankle boot",
)  # fmt: skip


@dataclass(frozen=True)
class LabelledImages:
    """Images uint8 (N, 1, 28, 28) and labels int64 (N,), on one device."""

    images: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: Tensor | slice) -> "LabelledImages":
        return LabelledImages(self.images[index], self.labels[index])

    def to(self, device: torch.device | str) -> "LabelledImages":
        return LabelledImages(self.images.to(device), self.labels.to(device))


def check_images(images: Tensor) -> None:
    """Raise ValueError unless these are images (N, 1, 28, 28) of grey levels from 0 to 255.

    Float images are taken too, for what augmentation or a moved image gives; they have the same
    levels. Those from 0 to 1 are refused: they would look nearly black to a model.
    """
    wanted = "expected grey levels from 0 to 255, as data.train.images has them"
    if not isinstance(images, Tensor):
        raise ValueError(f"the images are a {type(images).__name__}; expected a tensor")
    shape = tuple(images.shape)
    if shape[1:] != (1, 28, 28):
        hint = "; images[:, None] adds the channel" if shape[1:] == (28, 28) else ""
        raise ValueError(f"the images have the shape {shape}; expected (N, 1, 28, 28){hint}")
    if not len(images):
        raise ValueError("there are no images: their shape is (0, 1, 28, 28)")
    if images.dtype == torch.uint8:
        return
    if not images.is_floating_point():
        raise ValueError(f"the images are of {images.dtype}; {wanted}, of torch.uint8")
    low, high = images.min().item(), images.max().item()
    if not (low >= 0 and high <= 255):  # or not a number
        raise ValueError(f"the images reach from {low:.4g} to {high:.4g}; {wanted}")
    if 0 < high <= 1:
        raise ValueError(f"the images reach from {low:.4g} to {high:.4g}; {wanted}: times 255")


def check_labels(labels: Tensor, images: int) -> None:
    """Raise ValueError unless these are int64 labels (N,) from 0 to 9, one for each image."""
    if not isinstance(labels, Tensor) or labels.dtype != torch.int64:
        found = labels.dtype if isinstance(labels, Tensor) else type(labels).__name__
        raise ValueError(f"the labels are of {found}; expected a tensor of torch.int64")
    if labels.shape != (images,):
        raise ValueError(
            f"the labels have the shape {tuple(labels.shape)}; expected ({images},), one an image"
        )
    if not 0 <= labels.min() <= labels.max() < len(CLASS_NAMES):
        raise ValueError(
            f"the labels reach from {labels.min()} to {labels.max()}; expected classes from 0 to 9"
        )


class Dataset:
    """``train`` (48,000), ``val`` (12,000) and, opened only when asked for, ``test`` (10,000)."""

    class_names = CLASS_NAMES

    def __init__(self, folder: Path, split: str = "holdout") -> None:
        self._folder = folder
        self._test: LabelledImages | None = None
        self.test_openings = 0
        both = _read(folder, "train")
        if split == "holdout":
            self.train_index, self.val_index = stored_holdout()
        elif split == "all":  # nothing is kept back: the val figures are of images trained on
            self.train_index, self.val_index = torch.arange(len(both)), stored_holdout()[1]
        else:
            kind, number = split.split("-")
            again = holdout(both.labels, int(number)) if kind == "holdout" else None
            parts = again or folds(both.labels, kind)[int(number) - 1]
            self.train_index, self.val_index = parts
        self.train, self.val = both[self.train_index], both[self.val_index]

    @property
    def test(self) -> LabelledImages:
        """The test set. Every opening is counted and printed: it is meant for the end."""
        if self._test is None:
            self._test = _read(self._folder, "t10k")
        self.test_openings += 1
        print(f"The test set is opened (opening {self.test_openings} in this session).")
        return self._test


def load(split: str = "holdout") -> Dataset:
    """Fashion-MNIST in memory; fetched first if need be, and read once a session.

    ``split`` says how the 60,000 images that are not for testing are divided: see ``Data``.
    Raises DataError when no source can be reached or a file is not the published one.

    >>> data = cnnlib.load()
    >>> len(data.train), tuple(data.val.images.shape), data.class_names[data.val.labels[0]]
    (48000, (12000, 1, 28, 28), 'T-shirt/top')
    """
    if split not in SPLITS:
        raise ValueError(f"split is {split!r}; expected one of {', '.join(SPLITS)}")
    return _holdout(data_folder()) if split == "holdout" else _fold(data_folder(), split)


@functools.cache
def _holdout(folder: Path) -> Dataset:
    fetch(folder)
    return Dataset(folder)


@functools.lru_cache(maxsize=1)  # the folds one after another: each is 47 MB
def _fold(folder: Path, split: str) -> Dataset:
    fetch(folder)
    return Dataset(folder, split)


def _read(folder: Path, part: str) -> LabelledImages:
    """``"train"`` or ``"t10k"``, from its two files: a head, then a byte for each value.

    torchvision reads the same (tested), but importing it takes as long as importing torch.
    """
    raw = folder / "FashionMNIST" / "raw"
    images = np.fromfile(raw / f"{part}-images-idx3-ubyte", np.uint8, offset=16)
    labels = np.fromfile(raw / f"{part}-labels-idx1-ubyte", np.uint8, offset=8)
    return LabelledImages(
        torch.from_numpy(images).view(-1, 1, 28, 28), torch.from_numpy(labels.astype(np.int64))
    )
