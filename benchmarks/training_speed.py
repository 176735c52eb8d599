"""How fast is ``fit``? Four ways to train the same model, interleaved in one run.

* ``fit``: this workbook's loop; images in memory as uint8, picked and normalised a batch at a time.
* ``fit_many``: five seeds side by side as one network, each trained on a fifth of the images.
* ``DataLoader``: the loop of most tutorials; torchvision's dataset, ToTensor and Normalize for
  each image, plain Adam, ``loss.item()`` in every step.
* ``one fixed batch``: the same step as ``fit``, on one batch prepared beforehand. No loop
  around this model can be faster.

Each round times all four, in turn, so that a noisy machine hurts them alike. The ratio is
taken within each round; the table shows medians over the rounds.
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

os.environ["CNNLIB_PROGRESS"] = "off"

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, Subset
from torchvision.datasets import FashionMNIST
from torchvision.transforms import Compose, Normalize, ToTensor

from cnnlib import CATALOGUE, SEEDS, build, fit, fit_many, load
from cnnlib.sources import data_folder
from cnnlib.training import default_device, make_optimiser, normalise

EXPERIMENT = CATALOGUE["maxpool"]
BATCH = EXPERIMENT.recipe.batch_size


def ours(model: nn.Module, images: int) -> None:
    data = load()
    fit(model, EXPERIMENT, data.train[:images], data.val[:BATCH], epochs=1, verbose=False)


def side_by_side(model: nn.Module, images: int, seeds: Sequence[int] = SEEDS) -> None:
    """Each seed's model sees its share of the images, so that a round is as long as another's."""
    data, device = load(), next(model.parameters()).device
    models = [build(EXPERIMENT, seed=seed).to(device) for seed in seeds]
    part, val = data.train[: images // len(seeds)], data.val[:BATCH]
    fit_many(models, EXPERIMENT, part, val, seeds=seeds, epochs=1, verbose=False)


def data_loader(model: nn.Module, images: int) -> None:
    device = next(model.parameters()).device
    transform = Compose([ToTensor(), Normalize((EXPERIMENT.data.mean,), (EXPERIMENT.data.std,))])
    dataset = Subset(FashionMNIST(data_folder(), transform=transform), range(images))
    optimiser = torch.optim.Adam(model.parameters(), lr=EXPERIMENT.recipe.lr)
    total = 0.0
    model.train()
    for pictures, labels in DataLoader(dataset, BATCH, shuffle=True):
        pictures, labels = pictures.to(device), labels.to(device)
        loss = F.cross_entropy(model(pictures), labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        total += loss.item()


def fixed_batch(model: nn.Module, images: int) -> None:
    device = next(model.parameters()).device
    batch = load().train[:BATCH].to(device)
    pictures, labels = normalise(batch.images, EXPERIMENT.data), batch.labels
    optimiser = make_optimiser(model, EXPERIMENT.recipe)
    model.train()
    for _ in range(-(-images // BATCH)):
        loss = F.cross_entropy(model(pictures), labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()


WAYS: dict[str, Callable[[nn.Module, int], None]] = {
    "fit": ours,
    "fit_many": side_by_side,
    "DataLoader": data_loader,
    "one fixed batch": fixed_batch,
}


def measure(images: int, rounds: int) -> dict[str, list[float]]:
    """Seconds of each way in each round; the first round only warms up."""
    device, seconds = default_device(), {name: [] for name in WAYS}
    for round_ in range(rounds + 1):
        for name, way in WAYS.items():
            model = build(EXPERIMENT, seed=0).to(device)
            if device.type == "cuda":
                torch.cuda.synchronize()
            started = time.perf_counter()
            way(model, images)
            if device.type == "cuda":
                torch.cuda.synchronize()
            if round_:
                seconds[name].append(time.perf_counter() - started)
        print(f"round {round_} of {rounds} done", flush=True)
    return seconds


def table(seconds: dict[str, list[float]], images: int) -> str:
    """A Markdown table: images a second, and the time of ``fit`` as a ratio."""
    lines = ["| loop | images a second | time of `fit` ÷ its time | lowest to highest |"]
    lines.append("|---|--:|--:|--:|")
    for name, values in seconds.items():
        ratios = [mine / other for mine, other in zip(seconds["fit"], values, strict=True)]
        lines.append(
            f"| {name} | {images / statistics.median(values):,.0f} "
            f"| {statistics.median(ratios):.2f} | {min(ratios):.2f} to {max(ratios):.2f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=24_000, help="training images a round")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seeds", type=int, default=len(SEEDS), help="models in fit_many")
    options = parser.parse_args()
    WAYS["fit_many"] = partial(side_by_side, seeds=range(options.seeds))
    result = table(measure(options.images, options.rounds), options.images)
    heading = (
        f"`{EXPERIMENT.name}`, batch {BATCH}, {options.images:,} images a round, "
        f"{options.rounds} rounds, medians. torch {torch.__version__}, device "
        f"{default_device()}, {torch.get_num_threads()} threads. The four loops take turns "
        f"within each round; ratios are taken within rounds. `fit_many` trains {options.seeds} "
        "models, each on its share of the images. Made by `make bench`."
    )
    text = f"# Speed of the training loop\n\n{heading}\n\n{result}\n"
    (Path(__file__).parent / "training_speed.md").write_text(text, "utf-8")
    print(result)
