"""Exercises of chapter 4 that are answered by writing a function."""

import copy
import functools

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.metrics import accuracy_score
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from ...data import load
from ...runs import run
from ..judging import Written

# Solutions and mistakes: written as a reader would write them ---------------------------------


def rate(lr, epoch):
    """The rate of an epoch (the first is 1) when ``lr`` is halved every five."""
    halvings = (epoch - 1) // 5  # 0 in epochs 1 to 5, 1 in epochs 6 to 10, …
    return lr * 0.5**halvings


def _rate_too_early(lr, epoch):
    return lr * 0.5 ** (epoch // 5)


def _rate_in_a_slope(lr, epoch):
    return lr * 0.5 ** ((epoch - 1) / 5)


def _rate_only_once(lr, epoch):
    return lr if epoch <= 5 else lr / 2


def _rate_by_step_lr(lr, epoch):
    optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=lr)
    scheduler = torch.optim.lr_scheduler.StepLR(optimiser, step_size=5, gamma=0.5)
    for _ in range(epoch - 1):
        optimiser.step()
        scheduler.step()
    return scheduler.get_last_lr()[0]


def softmax(logits):
    """Logits (N, K) → probabilities (N, K), of any size the logits may be."""
    # taking the same number off all logits of an image changes nothing in the result:
    # with the largest taken off, no power of e is above 1
    largest = logits.amax(dim=1, keepdim=True)  # (N, 1)
    powers = (logits - largest).exp()
    return powers / powers.sum(dim=1, keepdim=True)


def _softmax_overflows(logits):
    return logits.exp() / logits.exp().sum(dim=1, keepdim=True)


def _softmax_without_keepdim(logits):
    powers = (logits - logits.amax(dim=1, keepdim=True)).exp()
    return powers / powers.sum(dim=1)


def _softmax_over_images(logits):
    return torch.softmax(logits, dim=0)


def _softmax_over_all(logits):
    powers = (logits - logits.amax(dim=1, keepdim=True)).exp()
    return powers / powers.sum()


def _softmax_one_maximum(logits):
    powers = (logits - logits.max()).exp()
    return powers / powers.sum(dim=1, keepdim=True)


def cross_entropy(logits, labels):
    """Logits (N, K) and labels (N,) → the mean loss per image, in nats: one number."""
    largest = logits.amax(dim=1, keepdim=True)
    shifted = logits - largest  # as in softmax: no power of e is above 1
    # log(a / b) = log a - log b: never the log of a probability that was rounded to 0
    log_probabilities = shifted - shifted.exp().sum(dim=1, keepdim=True).log()
    of_true_class = log_probabilities[torch.arange(len(labels)), labels]  # (N,)
    return -of_true_class.mean()


def _entropy_sum(logits, labels):
    return F.cross_entropy(logits, labels, reduction="sum")


def _entropy_sign(logits, labels):
    return -F.cross_entropy(logits, labels)


def _entropy_log_of_zero(logits, labels):
    probabilities = torch.softmax(logits, dim=1)
    return -probabilities[torch.arange(len(labels)), labels].log().mean()


def _entropy_softmax_twice(logits, labels):
    return F.cross_entropy(torch.softmax(logits, dim=1), labels)


def _entropy_every_pair(logits, labels):
    return -torch.log_softmax(logits, dim=1)[:, labels].mean()


def _entropy_mean_of_all(logits, labels):
    truth = F.one_hot(labels, logits.shape[1])
    return -(truth * torch.log_softmax(logits, dim=1)).mean()


def cross_entropy_gradient(logits, labels):
    """Gradient of the mean cross-entropy with respect to the logits: (N, K)."""
    probabilities = torch.softmax(logits, dim=1)
    truth = F.one_hot(labels, num_classes=logits.shape[1])  # 1 at the true class
    # the loss is a mean over N images, so each image has an Nth part in it
    return (probabilities - truth) / len(labels)


def _gradient_by_autograd(logits, labels):
    leaf = logits.clone().requires_grad_()
    F.cross_entropy(leaf, labels).backward()
    return leaf.grad


def _gradient_of_sum(logits, labels):
    return torch.softmax(logits, dim=1) - F.one_hot(labels, logits.shape[1])


def _gradient_uphill(logits, labels):
    return -cross_entropy_gradient(logits, labels)


def _gradient_without_softmax(logits, labels):
    return (logits - F.one_hot(labels, logits.shape[1])) / len(labels)


def _gradient_columns(logits, labels):
    gradient = torch.softmax(logits, dim=1)
    gradient[:, labels] -= 1
    return gradient / len(labels)


def _gradient_fewer_classes(logits, labels):
    return (torch.softmax(logits, dim=1) - F.one_hot(labels)) / len(labels)


def training_step(model, optimiser, images, labels):
    """One step on one batch; gives the loss before the step, as a number."""
    logits = model(images)
    loss = F.cross_entropy(logits, labels)
    optimiser.zero_grad()  # forget the gradients of the batch before
    loss.backward()
    optimiser.step()
    return loss.item()


def _step_adds_up(model, optimiser, images, labels):
    loss = F.cross_entropy(model(images), labels)
    loss.backward()
    optimiser.step()
    return loss.item()


def _step_stands_still(model, optimiser, images, labels):
    loss = F.cross_entropy(model(images), labels)
    loss.backward()
    optimiser.zero_grad()
    optimiser.step()
    return loss.item()


def _step_one_late(model, optimiser, images, labels):
    loss = F.cross_entropy(model(images), labels)
    optimiser.step()
    optimiser.zero_grad()
    loss.backward()
    return loss.item()


def _step_softmax(model, optimiser, images, labels):
    loss = F.cross_entropy(model(images).softmax(dim=1), labels)
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return loss.item()


def _step_loss_after(model, optimiser, images, labels):
    training_step(model, optimiser, images, labels)
    return F.cross_entropy(model(images), labels).item()


def _step_by_autograd(model, optimiser, images, labels):
    """The gradients asked for by name: none are kept from before."""
    weights = list(model.parameters())
    loss = nn.NLLLoss()(torch.log_softmax(model(images), dim=1), labels)
    gradients = torch.autograd.grad(loss, weights)
    for weight, gradient in zip(weights, gradients, strict=True):
        weight.grad = gradient
    optimiser.step()
    return loss.item()


def sgd_step(parameters, lr):
    """Move each parameter, in place, against its gradient; those without one stay."""
    with torch.no_grad():  # the move itself is nothing to take a gradient of
        for parameter in parameters:
            if parameter.grad is not None:
                parameter -= lr * parameter.grad


def _sgd_moves_a_copy(parameters, lr):
    for parameter in parameters:
        if parameter.grad is not None:
            parameter = parameter - lr * parameter.grad


def _sgd_uphill(parameters, lr):
    with torch.no_grad():
        for parameter in parameters:
            if parameter.grad is not None:
                parameter += lr * parameter.grad


def _sgd_recorded(parameters, lr):
    for parameter in parameters:
        if parameter.grad is not None:
            parameter -= lr * parameter.grad


def _sgd_needs_gradients(parameters, lr):
    with torch.no_grad():
        for parameter in parameters:
            parameter -= lr * parameter.grad


def _sgd_changes_gradients(parameters, lr):
    with torch.no_grad():
        for parameter in parameters:
            if parameter.grad is not None:
                parameter.grad *= lr
                parameter -= parameter.grad


def accuracy_over(model, loader):
    """Of all images of a DataLoader, the fraction that the model recognises."""
    model.eval()
    correct = seen = 0
    with torch.no_grad():
        for images, labels in loader:
            predicted = model(images).argmax(dim=1)
            correct += (predicted == labels).sum().item()
            seen += len(labels)  # the last batch may be smaller than the others
    return correct / seen


def _accuracy_mean_of_batches(model, loader):
    model.eval()
    batches = [(model(x).argmax(dim=1) == y).float().mean() for x, y in loader]
    return torch.stack(batches).mean().item()


def _accuracy_in_train_mode(model, loader):
    model.train()
    right = [model(x).argmax(dim=1) == y for x, y in loader]
    return torch.cat(right).float().mean().item()


def _accuracy_as_count(model, loader):
    model.eval()
    return sum((model(x).argmax(dim=1) == y).sum().item() for x, y in loader)


def _accuracy_per_batch(model, loader):
    model.eval()
    return sum((model(x).argmax(dim=1) == y).sum().item() for x, y in loader) / len(loader)


def _accuracy_in_percent(model, loader):
    return 100 * accuracy_over(model, loader)


def _accuracy_by_sklearn(model, loader):
    model.eval()
    pairs = [(model(x).argmax(dim=1), y) for x, y in loader]
    predicted, labels = (torch.cat(part).numpy() for part in zip(*pairs, strict=True))
    return accuracy_score(labels, predicted)


# Find the bug: the first mistake is what the chapter shows ------------------------------------


def train_once(model, optimiser, loader):
    """One epoch of training; gives the mean loss per image, on the way."""
    model.train()
    total, seen = 0.0, 0
    for images, labels in loader:
        loss = F.cross_entropy(model(images), labels)
        optimiser.zero_grad()  # this line was missing
        loss.backward()
        optimiser.step()
        total += loss.item() * len(labels)
        seen += len(labels)
    return total / seen


def _train_once_adds_up(model, optimiser, loader):
    model.train()
    total, seen = 0.0, 0
    for images, labels in loader:
        loss = F.cross_entropy(model(images), labels)
        loss.backward()
        optimiser.step()
        total += loss.item() * len(labels)
        seen += len(labels)
    return total / seen


def _train_once_zeroed_once(model, optimiser, loader):
    optimiser.zero_grad()
    return _train_once_adds_up(model, optimiser, loader)


def _train_once_stands_still(model, optimiser, loader):
    losses = [(_step_stands_still(model, optimiser, x, y), len(y)) for x, y in loader]
    return sum(loss * n for loss, n in losses) / sum(n for _, n in losses)


def _train_once_by_autograd(model, optimiser, loader):
    model.train()
    losses = [(_step_by_autograd(model, optimiser, x, y), len(y)) for x, y in loader]
    return np.average([loss for loss, _ in losses], weights=[n for _, n in losses])


def accuracy_now(model, images, labels):
    """Fraction recognised in eval mode; leaves the model in the mode it was in."""
    was_training = model.training
    model.eval()  # this line was missing: no_grad does not do it
    with torch.no_grad():
        predicted = model(images).argmax(dim=1)
    model.train(was_training)
    return (predicted == labels).float().mean().item()


def _accuracy_now_without_eval(model, images, labels):
    was_training = model.training
    with torch.no_grad():
        predicted = model(images).argmax(dim=1)
    model.train(was_training)
    return (predicted == labels).float().mean().item()


def _accuracy_now_stays_in_eval(model, images, labels):
    model.eval()
    with torch.no_grad():
        predicted = model(images).argmax(dim=1)
    return (predicted == labels).float().mean().item()


def _accuracy_now_always_trains(model, images, labels):
    model.eval()
    with torch.no_grad():
        predicted = model(images).argmax(dim=1)
    model.train()
    return (predicted == labels).float().mean().item()


def _accuracy_now_by_sklearn(model, images, labels):
    was_training = model.training
    predicted = model.eval()(images).argmax(dim=1)
    model.train(was_training)
    return accuracy_score(labels.numpy(), predicted.numpy())


def train_and_validate(model, optimiser, train_loader, val_loader):
    """One epoch of training; then the accuracy on the validation images."""
    model.train()
    for images, labels in train_loader:
        loss = F.cross_entropy(model(images), labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    model.eval()
    correct = seen = 0
    with torch.no_grad():
        for images, labels in val_loader:  # here stood train_loader, copied from above
            correct += (model(images).argmax(dim=1) == labels).sum().item()
            seen += len(labels)
    return correct / seen


def _validate_on_training_images(model, optimiser, train_loader, val_loader):
    model.train()
    for images, labels in train_loader:
        training_step(model, optimiser, images, labels)
    return accuracy_over(model, train_loader)


def _validate_in_train_mode(model, optimiser, train_loader, val_loader):
    model.train()
    for images, labels in train_loader:
        training_step(model, optimiser, images, labels)
    return _accuracy_in_train_mode(model, val_loader)


def _validate_what_was_trained_on(model, optimiser, train_loader, val_loader):
    model.train()
    for images, labels in val_loader:
        training_step(model, optimiser, images, labels)
    return accuracy_over(model, val_loader)


def _validate_without_training(model, optimiser, train_loader, val_loader):
    return accuracy_over(model, val_loader)


def _validate_by_sklearn(model, optimiser, train_loader, val_loader):
    model.train()
    for images, labels in train_loader:
        _step_by_autograd(model, optimiser, images, labels)
    return _accuracy_by_sklearn(model, val_loader)


def predicted_classes(model, pixels):
    """Grey levels, a numpy array (N, 28, 28) from 0 to 255 → classes (N,)."""
    images = torch.from_numpy(pixels / 255)  # numpy divides into float64 …
    images = images.float()  # … and the weights are float32
    model.eval()
    with torch.no_grad():
        return model(images[:, None]).argmax(dim=1)


def _classes_from_float64(model, pixels):
    images = torch.from_numpy(pixels / 255)
    model.eval()
    with torch.no_grad():
        return model(images[:, None]).argmax(dim=1)


def _classes_with_a_double_model(model, pixels):
    images = torch.from_numpy(pixels / 255)
    return model.double().eval()(images[:, None]).argmax(dim=1)


def _classes_from_grey_levels(model, pixels):
    return model.eval()(torch.from_numpy(pixels).float()[:, None]).argmax(dim=1)


def _classes_of_whole_numbers(model, pixels):
    images = torch.from_numpy((pixels / 255).astype(np.uint8)).float()
    return model.eval()(images[:, None]).argmax(dim=1)


def _classes_by_numpy(model, pixels):
    images = np.divide(pixels, 255, dtype=np.float32)
    return model.eval()(torch.from_numpy(images).unsqueeze(1)).detach().numpy().argmax(axis=1)


# The blank page -------------------------------------------------------------------------------


def my_network(images, labels):
    """Images float32 (N, 1, 28, 28) from 0 to 1, labels (N,) → a trained network."""
    network = nn.Sequential(
        nn.Conv2d(1, 8, kernel_size=3),  # 28×28 → 26×26, eight maps
        nn.ReLU(),
        nn.MaxPool2d(2),  # → 13×13
        nn.Conv2d(8, 16, kernel_size=3),  # → 11×11, sixteen maps
        nn.ReLU(),
        nn.MaxPool2d(2),  # → 5×5
        nn.Flatten(),
        nn.Linear(16 * 5 * 5, 10),  # ten logits, and no softmax
    )
    loader = DataLoader(TensorDataset(images, labels), batch_size=32, shuffle=True)
    loss_function = nn.CrossEntropyLoss()
    optimiser = torch.optim.Adam(network.parameters(), lr=0.003)
    network.train()
    for _ in range(2):  # epochs
        for batch, truth in loader:
            loss = loss_function(network(batch), truth)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    return network.eval()


def _network_untrained(images, labels):
    return nn.Sequential(nn.Conv2d(1, 8, 5), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 24 * 24, 10))


def _network_hardly_trained(images, labels):
    network = _network_untrained(images, labels)
    optimiser = torch.optim.SGD(network.parameters(), lr=0.03)
    for batch, truth in zip(images[:640].split(32), labels[:640].split(32), strict=True):
        training_step(network, optimiser, batch, truth)
    return network


def _network_with_softmax(images, labels):
    return nn.Sequential(_trained(), nn.Softmax(dim=1))


def _network_of_maps(images, labels):
    return nn.Sequential(nn.Conv2d(1, 10, kernel_size=28))  # (N, 10, 1, 1)


def _network_without_convolution(images, labels):
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 10))


def _network_is_logits(images, labels):
    return _trained()(images[:10])


def _network_is_a_class(images, labels):
    return nn.Sequential


class _AlwaysDropping(nn.Module):
    def __init__(self):
        super().__init__()
        self.network = _trained()

    def forward(self, images):
        return F.dropout(self.network(images), 0.2)


def _network_always_drops(images, labels):
    return _AlwaysDropping()


class _OfTheWholeBatch(nn.Module):
    def __init__(self):
        super().__init__()
        self.network = _trained()
        self.norm = nn.BatchNorm1d(10, track_running_stats=False)

    def forward(self, images):
        logits = self.network(images)
        return logits if len(logits) == 1 else self.norm(logits)


def _network_mixes_images(images, labels):
    return _OfTheWholeBatch()


def _network_of_nan(images, labels):
    network = _network_untrained(images, labels)
    nn.init.constant_(network[0].bias, float("nan"))
    return network


# Hidden inputs, and how an answer is tried on them ---------------------------------------------


def _logits() -> list[tuple]:
    drawn = torch.Generator().manual_seed(4)
    sizes = [(3, 4), (2, 2), (1, 10)]
    ordinary = [(torch.randn(size, generator=drawn) * 3,) for size in sizes]
    return [*ordinary, (torch.tensor([[1000.0, 0.0, -1000.0], [-1000.0, -1001.0, -1002.0]]),)]


def _logits_and_labels() -> list[tuple]:
    labels = [torch.tensor(some) for some in ([0, 2, 2], [1, 0], [7], [1, 0])]
    return [(*logits, truth) for logits, truth in zip(_logits(), labels, strict=True)]


def _small(seed: int, dropped: float = 0.0) -> nn.Sequential:
    """Images (N, 1, 2, 2) → logits (N, 3), through batch norm and dropout where asked for."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = nn.Sequential(
            nn.Flatten(),
            nn.Linear(4, 8),
            nn.BatchNorm1d(8) if dropped else nn.Tanh(),
            nn.Dropout(dropped),
            nn.Linear(8, 3),
        )
        for parameter in network.parameters():  # left over from an earlier batch
            parameter.grad = torch.randn_like(parameter)
    return network


def _batches(seed: int, images: int, batch: int) -> DataLoader:
    drawn = torch.Generator().manual_seed(seed)
    pixels = torch.randn(images, 1, 2, 2, generator=drawn)
    labels = torch.randint(3, (images,), generator=drawn)
    return DataLoader(TensorDataset(pixels, labels), batch_size=batch)


def _weights(network: nn.Module) -> torch.Tensor:
    return nn.utils.parameters_to_vector(network.parameters()).detach()


def _several_steps(answer, seed, images, batch):
    network = _small(seed)
    optimiser = torch.optim.SGD(network.parameters(), lr=0.2)
    losses = tuple(answer(network, optimiser, x, y) for x, y in _batches(seed, images, batch))
    return (*losses, _weights(network))


def _moved(answer, *values):
    """A step on parameters of these values; the last of them has no gradient."""
    parameters = [value.clone().requires_grad_() for value in values]
    sum((p * p * p).sum() for p in parameters[:-1]).backward()
    answer(parameters, 0.1)
    gradients = [p.grad if p.grad is not None else torch.zeros_like(p) for p in parameters]
    return (*(p.detach() for p in parameters), *gradients)


def _accuracy(answer, seed, images, batch):
    return answer(_small(seed, dropped=0.6), _batches(seed, images, batch))


def _epoch(answer, seed, images, batch):
    network = _small(seed)
    optimiser = torch.optim.SGD(network.parameters(), lr=0.2)
    return answer(network, optimiser, _batches(seed, images, batch)), _weights(network)


def _accuracy_and_mode(answer, seed, images, training):
    network = _small(seed, dropped=0.6).train(training)
    pixels, labels = _batches(seed, images, images).dataset[:]
    found = answer(network, pixels, labels)
    return found, network[3].training, network[2].running_mean


def _trained_and_validated(answer, seed, images, batch):
    network = _small(seed, dropped=0.3)
    optimiser = torch.optim.SGD(network.parameters(), lr=0.5)
    both = _batches(seed, images, batch), _batches(seed + 1, images + 5, batch)
    return answer(network, optimiser, *both), _weights(network)


def _classes_and_dtype(answer, count):
    network, pixels = _trained(), load().val.images[100 : 100 + count, 0].numpy()
    found = answer(network, pixels)
    return found, str(next(network.parameters()).dtype)


@functools.cache
def _stored_network() -> nn.Module:
    return run("maxpool", train=False).model()


def _trained() -> nn.Module:
    """Somebody else's network, which takes images from 0 to 1: the stored one of chapter 5."""
    return copy.deepcopy(_stored_network())


@functools.cache
def _pixels(part: str, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The first images from 0 to 1, and their labels."""
    some = getattr(load(), part)[:count]
    return some.images.float() / 255, some.labels


def _learned(answer, count):
    """One word on what came out; "learned" when all is well."""
    network = answer(*(part.clone() for part in _pixels("train", count)))
    if network is None:
        return None
    if not isinstance(network, nn.Module):
        return "a class" if isinstance(network, type) else "no network"
    if not any(weight.dim() == 4 for weight in network.parameters()):
        return "no convolution"
    network = network.cpu().eval()
    hidden, truth = _pixels("val", 1000)
    with torch.no_grad():
        logits, again = network(hidden), network(hidden)
        alone = network(hidden[:1])
    if logits.shape != (len(hidden), 10) or alone.shape != (1, 10):
        return "shape"
    if not torch.isfinite(logits).all():
        return "not finite"
    if not torch.equal(logits, again) and not torch.allclose(logits, again, atol=1e-2):
        return "restless"
    if not torch.allclose(alone, logits[:1], rtol=1e-2, atol=1e-2):
        return "mixed"
    if logits.min() >= 0 and torch.allclose(logits.sum(dim=1), torch.ones(()), atol=1e-3):
        return "probabilities"
    acc = (logits.argmax(dim=1) == truth).float().mean().item()
    return "learned" if acc >= 0.75 else "beginner" if acc >= 0.3 else "guesses"


EXERCISES: dict[str, Written] = {
    "4.3": Written(
        hints=(
            "Count how often the rate has been halved before this epoch: never in epochs 1 to 5.",
            "`//` divides and rounds down: (epoch - 1) // 5 is that count; halve `lr` so often.",
        ),
        solution=rate,
        oracle=_rate_by_step_lr,
        cases=lambda: [(lr, epoch) for lr in (0.1, 0.001) for epoch in (1, 4, 5, 6, 10, 11, 16)],
        mistakes=(
            (_rate_too_early, "it halves one epoch early: epoch 5 still has the first rate."),
            (_rate_in_a_slope, "it falls in every epoch; the rate should stay level for five."),
            (_rate_only_once, "from epoch 11 on it should be halved a second time, and so on."),
        ),
        tolerance=1e-9,
    ),
    "4.4": Written(
        hints=(
            "e to the power of 1000 is too large; but 1000 and 0 give just what 0 and -1000 give.",
            "Take off each row's largest logit first, with logits.amax(dim=1, keepdim=True).",
        ),
        solution=softmax,
        oracle=lambda logits: torch.softmax(logits, dim=1),
        cases=_logits,
        mistakes=(
            (
                _softmax_overflows,
                "for small logits it is right; for 1000 it gives NaN. See the hint.",
            ),
            (
                _softmax_without_keepdim,
                "the sums have lost their second dimension, so they are set against the columns "
                "and not against the rows.",
            ),
            (_softmax_over_images, "each *row* is one image, and its classes must add up to 1."),
            (_softmax_over_all, "the whole table adds up to 1; each row should."),
            (
                _softmax_one_maximum,
                "one largest value for all images: another image's logits may lie so far below it "
                "that all its powers are 0.",
            ),
        ),
    ),
    "4.5": Written(
        hints=(
            "The log of a quotient is a difference of logs: do not compute the probability first.",
            "logits minus their row's largest, minus the log of the sum of the powers, are the log "
            "probabilities; pick one in each row by torch.arange(len(labels)) and labels.",
        ),
        solution=cross_entropy,
        oracle=F.cross_entropy,
        cases=_logits_and_labels,
        mistakes=(
            (_entropy_sum, "that is the sum over the images; give the mean."),
            (_entropy_sign, "a log of a probability is negative, and a loss is not: the sign."),
            (
                _entropy_log_of_zero,
                "right for ordinary logits; where a probability is rounded to 0, its log is "
                "infinite. Take the log before anything is divided.",
            ),
            (_entropy_softmax_twice, "a softmax is taken of the softmax: one of them is too many."),
            (
                _entropy_every_pair,
                "[:, labels] takes all the labels' columns in every row; each row needs one value.",
            ),
            (
                _entropy_mean_of_all,
                "the zeros of the other classes are counted in the mean: it is over images alone.",
            ),
        ),
    ),
    "4.6": Written(
        hints=(
            "For one image it is probabilities minus truth, as above. The loss is a mean over N.",
            "F.one_hot(labels, num_classes=…) gives the truth as a table (N, K); divide by N.",
        ),
        solution=cross_entropy_gradient,
        oracle=_gradient_by_autograd,
        cases=_logits_and_labels,
        mistakes=(
            (
                _gradient_of_sum,
                "that is the gradient of the *sum* over the images, not of the mean.",
            ),
            (
                _gradient_uphill,
                "the sign is turned: more logit for the true class lowers the loss.",
            ),
            (_gradient_without_softmax, "that has the logits where the probabilities should be."),
            (
                _gradient_columns,
                "[:, labels] takes the labels' columns in every row; each row has one true class.",
            ),
            (
                _gradient_fewer_classes,
                "F.one_hot counts the classes by the largest label in the batch; the last class "
                "may be missing there. Tell it how many there are.",
            ),
        ),
    ),
    "4.7": Written(
        hints=(
            "Forward, loss, forget, backward, step: the five lines of the chapter, in this order.",
            "F.cross_entropy(model(images), labels) is the loss; .item() makes it a number.",
        ),
        solution=training_step,
        oracle=_step_by_autograd,
        use=_several_steps,
        cases=lambda: [(1, 12, 4), (2, 5, 1), (3, 7, 4)],
        mistakes=(
            (
                _step_adds_up,
                "the gradients of an earlier batch are still in the sum when the weights move.",
            ),
            (
                _step_stands_still,
                "the weights do not move. Is there an optimiser.step(), and are the gradients "
                "still there when it comes?",
            ),
            (_step_one_late, "each step goes along the gradients of the batch *before*."),
            (_step_softmax, "cross_entropy takes logits and does the softmax itself."),
            (_step_loss_after, "that is the loss after the step; give the one that was minimised."),
        ),
    ),
    "4.8": Written(
        hints=(
            "For each parameter: new value = old value minus lr times its .grad.",
            "Use `parameter -= …`, which changes the tensor itself, under `with torch.no_grad():`, "
            "and leave out a parameter whose .grad is None.",
        ),
        solution=sgd_step,
        oracle=lambda parameters, lr: torch.optim.SGD(parameters, lr=lr).step(),
        use=_moved,
        cases=lambda: [
            (torch.tensor([1.0, -2.0]), torch.tensor(3.0), torch.tensor([5.0])),
            (torch.linspace(-1, 1, 12).reshape(3, 4), torch.ones(2, 1, 2), torch.zeros(3)),
        ],
        mistakes=(
            (
                _sgd_moves_a_copy,
                "no parameter has moved: `p = p - …` makes a new tensor and forgets it. Change the "
                "one that is there.",
            ),
            (_sgd_uphill, "it moves along the gradient: the loss will rise."),
            (
                _sgd_recorded,
                "PyTorch refuses: it would record this change as a part of the loss. Tell it "
                "that nothing is to be recorded here.",
            ),
            (_sgd_needs_gradients, "one parameter has no gradient (None), and should stay."),
            (_sgd_changes_gradients, "it moves rightly, but changes the gradients as well."),
        ),
    ),
    "4.9": Written(
        hints=(
            "Count two things over all batches: images that were right, and images.",
            "model.eval() first; then, for each batch, compare model(images).argmax(dim=1) with "
            "labels, add up .sum().item() and len(labels), and divide at the end.",
        ),
        solution=accuracy_over,
        oracle=_accuracy_by_sklearn,
        use=_accuracy,
        cases=lambda: [(1, 13, 4), (2, 30, 7), (3, 5, 5), (4, 41, 10), (5, 50, 16)],
        mistakes=(
            (
                _accuracy_mean_of_batches,
                "a mean over *batches* counts each image of a small last batch too much.",
            ),
            (_accuracy_in_train_mode, "it is measured in train mode: dropout is still on."),
            (_accuracy_as_count, "that counts the right ones; give the fraction."),
            (_accuracy_per_batch, "len(loader) is the number of batches, not of images."),
            (_accuracy_in_percent, "a fraction from 0 to 1, please, not per cent."),
        ),
    ),
    "4.10": Written(
        hints=(
            "Of the five lines of a training step, count those in the loop.",
            "backward() *adds* to the gradients that are there. Who sets them back to zero?",
        ),
        solution=train_once,
        oracle=_train_once_by_autograd,
        use=_epoch,
        cases=lambda: [(1, 12, 4), (2, 5, 1), (3, 9, 4)],
        mistakes=(
            (
                _train_once_adds_up,
                "the second batch's step is not the second batch's own: what the first one left "
                "behind is in it.",
            ),
            (
                _train_once_zeroed_once,
                "the first step is right now; from the second on, earlier ones are still in it.",
            ),
            (
                _train_once_stands_still,
                "now the weights do not move at all: what the step needs is gone when it comes.",
            ),
        ),
    ),
    "4.11": Written(
        hints=(
            "What does dropout do while this function computes?",
            "torch.no_grad() saves memory and nothing else. The mode is another matter: "
            "two methods of the model set it.",
        ),
        solution=accuracy_now,
        oracle=_accuracy_now_by_sklearn,
        use=_accuracy_and_mode,
        cases=lambda: [(1, 40, True), (2, 40, False), (3, 25, True), (4, 40, True)],
        mistakes=(
            (
                _accuracy_now_without_eval,
                "asked while a model trains, it finds another accuracy each time, and batch norm's "
                "running means have moved.",
            ),
            (
                _accuracy_now_stays_in_eval,
                "the accuracy is right now, but the model is left in eval mode: the next epoch "
                "would train without dropout.",
            ),
            (
                _accuracy_now_always_trains,
                "a model that was in eval mode comes back in train mode.",
            ),
        ),
    ),
    "4.12": Written(
        hints=(
            "Which images does the second loop go over?",
            "The two loaders have names; read them in both loops, and in the docstring.",
        ),
        solution=train_and_validate,
        oracle=_validate_by_sklearn,
        use=_trained_and_validated,
        cases=lambda: [(1, 40, 8), (2, 32, 8), (3, 60, 12)],
        mistakes=(
            (
                _validate_on_training_images,
                "it praises itself: the images it is asked about are those it has just learned.",
            ),
            (
                _validate_what_was_trained_on,
                "now it learns from the validation images, which nobody should learn from.",
            ),
            (_validate_in_train_mode, "the images are the right ones; the mode is not."),
            (_validate_without_training, "now it does not train at all."),
        ),
    ),
    "4.13": Written(
        hints=(
            "Print images.dtype, and the dtype of the model's weights.",
            "numpy's division gives float64. One method of the tensor makes it float32.",
        ),
        solution=predicted_classes,
        oracle=_classes_by_numpy,
        use=_classes_and_dtype,
        cases=lambda: [(1,), (9,), (60,)],
        mistakes=(
            (
                _classes_from_float64,
                "it stops with a RuntimeError: numbers of two kinds meet in the first layer.",
            ),
            (
                _classes_with_a_double_model,
                "the classes are right, but the caller's model has been changed to float64, which "
                "takes twice the memory and time. Change the images instead.",
            ),
            (_classes_from_grey_levels, "the model learned from pixels between 0 and 1."),
            (
                _classes_of_whole_numbers,
                "as whole numbers, all grey levels but the brightest become 0.",
            ),
        ),
    ),
    "4.14": Written(
        hints=(
            "Three parts: a network (chapter 3), an optimiser and a loss, and a loop over epochs "
            "and batches. Print the loss now and then: does it fall?",
            "nn.Sequential with Conv2d, ReLU, MaxPool2d, Flatten and Linear(…, 10); Adam with a "
            "rate of 0.003 and two epochs in batches of 32 are enough.",
        ),
        solution=my_network,
        oracle=lambda images, labels: _trained(),
        use=_learned,
        cases=lambda: [(6000,)],
        mistakes=(
            (
                _network_untrained,
                "it runs, and it guesses: on new images it is hardly better than chance. Do the "
                "weights move? (Five lines, in a loop.)",
            ),
            (
                _network_hardly_trained,
                "it runs and has learned something, but recognises fewer than 75 % of new images. "
                "More epochs, or another learning rate?",
            ),
            (
                _network_with_softmax,
                "its outputs are probabilities; give logits. The loss does the softmax itself.",
            ),
            (_network_of_maps, "N images should give the shape (N, 10), and one image (1, 10)."),
            (_network_without_convolution, "there is no convolution in it."),
            (
                _network_is_logits,
                "return the trained network itself, an nn.Module, and nothing else.",
            ),
            (_network_is_a_class, "that is the class; return the trained object made from it."),
            (
                _network_always_drops,
                "in eval mode, the same images give other logits each time. (F.dropout does not "
                "know of the mode; the layer nn.Dropout does.)",
            ),
            (
                _network_mixes_images,
                "an image gets other logits alone than in company: the batch's images are mixed.",
            ),
            (_network_of_nan, "its logits are not finite numbers. Try a smaller learning rate."),
        ),
    ),
}
