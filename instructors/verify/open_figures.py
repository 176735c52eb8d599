"""The networks of an open hand-in, evaluated on our own images in processes with limits."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from cnnlib.data import LabelledImages
from cnnlib.exercises.hand_in import divided
from cnnlib.support.limits import NETWORK_BYTES
from cnnlib.support.onnx_session import OnnxError
from cnnlib.training import predict_logits

from .gate import shown
from .jail import Jailed
from .open_reading import OpenHandIn, OpenModel, scaling, wanted_layout
from .recompute import BATCH, Figures


@dataclass(frozen=True)
class Evaluated(Figures):
    """Figures, with the ``losses`` that one may have printed (``losses_of``)."""

    losses: tuple[float, ...] = ()


def compute(made: OpenHandIn, train: bool) -> None:
    """Evaluate each network on the validation images, and, if asked, on those for training."""
    parts = divided(made.validation)
    for model in made.models:
        if model.problem or model.content is None:
            continue
        try:
            if len(model.content) > NETWORK_BYTES:
                raise OnnxError(f"its file has more than {NETWORK_BYTES:,} bytes")
            model.data = scaling(model.row)
            black = -model.data.mean / model.data.std
            model.network = Jailed(model.content, wanted_layout(model.row), black)
            model.found = figures(model, parts["val"])
            model.train = figures(model, parts["train"]) if train else None
        except (OnnxError, ValueError) as error:
            cause = error.__cause__ if isinstance(error.__cause__, OnnxError) else error
            model.problem, model.found = f"{model.name}: {shown(str(cause), 300)}", None


def figures(model: OpenModel, part: LabelledImages) -> Evaluated:
    """Its figures on images; OnnxError where its outputs are no numbers."""
    assert model.network is not None
    outputs = predict_logits(model.network, part.images, model.data, BATCH)
    if not torch.isfinite(outputs).all():
        raise OnnxError("its weights give outputs that are not finite")
    predicted = outputs.argmax(dim=1)
    losses = losses_of(outputs, part.labels)
    acc = (predicted == part.labels).double().mean().item()
    return Evaluated(losses[0], acc, predicted, losses)


def losses_of(outputs: Tensor, labels: Tensor) -> tuple[float, ...]:
    """The cross-entropy of logits (N, 10); of probabilities, as one may have computed it.

    As it is; as Keras does, with probabilities of at least 1e-7; with softmax applied again.
    """
    whole = bool((outputs >= 0).all()) and bool((outputs.sum(dim=1) - 1).abs().max() < 1e-3)
    logits = [outputs.clamp(min=low).log() for low in (1e-37, 1e-7)] if whole else []
    return tuple(F.cross_entropy(one, labels).item() for one in (*logits, outputs))
