"""Is it the framework? Report 1's baseline and max-pooling model, in Keras itself, five seeds each.

Report 1 was made in Keras. These models have the same layers, first weights of the same kind, the
same penalty, split, batch size and number of epochs as ours. What differs is Keras's own: its
random numbers, its order of the images, and 1e-7 where torch's Adam has 1e-8.
"""

import argparse
import csv
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import torch
from keras import layers
from torch import nn

from cnnlib import CATALOGUE, SEEDS, Experiment, load
from cnnlib.claims.frameworks import KERAS_RUNS

MODELS = ("baseline", "maxpool")


def keras_model(experiment: Experiment, seed: int | None = None) -> keras.Model:
    """LeNet-5 of a declaration with two convolutions, without dropout and batch norm, in Keras.

    Images (N, 28, 28, 1) in [0, 1] → logits (N, 10). ``seed`` fixes the first weights.
    """
    if seed is not None:
        keras.utils.set_random_seed(seed)
    first, second = experiment.arch.convs
    pool = {"avg": layers.AveragePooling2D, "max": layers.MaxPooling2D}[experiment.arch.pool]

    def convolution(filters: int, size: int, padding: str) -> layers.Layer:
        weight = keras.regularizers.L2(experiment.recipe.l2_conv)
        return layers.Conv2D(
            filters, size, padding=padding, activation="relu", kernel_regularizer=weight
        )

    dense = [layers.Dense(units, activation="relu") for units in experiment.arch.hidden]
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            convolution(first.filters, first.kernel, "same"),
            pool(2),
            convolution(second.filters, second.kernel, "valid"),
            pool(2),
            layers.Flatten(),
            *dense,
            layers.Dense(10),
        ]
    )


def carry_over(ours: nn.Module, theirs: keras.Model) -> None:
    """Give the Keras model the weights of ours: axes in Keras's order, maps flattened as there."""
    convs = [part for part in ours.modules() if isinstance(part, nn.Conv2d)]
    linears = [part for part in ours.modules() if isinstance(part, nn.Linear)]
    weights: list[np.ndarray] = []
    for conv in convs:
        weights += [conv.weight.detach().permute(2, 3, 1, 0).numpy(), _bias(conv)]
    channels = convs[-1].out_channels
    for number, linear in enumerate(linears):
        weight = linear.weight.detach()  # (out, in)
        if number == 0:  # torch flattens maps, rows, columns; Keras rows, columns, maps
            side = int((weight.shape[1] / channels) ** 0.5)
            weight = weight.view(-1, channels, side, side).permute(0, 2, 3, 1).flatten(1)
        weights += [weight.T.numpy(), _bias(linear)]
    theirs.set_weights(weights)


def _bias(layer: nn.Conv2d | nn.Linear) -> np.ndarray:
    assert layer.bias is not None  # LeNet-5 has one everywhere
    return layer.bias.detach().numpy()


def pixels(images: torch.Tensor) -> np.ndarray:
    """uint8 (N, 1, 28, 28) as Keras wants them: float32 (N, 28, 28, 1) in [0, 1]."""
    return images.permute(0, 2, 3, 1).numpy().astype("float32") / 255


def train(name: str, seed: int, epochs: int | None = None, images: int | None = None) -> dict:
    """One training; figures of the last epoch in the manner of ours: without the penalty."""
    experiment, data = CATALOGUE[name], load()
    recipe, model = experiment.recipe, keras_model(experiment, seed)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=keras.optimizers.Adam(recipe.lr), loss=loss, metrics=["accuracy"])
    train, val = data.train[:images] if images else data.train, data.val
    rows, labels = pixels(train.images), train.labels.numpy()
    model.fit(rows, labels, batch_size=recipe.batch_size, epochs=epochs or recipe.epochs, verbose=0)
    logits = torch.from_numpy(np.array(model.predict(pixels(val.images), verbose=0)))
    acc = (logits.argmax(dim=1) == val.labels).double().mean().item()
    val_loss = nn.functional.cross_entropy(logits, val.labels).item()
    return {"experiment": name, "seed": seed, "val_loss": val_loss, "val_acc": acc}


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    versions = {"keras": keras.__version__, "backend": keras.backend.backend()}
    rows = []
    for seed in SEEDS:
        for name in MODELS:
            rows.append(train(name, seed) | versions)
            print(rows[-1], flush=True)
    with KERAS_RUNS.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        table.writeheader()
        table.writerows(rows)


if __name__ == "__main__":
    main()
