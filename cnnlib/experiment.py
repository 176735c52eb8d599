"""What an experiment is: frozen declarations, and the difference between two of them.

The defaults below *are* the baseline of report 1: ``Experiment("baseline")`` needs no
arguments, and every other experiment states only what it changes.
"""

import dataclasses
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .network import Network, network
from .support.values import (
    above,
    at_least,
    at_most,
    between,
    known_fields,
    one_of,
    settle,
    settled,
)

#: The split ``"holdout"`` in words, as each stored run records it.
HOLDOUT = "stratified 80/20, seed 0"
FOLDS = 5
FOLD_KINDS = ("stratified", "plain")
FOLD_SPLITS = tuple(f"{kind}-{fold}" for kind in FOLD_KINDS for fold in range(1, FOLDS + 1))
OTHER_HOLDOUTS = tuple(f"holdout-{seed}" for seed in range(1, 6))  # the same cut, drawn anew
SPLITS = ("holdout", "all", *FOLD_SPLITS, *OTHER_HOLDOUTS)


@dataclass(frozen=True)
class Conv:
    """One convolution: ``filters`` kernels of ``kernel`` × ``kernel`` pixels, stride 1.

    ``padding`` is the number of zero pixels added on each side.

    >>> str(cnnlib.Conv(6, 5, padding=2))
    '6@5×5 p2'
    """

    filters: int
    kernel: int = 5
    padding: int = 0

    def __post_init__(self) -> None:
        settle(self)
        for field, low in (("filters", 1), ("kernel", 1), ("padding", 0)):
            at_least(self, field, low)

    def __str__(self) -> str:
        padding = f" p{self.padding}" if self.padding else ""
        return f"{self.filters}@{self.kernel}×{self.kernel}{padding}"


@dataclass(frozen=True)
class Arch:
    """The architecture: blocks of convolution and 2×2 pooling, then fully connected layers.

    Pooling follows every convolution. With ``pool_after``, only those it numbers (from 1):
    ``(2, 4)`` pools after the second and the fourth.
    """

    convs: tuple[Conv, ...] = (Conv(6, 5, padding=2), Conv(16, 5))
    pool: str = "avg"  #: "avg" or "max"; 2×2, stride 2
    pool_after: tuple[int, ...] = ()  #: numbers of convolutions; () means every one
    activation: str = "relu"  #: or "leaky_relu" (slope 0.01), "tanh", "elu", "gelu", "silu"
    batch_norm: bool = False  #: after every convolution, before the activation
    global_pool: bool = False  #: the mean of each last map is read, instead of all its values
    hidden: tuple[int, ...] = (120, 84)  #: units of the hidden fully connected layers
    dropout_pool: float = 0.0  #: probability of dropping a value, after every pooling
    dropout_first: float = 0.0  #: the same, after the first fully connected layer
    dropout_last: float = 0.0  #: the same, before the output layer
    softmax: bool = False  #: report 2's extra last layer; the loss applies softmax again
    init: str = "glorot_uniform"  #: Keras's default; or "kaiming_uniform". Biases start at 0

    def __post_init__(self) -> None:
        settle(self)
        one_of(self, "pool", ("avg", "max"))
        one_of(self, "activation", ("relu", "leaky_relu", "tanh", "elu", "gelu", "silu"))
        one_of(self, "init", ("glorot_uniform", "kaiming_uniform"))
        for field in ("dropout_pool", "dropout_first", "dropout_last"):
            between(self, field, 0, 1)
        if not self.convs:
            raise ValueError("Arch.convs is empty; expected at least one Conv")
        if not all(units >= 1 for units in self.hidden):
            raise ValueError(
                f"Arch.hidden is {self.hidden!r}; expected at least 1 unit in each layer, or ()"
            )
        if not set(self.pool_after) <= set(range(1, len(self.convs) + 1)):
            raise ValueError(
                f"Arch.pool_after is {self.pool_after!r}; expected numbers from 1 to "
                f"{len(self.convs)}, the convolutions after which to pool"
            )
        for conv, side in zip(self.convs, self.sides(), strict=True):
            if side < 1:
                raise ValueError(
                    f"Arch.convs: nothing is left of the image after {conv} and its pooling; "
                    "use a smaller kernel, more padding or fewer convolutions"
                )

    def sides(self, side: int = 28) -> Iterator[int]:
        """Side of the square feature map, in pixels, after each block."""
        for number, conv in enumerate(self.convs, start=1):
            side += 2 * conv.padding - conv.kernel + 1
            side = side // 2 if self.pools(number) else side
            yield side

    def pools(self, number: int) -> bool:
        """Does pooling follow convolution ``number`` (the first is 1)?"""
        return not self.pool_after or number in self.pool_after


@dataclass(frozen=True)
class Recipe:
    """How a model is trained."""

    epochs: int = 15  #: passes over the training images
    batch_size: int = 64  #: images per step
    optimiser: str = "adam"  #: or "adamw", "sgd", or "momentum": SGD with a momentum of 0.9
    lr: float = 1e-3  #: learning rate
    #: "step": times gamma every step_epochs epochs. "cosine": down to 0. "one-cycle": up and down
    schedule: str = "constant"
    step_epochs: int = 5  #: of the schedule "step"
    gamma: float = 0.5  #: of the schedule "step"
    l2_conv: float = 0.01  #: λ: adds λ·Σw² over the convolution kernels to the loss
    weight_decay: float = 0.0  #: of "adamw": each step takes lr·weight_decay of each weight off
    label_smoothing: float = 0.0  #: this share of each label is spread over the ten classes

    def __post_init__(self) -> None:
        settle(self)
        one_of(self, "optimiser", ("adam", "adamw", "sgd", "momentum"))
        one_of(self, "schedule", ("constant", "step", "cosine", "one-cycle"))
        for field in ("epochs", "batch_size", "step_epochs"):
            at_least(self, field, 1)
        above(self, "lr", 0)
        above(self, "gamma", 0)
        at_least(self, "l2_conv", 0)
        at_least(self, "weight_decay", 0)
        if self.optimiser == "adamw" and self.l2_conv:
            raise ValueError(
                f"Recipe.l2_conv is {self.l2_conv!r}; expected 0 beside the optimiser 'adamw', "
                "whose weight_decay takes its place"
            )
        if self.optimiser != "adamw" and self.weight_decay:
            raise ValueError(
                f"Recipe.weight_decay is {self.weight_decay!r}; expected 0 for the optimiser "
                f"{self.optimiser!r}: only 'adamw' has one"
            )
        between(self, "label_smoothing", 0, 1)


@dataclass(frozen=True)
class Data:
    """Which images, and what happens to their pixels: [0, 1], augmented, ``(x - mean) / std``.

    A *split* divides the 60,000 images into training and validation images. ``split`` is
    ``"holdout"``, which the catalogue uses; or a fold of a cross-validation: ``"stratified-1"``
    to ``"stratified-5"``, ``"plain-1"`` to ``"plain-5"`` (see ``splits.folds``); or the catalogue's
    kind of split drawn anew, ``"holdout-1"`` to ``"holdout-5"``; or ``"all"``, for the last
    training of a model that has been chosen: all 60,000 images are trained on, the validation
    images among them. Only training images are augmented, each with its own draws.
    """

    mean: float = 0.0  #: subtracted from pixels in [0, 1]
    std: float = 1.0  #: the difference is divided by it
    rotation: float = 0.0  #: degrees: up to so many either way
    shift: int = 0  #: pixels: up to so many, across and down; black comes in
    flip: float = 0.0  #: probability of a left-right flip
    brightness: float = 0.0  #: b: times a factor between 1 - b and 1 + b
    contrast: float = 0.0  #: c: distance from the image's mean times between 1 - c and 1 + c
    split: str = "holdout"  #: see above

    def __post_init__(self) -> None:
        settle(self)
        between(self, "mean", 0, 1)
        above(self, "std", 0)
        between(self, "rotation", 0, 180)
        if self.shift not in range(28):
            raise ValueError(f"Data.shift is {self.shift!r}; expected a whole number from 0 to 27")
        for field in ("flip", "brightness", "contrast"):
            at_least(self, field, 0)
            at_most(self, field, 1)
        one_of(self, "split", SPLITS)


@dataclass(frozen=True)
class Experiment:
    """A declared experiment. One with a ``parent`` is a variant of it; ``why`` says why.

    ``model`` takes a class of ``torch.nn.Module`` (images (N, 1, 28, 28) → logits (N, 10), built
    without arguments) in the place of ``arch``: a network of your own. See ``cnnlib.network``.
    """

    name: str
    arch: Arch = Arch()
    recipe: Recipe = Recipe()
    data: Data = Data()
    parent: str | None = None
    why: str = ""
    model: Network | None = None

    def __post_init__(self) -> None:
        if self.model is not None:
            object.__setattr__(self, "model", network(self.model))
        settle(self)
        if self.model and self.arch != Arch():
            raise ValueError(
                f"{self.name!r} has a model of its own, {self.model}, and an arch; give one of them"
            )
        if not re.fullmatch(r"[\w.-]+", self.name):  # it becomes the name of a folder
            raise ValueError(
                f"an experiment is named {self.name!r}; expected letters, digits, '.', '-' and '_'"
            )


PARTS = {"arch": Arch, "recipe": Recipe, "data": Data}


def varied(
    parent: Experiment,
    name: str,
    *,
    arch: Mapping[str, Any] | None = None,
    recipe: Mapping[str, Any] | None = None,
    data: Mapping[str, Any] | None = None,
    model: Any = None,
    why: str = "",
) -> Experiment:
    """A variant of ``parent``: give only the fields that differ, as ``arch=dict(pool="max")``.

    With a ``model``, a class of ``torch.nn.Module``, the parent's ``arch`` counts no longer.
    Raises ValueError for an unknown field, a bad value, or a variant that changes nothing.
    """
    given = {"arch": arch, "recipe": recipe, "data": data}
    parts = {
        part: dataclasses.replace(getattr(parent, part), **known_fields(part, PARTS[part], fields))
        for part, fields in given.items()
        if fields is not None
    }
    if model is not None:
        parts = {"arch": Arch(), **parts, "model": model}
    child = dataclasses.replace(parent, name=name, **parts, parent=parent.name, why=why)
    if not changes(parent, child):
        raise ValueError(f"{name!r} changes nothing in {parent.name!r}; say what differs")
    return child


def changes(parent: Experiment, child: Experiment) -> list[tuple[str, Any, Any]]:
    """Every field that differs, as (``"arch.pool"``, old value, new value).

    Where one of the two has a ``model`` of its own, this stands for all differences of ``arch``.
    """
    own = [("model", parent.model, child.model)] if parent.model != child.model else []
    return own + [
        (f"{part}.{field.name}", old, new)
        for part, kind in PARTS.items()
        if not (own and part == "arch")
        for field in dataclasses.fields(kind)
        if (old := getattr(getattr(parent, part), field.name))
        != (new := getattr(getattr(child, part), field.name))
    ]


def diff(parent: Experiment, child: Experiment) -> str:
    """The difference in one line. More than one entry means a confounded comparison.

    >>> cnnlib.diff(cnnlib.CATALOGUE["baseline"], cnnlib.CATALOGUE["maxpool"])
    'arch.pool: avg → max'
    """
    found = [f"{name}: {_change(old, new)}" for name, old, new in changes(parent, child)]
    return "; ".join(found) or "no difference"


def checked_seed(seed: Any) -> int:
    """``seed`` as Python's int; ValueError unless it is a whole number from 0 to 10⁹."""
    if (whole := settled("seed", seed, int)) < 0:
        raise ValueError(f"seed is {whole}; expected a whole number of at least 0")
    return whole


def _change(old: Any, new: Any) -> str:
    code = " (its code changed)" if isinstance(old, Network) and str(old) == str(new) else ""
    return f"{_show(old)} → {_show(new)}{code}"


def _show(value: Any) -> str:
    if value is None:
        return "as arch says"
    return ", ".join(map(str, value)) or "()" if isinstance(value, tuple) else str(value)
