"""Several seeds of one experiment, trained at once as one network (see ``stacked``).

The loss is the sum of the models' losses, so each model gets the gradient of its own; the
optimisers treat each number by itself. Every seed keeps its own batch order, dropout and
augmentation. So this is the training of ``fit``, up to rounding; it takes less time for small
models. Where one model already fills the processor (64 filters on a CPU), nothing is gained.
"""

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..augment import augment
from ..data import LabelledImages, check_images, check_labels
from ..experiment import Data, Experiment, checked_seed
from ..models import LeNet
from ..records import History
from ..support.progress import bar
from ..support.values import several
from ..training import (
    NonFiniteLossError,
    class_counts,
    epoch_line,
    lr_schedule,
    make_optimiser,
    normalise,
    penalty,
    predict_logits,
    prepare_process,
    score,
)
from .stacked import Stacked, Streams, stack, unstack


def fit_many(
    models: Sequence[nn.Module],
    experiment: Experiment,
    train: LabelledImages,
    val: LabelledImages,
    *,
    seeds: Sequence[int],
    epochs: int | None = None,
    verbose: bool = True,
) -> list[History]:
    """Train each model as ``fit`` does with its seed, all at once; return a history for each.

    Batch orders are those of ``fit``; on a CPU so are the draws of dropout and augmentation. Sums
    are rounded otherwise, so figures agree at first and drift apart as between two machines.
    ``seconds`` is a model's share of the time. Raises ValueError where models and seeds do not
    match, a seed is no whole number from 0 to 10⁹, or images or labels are none, and
    NonFiniteLossError when the loss of one of the models is not a number.
    """
    seeds = [checked_seed(seed) for seed in several("seeds", seeds, "(0, 1)")]
    nets = checked(models, seeds)
    for part in (train, val):
        check_images(part.images)
        check_labels(part.labels, len(part.images))
    prepare_process()
    device = next(nets[0].parameters()).device
    train, val, streams = train.to(device), val.to(device), Streams(seeds, device)
    network = stack(nets, streams)
    optimiser = make_optimiser(network, experiment.recipe)
    schedule = lr_schedule(experiment.recipe)[:epochs]
    histories = [
        History(experiment, net, seed, len(train)) for net, seed in zip(nets, seeds, strict=True)
    ]
    images = len(schedule) * len(train) * len(seeds)
    with torch.random.fork_rng(), bar(images, experiment.name, "image") as progress:
        for epoch, lr in enumerate(schedule, start=1):
            started = time.perf_counter()
            for group in optimiser.param_groups:
                group["lr"] = lr
            try:
                on_train = train_stacked_epoch(
                    network, optimiser, train, experiment, progress.update
                )
                on_val = evaluate_stacked(network, val, experiment)
            except NonFiniteLossError as error:
                raise NonFiniteLossError(
                    f"{experiment.name}: in epoch {epoch}, at lr {lr:g}, {error}; nothing is "
                    "stored. Try a smaller learning rate, or train the other seeds without it"
                ) from None
            unstack(network, nets)
            seconds = (time.perf_counter() - started) / len(seeds)
            for i, history in enumerate(histories):
                shrunk = {"penalty": penalty(nets[i], experiment.recipe)}
                whole = {"epoch": epoch, "lr": lr} | on_train[i] | shrunk | on_val[i]
                history.append(whole | {"seconds": seconds})
                if verbose:
                    print(f"seed {seeds[i]}: {epoch_line(history[-1], experiment.recipe.epochs)}")
    return histories


def train_stacked_epoch(
    network: Stacked,
    optimiser: torch.optim.Optimizer,
    train: LabelledImages,
    experiment: Experiment,
    on_batch: Callable[[int], object] = lambda images: None,
) -> list[dict[str, Any]]:
    """One pass over the training images, for each model in its own order: loss and accuracy."""
    network.train()
    losses, correct, streams = [], [], network.streams
    shuffled = streams.orders(len(train)).to(train.labels.device)  # (S, images)
    for batch in shuffled.split(experiment.recipe.batch_size, dim=1):  # (S, B)
        chosen = [train.images[row] for row in batch]  # S times (B, 1, 28, 28)
        chosen = streams.each(partial(_augmented, chosen, experiment.data))
        images = torch.cat(chosen, dim=1).contiguous(memory_format=torch.channels_last)
        logits = network(normalise(images, experiment.data))  # (B, S, 10)
        labels = train.labels[batch.T]  # (B, S)
        loss = F.cross_entropy(
            logits.flatten(0, 1),
            labels.flatten(),
            reduction="none",
            label_smoothing=experiment.recipe.label_smoothing,
        )
        loss = loss.view_as(labels).mean(dim=0)  # (S,)

        optimiser.zero_grad()
        loss.sum().backward()
        optimiser.step()

        losses.append(loss.detach() * len(labels))
        correct.append((logits.detach().argmax(dim=2) == labels).sum(dim=0))
        on_batch(labels.numel())
    total, right = torch.stack(losses).cpu(), torch.stack(correct).sum(dim=0)  # (steps, S), (S,)
    for step, i in (~total.isfinite()).nonzero().tolist():
        raise NonFiniteLossError(
            f"seed {streams.seeds[i]}: the loss is {total[step, i].item()} in step {step + 1}"
        )
    means = zip(total.sum(dim=0).tolist(), right.tolist(), strict=True)
    return [{"train_loss": loss / len(train), "train_acc": n / len(train)} for loss, n in means]


def _augmented(images: Sequence[Tensor], data: Data, seed: int) -> Tensor:
    """The images of one of the seeds, augmented."""
    return augment(images[seed], data)


def evaluate_stacked(
    network: Stacked, images: LabelledImages, experiment: Experiment
) -> list[dict[str, Any]]:
    """Each model's loss, accuracy and predicted classes, in eval mode, as in ``fit``."""
    logits = predict_logits(network, images.images, experiment.data, batch_size=50)  # (N, S, 10)
    found = []
    for seed, own in zip(network.streams.seeds, logits.unbind(dim=1), strict=True):
        try:
            scored = score(own, images.labels)
        except NonFiniteLossError as error:
            raise NonFiniteLossError(f"seed {seed}: {error} at the end") from None
        found.append(
            {f"val_{key}": value for key, value in scored.items()}
            | {"val_predicted": class_counts(own)}
        )
    return found


def checked(models: Sequence[nn.Module], seeds: Sequence[int]) -> list[LeNet]:
    """The models; ValueError unless there is one for each seed, all of one architecture."""
    if not models or len({id(model) for model in models}) != len(seeds):
        raise ValueError(
            f"fit_many was given {len({id(model) for model in models})} different models and "
            f"{len(seeds)} seeds; expected a model of its own for each seed"
        )
    nets = [model for model in models if isinstance(model, LeNet)]
    if len(nets) < len(models):
        raise ValueError(
            "fit_many trains architectures that are declared, by Arch; train a network of your "
            "own with fit, one seed after another, or with sweep"
        )
    if len({model.arch for model in nets}) > 1:
        raise ValueError(
            "fit_many was given models of several architectures; expected one: build them all "
            "from the same experiment"
        )
    return nets
