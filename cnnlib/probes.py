"""Probes of stored runs for part III: classes that were given up, and units that never fire."""

from collections.abc import Sequence

import pandas as pd
import torch
from torch import Tensor

from .data import CLASS_NAMES
from .experiment import Arch
from .features import activations
from .runs import Run


def never_predicted(run: Run) -> list[str]:
    """Names of the classes that a stored run predicts for none of the validation images."""
    predicted = set(run.val_predictions().tolist())
    return [name for k, name in enumerate(CLASS_NAMES) if k not in predicted]


def stuck_table(runs: Sequence[Run]) -> pd.DataFrame:
    """One row a run: validation accuracy and loss (after training), and classes given up."""
    rows = [
        {
            "experiment": one.name,
            "seed": one.seed,
            "val acc": f"{one.metrics['val_acc']:.4f}",
            "val loss": f"{one.metrics['val_loss']:.4f}",
            "never predicted": ", ".join(never_predicted(one)),
        }
        for one in runs
    ]
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
