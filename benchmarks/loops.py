"""The same training in several ways: ours, and what a student would use instead.

Each function takes a number of images and prepares everything; what it gives back trains one
more epoch on them when it is called. All train LeNet-5 with max pooling by plain Adam, batches
of 128 in a new random order each epoch, in single precision; each as its own guide shows it.
Those on torch get the model that ``build`` gives, its layout in memory included.
"""

import importlib.util
import logging
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, Subset, TensorDataset
from torchvision.datasets import FashionMNIST
from torchvision.transforms import Compose, Normalize, ToTensor

from cnnlib import CATALOGUE, SEEDS, build, fit, fit_many, load, vary
from cnnlib.support.sources import data_folder
from cnnlib.training import default_device, make_optimiser, normalise, prepare_process

# without the L2 penalty, which the others do not have
EXPERIMENT = vary(CATALOGUE["maxpool"], "speed", recipe=dict(batch_size=128, l2_conv=0.0))
BATCH, LR = EXPERIMENT.recipe.batch_size, EXPERIMENT.recipe.lr
Epoch = Callable[[], object]


def whole(epoch: Epoch) -> Epoch:
    """The same epoch, which ends when the GPU, if there is one, has ended."""

    def wait() -> None:
        epoch()
        if torch.cuda.is_available():
            torch.cuda.synchronize()

    return wait


def ours(images: int) -> Epoch:
    data, model = load(), build(EXPERIMENT, seed=0).to(default_device())
    sets = data.train[:images], data.val[:BATCH]
    return whole(lambda: fit(model, EXPERIMENT, *sets, epochs=1, verbose=False))


def side_by_side(images: int, seeds: int = len(SEEDS)) -> Epoch:
    """``seeds`` models at once, each on its share of the images: as much work as the others."""
    data = load()
    models = [build(EXPERIMENT, seed=seed).to(default_device()) for seed in range(seeds)]
    sets = data.train[: images // seeds], data.val[:BATCH]
    several = range(seeds)
    return whole(
        lambda: fit_many(models, EXPERIMENT, *sets, seeds=several, epochs=1, verbose=False)
    )


def fixed_batch(images: int) -> Epoch:
    """No data at all: the step of ``fit`` on one prepared batch, again and again."""
    prepare_process()
    model = build(EXPERIMENT, seed=0).to(default_device())
    batch = load().train[:BATCH].to(default_device())
    pictures, labels = normalise(batch.images, EXPERIMENT.data), batch.labels
    optimiser = make_optimiser(model, EXPERIMENT.recipe)

    def epoch() -> None:
        for _ in range(-(-images // BATCH)):
            loss = F.cross_entropy(model(pictures), labels)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()

    return whole(epoch)


def data_loader(images: int) -> Epoch:
    """The loop of most tutorials: each image on its own through ToTensor and Normalize."""
    device = default_device()
    model = build(EXPERIMENT, seed=0).to(device)
    transform = Compose([ToTensor(), Normalize((0.0,), (1.0,))])
    dataset = Subset(FashionMNIST(data_folder(), transform=transform), range(images))
    optimiser = torch.optim.Adam(model.parameters(), lr=LR)

    def epoch() -> float:
        total = 0.0
        for pictures, labels in DataLoader(dataset, BATCH, shuffle=True):
            pictures, labels = pictures.to(device), labels.to(device)
            loss = F.cross_entropy(model(pictures), labels)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            total += loss.item()
        return total

    return whole(epoch)


def lightning(images: int) -> Epoch:
    """Lightning's Trainer, with images in memory as floats."""
    import lightning

    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)  # its greetings

    class Module(lightning.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.model = build(EXPERIMENT, seed=0)

        def training_step(self, batch: list[torch.Tensor], index: int) -> torch.Tensor:
            return F.cross_entropy(self.model(batch[0]), batch[1])

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.Adam(self.parameters(), lr=LR)

    pictures, labels = floats(images)
    loader = DataLoader(TensorDataset(pictures, labels), BATCH, shuffle=True)
    module = Module()
    quiet = dict.fromkeys(
        ("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary"), False
    )
    return whole(lambda: lightning.Trainer(max_epochs=1, **quiet).fit(module, loader))


def skorch(images: int) -> Epoch:
    """skorch: torch behind scikit-learn's interface."""
    from skorch import NeuralNetClassifier

    pictures, labels = floats(images)
    net = NeuralNetClassifier(
        build(EXPERIMENT, seed=0),
        criterion=nn.CrossEntropyLoss,
        optimizer=torch.optim.Adam,
        lr=LR,
        batch_size=BATCH,
        max_epochs=1,
        train_split=None,
        iterator_train__shuffle=True,
        device=default_device(),
        verbose=0,
    )
    return whole(lambda: net.partial_fit(pictures, labels))


def keras(images: int) -> Epoch:
    """``Model.fit`` of Keras on TensorFlow."""
    import keras
    from keras import layers

    pictures, labels = (values.numpy() for values in floats(images))
    model = keras.Sequential(
        [
            layers.Conv2D(6, 5, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(16, 5, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(120, activation="relu"),
            layers.Dense(84, activation="relu"),
            layers.Dense(10),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer="adam", loss=loss, metrics=["accuracy"])
    rows = pictures.transpose(0, 2, 3, 1)  # (N, 28, 28, 1)
    return lambda: model.fit(rows, labels, batch_size=BATCH, verbose=0).history["loss"][0]


def flax(images: int) -> Epoch:
    """Flax and Optax, the step compiled by JAX, batches picked in NumPy."""
    import jax
    import numpy as np
    import optax
    from flax import linen
    from flax.training.train_state import TrainState

    class LeNet(linen.Module):
        @linen.compact
        def __call__(self, maps: jax.Array) -> jax.Array:
            for filters, padding in ((6, "SAME"), (16, "VALID")):
                maps = linen.relu(linen.Conv(filters, (5, 5), padding=padding)(maps))
                maps = linen.max_pool(maps, (2, 2), strides=(2, 2))
            values = maps.reshape(len(maps), -1)
            for units in (120, 84):
                values = linen.relu(linen.Dense(units)(values))
            return linen.Dense(10)(values)

    @jax.jit
    def step(state: TrainState, rows: jax.Array, labels: jax.Array) -> tuple[TrainState, jax.Array]:
        def loss_of(parameters: dict) -> jax.Array:
            logits = state.apply_fn(parameters, rows)
            return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()

        loss, gradients = jax.value_and_grad(loss_of)(state.params)
        return state.apply_gradients(grads=gradients), loss

    pictures, labels = (values.numpy() for values in floats(images))
    rows, model, rng = pictures.transpose(0, 2, 3, 1), LeNet(), np.random.default_rng(0)
    begun = model.init(jax.random.key(0), rows[:1])
    now = [TrainState.create(apply_fn=model.apply, params=begun, tx=optax.adam(LR))]

    def epoch() -> float:
        losses = []
        for batch in np.split(rng.permutation(images), range(BATCH, images, BATCH)):
            now[0], loss = step(now[0], rows[batch], labels[batch])
            losses.append(loss)
        return float(sum(losses))

    return epoch


def floats(images: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The first training images as float32 (N, 1, 28, 28) from 0 to 1, and their labels."""
    few = load().train[:images]
    return normalise(few.images, EXPERIMENT.data), few.labels


LOOPS: dict[str, Callable[[int], Epoch]] = {
    "fit": ours,
    "fit_many": side_by_side,
    "one fixed batch": fixed_batch,
    "DataLoader": data_loader,
    "Lightning": lightning,
    "skorch": skorch,
    "Keras": keras,
    "Flax": flax,
}
NEEDS = {  # packages of the extra `bench`
    "Lightning": ("lightning",),
    "skorch": ("skorch",),
    "Keras": ("keras", "tensorflow"),
    "Flax": ("flax", "optax"),
}


def available() -> list[str]:
    """The loops whose packages are installed."""
    found = importlib.util.find_spec
    return [name for name in LOOPS if all(map(found, NEEDS.get(name, ())))]
