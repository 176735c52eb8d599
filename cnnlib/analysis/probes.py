"""Probes of stored runs for part III: classes that were given up, and units that never fire."""

from collections.abc import Sequence
from itertools import pairwise

import pandas as pd
import torch
from torch import Tensor

from ..data import CLASS_NAMES
from ..experiment import Arch
from ..runs import Run
from .features import activations


def left_out(predicted: Tensor) -> list[str]:
    """Names of the classes that are not among ``predicted``, class numbers of shape (N,)."""
    found = set(predicted.tolist())
    return [name for k, name in enumerate(CLASS_NAMES) if k not in found]


def never_predicted(run: Run) -> list[str]:
    """Names of the classes that a stored run predicts for none of the validation images."""
    return left_out(run.val_predictions())


def largest_rise(run: Run) -> tuple[float, int]:
    """The largest rise of the validation accuracy within one epoch, from epoch 4 on; and which."""
    return max(
        (after["val_acc"] - before["val_acc"], int(after["epoch"]))
        for before, after in pairwise(run.history[2:])
    )


def stuck_table(runs: Sequence[Run]) -> pd.DataFrame:
    """One row per run: validation accuracy after training, its largest rise, classes given up."""
    rows = []
    for one in runs:
        rise, epoch = largest_rise(one)
        rows.append(
            {
                "experiment": one.name,
                "seed": one.seed,
                "val acc": f"{one.metrics['val_acc']:.4f}",
                "largest rise": f"{rise:+.3f}",
                "in epoch": epoch,
                "never predicted": ", ".join(never_predicted(one)),
            }
        )
    return pd.DataFrame(rows).set_index(["experiment", "seed"])


def before_activation(arch: Arch) -> list[str]:
    """Names of the layers whose outputs go into an activation, from input to output."""
    last = "norm" if arch.batch_norm else "conv"
    blocks = [f"features.block{i}.{last}" for i in range(1, len(arch.convs) + 1)]
    return blocks + [f"head.fc{i}" for i in range(1, len(arch.hidden) + 1)]


def largest(run: Run, images: Tensor) -> dict[str, Tensor]:
    """The largest value that each map (or unit) ever hands to its activation: (units,).

    Taken over all uint8 ``images`` (N, 1, 28, 28) and, for maps, over all positions. The keys
    say where: ``block1``, ``block2``, ``fc1``, ``fc2``.
    """
    if own := run.experiment.model:
        raise LookupError(
            f"{run.name} has a network of its own, {own}, whose activations are not declared; "
            "name its layers yourself: features.activations(model, images, layers, data)"
        )
    layers, model = before_activation(run.experiment.arch), run.model()
    found: dict[str, Tensor] = {}
    for part in images.split(2000):
        for layer, output in activations(model, part, layers, run.experiment.data).items():
            name = layer.split(".")[1]
            highest = output.transpose(0, 1).flatten(start_dim=1).amax(dim=1)
            found[name] = torch.maximum(found.get(name, highest), highest)
    return found


def dead(run: Run, images: Tensor) -> dict[str, int]:
    """How many maps (or units) are dead, that is, never above 0 on these images; by layer.

    After ReLU such a unit gives 0 for every image, and its weights get no gradient.
    """
    return {layer: int((values <= 0).sum()) for layer, values in largest(run, images).items()}
