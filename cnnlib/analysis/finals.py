"""The last step: chosen models, trained on everything and asked about the test set, once."""

import hashlib
from typing import NamedTuple

import torch
import torch.nn.functional as F
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as as_content
from torch import Tensor

from .. import store
from ..catalogue import find, vary
from ..data import load
from ..experiment import Experiment
from ..runs import Run, StoredRunError
from ..training import predict_logits

TEST = "test.safetensors"
IMAGES = 10_000


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
        file = store.own(run.folder) / TEST
    if not file.exists():
        file = store.add(run.folder, TEST, _computed(run))
    try:
        content = file.read_bytes()
        stated = store.stated_sums(file.parent).get(TEST)
        if stated and stated != hashlib.sha256(content).hexdigest():
            raise ValueError(f"it is not what was stored: see {store.SUMS}")
        stored = load_tensors(content)
        loss, acc = stored["loss_and_acc"].tolist()
        predicted = stored["predicted"].long()
        if len(predicted) != IMAGES:
            raise ValueError(f"it has {len(predicted):,} predictions; expected {IMAGES:,}")
        return Final(loss, acc, predicted)
    except (SafetensorError, KeyError, ValueError, OSError) as error:
        raise StoredRunError(
            f"{file} cannot be read ({error}); delete it and call final(…) again"
        ) from error


def _computed(run: Run) -> bytes:
    model, test = run.model(), load().test
    logits = predict_logits(model, test.images, run.experiment.data)
    predicted = logits.argmax(dim=1)
    loss = F.cross_entropy(logits, test.labels).item()
    acc = (predicted == test.labels).double().mean().item()
    content = {
        "predicted": predicted.to(torch.uint8),
        "loss_and_acc": torch.tensor([loss, acc], dtype=torch.float64),
    }
    return as_content(content)
