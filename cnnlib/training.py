"""Training of one model in one visible loop, and evaluation in eval mode.

``parallel/many.py`` trains several models at once, in a loop of the same shape.
"""

import ctypes
import math
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .augment import augment
from .data import LabelledImages, check_images, check_labels
from .experiment import Data, Experiment, Recipe, checked_seed
from .network import device_of, output_of
from .records import History
from .support.progress import bar
from .support.values import wrong


class NonFiniteLossError(ArithmeticError):
    """The loss became infinite or NaN; training stopped."""


def fit(
    model: nn.Module,
    experiment: Experiment,
    train: LabelledImages,
    val: LabelledImages,
    *,
    seed: int = 0,
    epochs: int | None = None,
    verbose: bool = True,
) -> History:
    """Train ``model`` by the experiment's recipe; return one dict for each epoch.

    ``seed`` fixes batch order, dropout and augmentation. ``epochs`` may cut the recipe short: the
    schedule stays the recipe's, so two epochs here are the first two of the whole run. The
    process is prepared first (``prepare_process``).
    Losses are the mean cross-entropy per image, in nats: of training, the one that is minimised
    (with label smoothing, where it is declared), without the L2 penalty, which stands beside it.
    ``val_predicted`` counts how often each class is predicted for the validation images.
    Raises NonFiniteLossError (with epoch, step and learning rate) when the loss is not a number,
    and ValueError for images or labels that are none (``data.check_images``, ``check_labels``).

    >>> data, model = cnnlib.load(), cnnlib.build("maxpool", seed=0)
    >>> few, maxpool = data.train[:640], cnnlib.CATALOGUE["maxpool"]
    >>> history = cnnlib.fit(model, maxpool, few, data.val[:100], epochs=2, verbose=False)
    >>> [(record["epoch"], record["lr"]) for record in history]
    [(1, 0.001), (2, 0.001)]
    """
    seed = checked_seed(seed)
    for part in (train, val):
        check_images(part.images)
        check_labels(part.labels, len(part.images))
    prepare_process()
    device = device_of(model, to_train=True)
    train, val = train.to(device), val.to(device)
    optimiser = make_optimiser(model, experiment.recipe)
    schedule = lr_schedule(experiment.recipe)[:epochs]
    shuffler = torch.Generator().manual_seed(seed)  # draws each epoch's order of the images
    history = History(experiment, model, seed, len(train))
    with (
        torch.random.fork_rng(),  # dropout and augmentation draw from it: leave it as it was
        bar(len(schedule) * len(train), experiment.name, "image") as progress,
    ):
        torch.manual_seed(seed)
        for epoch, lr in enumerate(schedule, start=1):
            started = time.perf_counter()
            for group in optimiser.param_groups:
                group["lr"] = lr
            try:
                loss, acc = train_epoch(
                    model, optimiser, train, experiment, shuffler, progress.update
                )
                logits = predict_logits(model, val.images, experiment.data)
                on_val = score(logits, val.labels)
            except NonFiniteLossError as error:
                raise NonFiniteLossError(
                    f"{experiment.name}: in epoch {epoch}, at lr {lr:g}, {error}; nothing is "
                    "stored. Try a smaller learning rate"
                ) from None
            history.append(
                {
                    "epoch": epoch,
                    "lr": lr,
                    "train_loss": loss,
                    "train_acc": acc,
                    "penalty": penalty(model, experiment.recipe),
                    "val_loss": on_val["loss"],
                    "val_acc": on_val["acc"],
                    "val_predicted": class_counts(logits),
                    "seconds": time.perf_counter() - started,
                }
            )
            progress.set_postfix_str(f"val acc {on_val['acc']:.4f}")
            if verbose:
                print(epoch_line(history[-1], experiment.recipe.epochs))
    return history


def train_epoch(
    model: nn.Module,
    optimiser: torch.optim.Optimizer,
    train: LabelledImages,
    experiment: Experiment,
    shuffler: torch.Generator,
    on_batch: Callable[[int], object] = lambda images: None,
) -> tuple[float, float]:
    """One pass over the training images, in a new random order: mean loss and accuracy.

    Both are measured on the way, in train mode, while the weights still move.
    """
    model.train()
    losses, correct = [], []
    shuffled = torch.randperm(len(train), generator=shuffler).to(train.labels.device)
    for batch in shuffled.split(experiment.recipe.batch_size):
        images = augment(train.images[batch], experiment.data)  # (B, 1, 28, 28), often as they are
        images = normalise(images, experiment.data)
        labels = train.labels[batch]  # (B,)
        logits = model(images)  # (B, 10)
        loss = F.cross_entropy(logits, labels, label_smoothing=experiment.recipe.label_smoothing)

        optimiser.zero_grad()
        loss.backward()
        optimiser.step()

        losses.append(loss.detach() * len(batch))  # stays on the device: no waiting here
        correct.append((logits.detach().argmax(dim=1) == labels).sum())
        on_batch(len(batch))  # moves the progress bar
    total = torch.stack(losses)
    if not torch.isfinite(total).all():
        step = int((~torch.isfinite(total)).nonzero()[0]) + 1
        raise NonFiniteLossError(f"the loss is {total[step - 1].item()} in step {step}")
    return total.sum().item() / len(train), torch.stack(correct).sum().item() / len(train)


def normalise(images: Tensor, data: Data) -> Tensor:
    """Images (N, 1, 28, 28), 0 to 255 → a new float32 of the shape: ``(x/255 - mean) / std``."""
    # always a copy: what was given stays as it was
    return images.to(torch.float32, copy=True).sub_(255 * data.mean).div_(255 * data.std)


def make_optimiser(model: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """Adam, AdamW or SGD, with or without momentum; L2 on the convolution kernels only.

    The gradient of λ·Σw² is 2λw, and 2λw is just what ``weight_decay=2λ`` adds to a
    gradient: the same training, without a second graph for the penalty. AdamW's (Loshchilov and
    Hutter 2019) is another: it shrinks weights beside its step, those of convolutions and connected
    layers, not biases or batch norm (He and others 2019, *Bag of tricks*, section 3.1).
    """
    shrunk, decay = conv_kernels(model), 2 * recipe.l2_conv
    if recipe.optimiser == "adamw":
        shrunk, decay = conv_kernels(model, nn.Linear), recipe.weight_decay
    chosen = {id(weight) for weight in shrunk}
    groups: list[dict[str, Any]] = [
        {"params": shrunk, "weight_decay": decay},
        {"params": [p for p in model.parameters() if id(p) not in chosen], "weight_decay": 0.0},
    ]
    more: dict[str, Any] = {"momentum": 0.9} if recipe.optimiser == "momentum" else {}
    kinds = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}
    kind = kinds.get(recipe.optimiser, torch.optim.SGD)
    return kind(groups, lr=recipe.lr, fused=True, **more)


def conv_kernels(model: nn.Module, *more: type[nn.Module]) -> list[nn.Parameter]:
    """The weights, without biases, of every convolution, and of layers of ``more`` kinds."""
    found = (layer for layer in model.modules() if isinstance(layer, (nn.Conv2d, *more)))
    return [layer.weight for layer in found if isinstance(layer.weight, nn.Parameter)]


def penalty(model: nn.Module, recipe: Recipe) -> float:
    """λ·Σw² over the convolution kernels: what Keras adds to the loss it reports."""
    with torch.no_grad():
        return recipe.l2_conv * sum(k.square().sum().item() for k in conv_kernels(model))


def lr_schedule(recipe: Recipe) -> list[float]:
    """The learning rate of each epoch.

    ``step`` and ``cosine`` are torch's StepLR and CosineAnnealingLR, by epochs. ``one-cycle``
    (Smith and Topin 2018) rises from 0 to lr in three tenths of the training and falls to 0 in the
    rest, both along half a cosine, as torch's OneCycleLR; an epoch keeps the rate of its middle.

    >>> cnnlib.lr_schedule(cnnlib.Recipe(epochs=4, lr=0.1, schedule="step", step_epochs=2))
    [0.1, 0.1, 0.05, 0.05]
    """
    match recipe.schedule:
        case "constant":
            factors = [1.0] * recipe.epochs
        case "step":
            factors = [recipe.gamma ** (e // recipe.step_epochs) for e in range(recipe.epochs)]
        case "cosine":
            turns = [math.pi * e / recipe.epochs for e in range(recipe.epochs)]
            factors = [(1 + math.cos(turn)) / 2 for turn in turns]
        case "one-cycle":
            done = [(epoch + 0.5) / recipe.epochs for epoch in range(recipe.epochs)]
            heights = [min(share / 0.3, (1 - share) / 0.7) for share in done]
            factors = [(1 - math.cos(math.pi * height)) / 2 for height in heights]
    return [recipe.lr * factor for factor in factors]


def predict_logits(model: nn.Module, images: Tensor, data: Data, batch_size: int = 250) -> Tensor:
    """Logits (N, 10) of uint8 images (N, 1, 28, 28), in eval mode and without gradients.

    Raises ValueError for what are no such images (``data.check_images``), for a model that is none,
    and where it gives anything but a row for each image (``network.output_of``).
    250 at once stay in a CPU's cache; larger batches take longer and give the same.
    """
    check_images(images)
    if not isinstance(data, Data):
        raise wrong("data", data, "an experiment's, such as run.experiment.data")
    device, was_training = device_of(model), model.training
    model.eval()
    try:
        with torch.inference_mode():
            parts = (normalise(part.to(device), data) for part in images.split(batch_size))
            return torch.cat([output_of(model, part).cpu() for part in parts])
    finally:
        model.train(was_training)


def evaluate(model: nn.Module, images: LabelledImages, data: Data) -> dict[str, float]:
    """Mean cross-entropy per image (``loss``, nats) and accuracy (``acc``), in eval mode.

    Raises NonFiniteLossError where the weights are not finite, and ValueError for images or
    labels that are none.
    """
    logits = predict_logits(model, images.images, data)
    check_labels(images.labels, len(logits))
    return score(logits, images.labels)


def score(logits: Tensor, labels: Tensor) -> dict[str, float]:
    """``loss`` and ``acc`` of logits (N, 10) for labels (N,); as ``evaluate``."""
    labels = labels.cpu()
    loss = F.cross_entropy(logits, labels).item()
    acc = (logits.argmax(dim=1) == labels).sum().item() / len(labels)
    if not math.isfinite(loss):
        raise NonFiniteLossError(
            f"the loss on {len(labels):,} images is {loss}: the weights are too large or broken"
        )
    return {"loss": loss, "acc": acc}


def class_counts(logits: Tensor) -> list[int]:
    """How many of the images (N, 10) are predicted to be of each class: ten counts."""
    return logits.argmax(dim=1).bincount(minlength=logits.shape[1]).tolist()


def epoch_line(record: Mapping[str, Any], epochs: int) -> str:
    """One epoch as a line of text."""
    return (
        f"epoch {record['epoch']:2d}/{epochs}  lr {record['lr']:g}  "
        f"train loss {record['train_loss']:.4f} acc {record['train_acc']:.4f}  "
        f"val loss {record['val_loss']:.4f} acc {record['val_acc']:.4f}"
    )


def default_device() -> torch.device:
    """The GPU where there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def prepare_process() -> None:
    """Two settings of this process that make training faster; they stay until it ends.

    ``fit``, ``fit_many`` and ``run`` call it before they start; importing the library does not.

    - Denormal numbers count as 0. L2 drives a filter that is of no use towards 0, past the
      smallest normal number (1e-38), and CPUs compute with such numbers many times slower.
      Threads take this over when they start: call it first, where it matters.
    - On Linux, glibc keeps the megabytes that a step frees for the next step. It would hand them
      back and get them anew, page by page and cleared: a fifth of the time.
    """
    torch.set_flush_denormal(True)
    libc: Any = ctypes.CDLL(None) if sys.platform == "linux" else None
    if hasattr(libc, "mallopt"):
        for option in (-1, -3):  # M_TRIM_THRESHOLD and M_MMAP_THRESHOLD in malloc.h
            libc.mallopt(option, 1 << 30)
