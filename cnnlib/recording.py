"""Train an experiment, and put down what came out: the files of a run, as their content."""

import hashlib
import importlib.metadata
import json
import platform
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy
import torch
from safetensors.torch import save as as_content

from .data import Dataset
from .experiment import HOLDOUT, Experiment
from .models import build, count_parameters
from .records import as_dict
from .support.onnx_files import OnnxError, to_onnx
from .support.sources import CHECKSUMS
from .training import (
    default_device,
    evaluate,
    fit,
    penalty,
    predict_logits,
    prepare_process,
    score,
)

PROTOCOL = Path(__file__).parent / "claims" / "protocol.toml"  # rule and claims, before the runs
RECORD, WEIGHTS, PREDICTIONS = "run.json", "weights.safetensors", "predictions.safetensors"
NETWORK = "network.onnx"


def trained(
    experiment: Experiment, seed: int, data: Dataset | SimpleNamespace, verbose: bool
) -> dict[str, bytes]:
    """Train on ``data.train``, and give the content of the run's files, by name."""
    prepare_process()
    device = default_device()
    model = build(experiment, seed=seed).to(device)
    started = time.perf_counter()
    history = fit(model, experiment, data.train, data.val, seed=seed, verbose=verbose)
    seconds = time.perf_counter() - started
    on_train = evaluate(model, data.train, experiment.data)
    logits = predict_logits(model, data.val.images, experiment.data)
    on_val = score(logits, data.val.labels)
    metrics = {
        "train_loss": on_train["loss"],
        "train_acc": on_train["acc"],
        "val_loss": on_val["loss"],
        "val_acc": on_val["acc"],
        "penalty": penalty(model, experiment.recipe),
        "parameters": count_parameters(model),
    }
    model, classes = model.cpu().eval(), logits.argmax(dim=1).to(torch.uint8)
    weights = {name: tensor.contiguous().clone() for name, tensor in model.state_dict().items()}
    files = {WEIGHTS: as_content(weights), PREDICTIONS: as_content({"val": classes})}
    provenance: dict[str, Any] = {
        **_this_machine(),
        "device": device.type,
        "seconds": seconds,
        "images_per_second": len(data.train) * experiment.recipe.epochs / seconds,
    }
    if experiment.model:
        try:
            files[NETWORK] = to_onnx(model)
        except OnnxError as error:  # the run is worth keeping without it
            provenance["onnx"] = str(error)
            print(f"{experiment.name} is stored without {NETWORK}: {error}")
    provenance["sha256"] = {
        name: hashlib.sha256(content).hexdigest() for name, content in files.items()
    }
    record = {
        "experiment": as_dict(experiment),
        "seed": seed,
        "split": HOLDOUT,
        "metrics": metrics,
        "history": history,
        "provenance": provenance,
    }
    text = json.dumps(record, indent=1, ensure_ascii=False) + "\n"
    return {**files, RECORD: text.encode()}


def _this_machine() -> dict[str, Any]:
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "torchvision": importlib.metadata.version("torchvision"),
        "numpy": numpy.__version__,
        "machine": platform.machine(),
        "threads": torch.get_num_threads(),
        "data_sha256": CHECKSUMS["train-images-idx3-ubyte"],
        "protocol_sha256": hashlib.sha256(PROTOCOL.read_bytes()).hexdigest(),
    }
