"""Which of the 60,000 images train and which validate: drawn by scikit-learn.

It is imported only when a split is drawn: that takes longer than reading all images.
"""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from .experiment import FOLDS

#: The catalogue's split, one bit for each image: 1 validates.
HOLDOUT = Path(__file__).with_name("holdout.npy")


def holdout(labels: Tensor, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Positions of an 80 % training and a 20 % validation part, stratified by class, sorted."""
    from sklearn.model_selection import train_test_split

    train, val = train_test_split(
        np.arange(len(labels)), test_size=0.2, stratify=labels.numpy(), random_state=seed
    )
    return torch.from_numpy(np.sort(train)), torch.from_numpy(np.sort(val))


def stored_holdout() -> tuple[Tensor, Tensor]:
    """What ``holdout`` gives for the labels of Fashion-MNIST, one bit for each image (tested)."""
    in_val = torch.from_numpy(np.unpackbits(np.load(HOLDOUT)).astype(bool))
    return (~in_val).nonzero()[:, 0], in_val.nonzero()[:, 0]


def folds(labels: Tensor, kind: str = "stratified", seed: int = 0) -> list[tuple[Tensor, Tensor]]:
    """Positions of the training and the validation part of each of five folds, sorted.

    Each image is in the validation part once. ``"stratified"``: scikit-learn's StratifiedKFold,
    every class equally frequent in every fold; ``"plain"``: its KFold. Both are told to shuffle,
    which they do not do by themselves.
    """
    from sklearn.model_selection import KFold, StratifiedKFold

    kinds = {"stratified": StratifiedKFold, "plain": KFold}
    if kind not in kinds:
        raise ValueError(f"kind is {kind!r}; expected one of {', '.join(kinds)}")
    cut = kinds[kind](FOLDS, shuffle=True, random_state=seed).split(labels, labels)
    return [(torch.from_numpy(train), torch.from_numpy(val)) for train, val in cut]
