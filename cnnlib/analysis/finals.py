"""The last step: chosen models, trained on everything and asked about the test set, once."""

from pathlib import Path
from typing import NamedTuple

import torch
import torch.nn.functional as F
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from ..catalogue import find, vary
from ..data import load
from ..experiment import Experiment
from ..runs import Run, StoredRunError
from ..support.files import whole_file
from ..training import predict_logits

TEST = "test.safetensors"


class Final(NamedTuple):
    """A run on the 10,000 test images: ``loss`` (mean, nats per image), ``acc``, classes."""

    loss: float
    acc: float
    predicted: Tensor  # int64 (10000,)


def on_all(experiment: str | Experiment) -> Experiment:
    """The same experiment on all 60,000 images, validation images included: ``NAME-all``."""
    parent = find(experiment)
    return vary(parent, f"{parent.name}-all", data=dict(split="all"))


def final(run: Run) -> Final:
    """A run's figures on the test set, stored beside it when they are asked for first.

    So the test set is opened once for each run, and every later call shows the same figures,
    on any machine. Training the run anew removes them. Raises StoredRunError when there are no
    weights to compute them from, or when the stored file is damaged.
    """
    file = run.folder / TEST
    if not file.exists():
        _store(run, file)
    try:
        stored = load_file(file)
        loss, acc = stored["loss_and_acc"].tolist()
        return Final(loss, acc, stored["predicted"].long())
    except (SafetensorError, KeyError, ValueError, OSError) as error:
        raise StoredRunError(
            f"{file} cannot be read ({error}); delete it and call final(…) again"
        ) from error


def _store(run: Run, file: Path) -> None:
    model, test = run.model(), load().test
    logits = predict_logits(model, test.images, run.experiment.data)
    predicted = logits.argmax(dim=1)
    loss = F.cross_entropy(logits, test.labels).item()
    acc = (predicted == test.labels).double().mean().item()
    content = {
        "predicted": predicted.to(torch.uint8),
        "loss_and_acc": torch.tensor([loss, acc], dtype=torch.float64),
    }
    with whole_file(file) as made:
        save_file(content, made)
