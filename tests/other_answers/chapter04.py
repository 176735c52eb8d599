import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


def rate_by_halving(lr, epoch):
    for later in range(2, epoch + 1):
        if later % 5 == 1:
            lr /= 2
    return lr


def rate_by_powers(lr, epoch):
    return lr / math.pow(2, math.ceil(epoch / 5) - 1)


def softmax_by_logsumexp(logits):
    return torch.exp(logits - torch.logsumexp(logits, dim=1, keepdim=True))


def softmax_in_numpy(logits):
    logits = logits.numpy().astype(np.float64)
    powers = np.exp(logits - logits.max(axis=1)[:, None])
    return powers / powers.sum(axis=1)[:, None]


def softmax_row_by_row(logits):
    rows = []
    for row in logits:
        powers = [math.exp(value - max(row)) for value in row]
        rows.append([power / sum(powers) for power in powers])
    return rows


def entropy_by_logsumexp(logits, labels):
    return (torch.logsumexp(logits, dim=1) - logits.gather(1, labels[:, None])[:, 0]).mean()


def entropy_one_hot(logits, labels):
    truth = F.one_hot(labels, num_classes=logits.shape[1])
    shifted = logits - logits.max(dim=1, keepdim=True).values
    return ((shifted.exp().sum(dim=1)).log() - (truth * shifted).sum(dim=1)).mean()


def entropy_in_python(logits, labels):
    total = 0.0
    for row, label in zip(logits.tolist(), labels.tolist(), strict=True):
        largest = max(row)
        total += math.log(sum(math.exp(value - largest) for value in row)) + largest - row[label]
    return total / len(labels)


def gradient_by_indexing(logits, labels):
    gradient = logits.softmax(dim=1)
    gradient[torch.arange(len(labels)), labels] -= 1
    return gradient / logits.shape[0]


def gradient_by_rows(logits, labels):
    identity = torch.eye(logits.shape[1])
    rows = [x.softmax(0) - identity[y] for x, y in zip(logits, labels, strict=True)]
    return torch.stack(rows) / len(labels)


def step_in_another_order(model, optimiser, images, labels):
    model.zero_grad()
    loss = nn.CrossEntropyLoss()(model(images), labels)
    loss.backward()
    optimiser.step()
    return loss.detach()


def step_by_functions(model, optimiser, images, labels):
    weights = dict(model.named_parameters())

    def loss_of(weights):
        return F.cross_entropy(torch.func.functional_call(model, weights, images), labels)

    gradients, loss = torch.func.grad_and_value(loss_of)(weights)
    for name, weight in weights.items():
        weight.grad = gradients[name].detach()
    optimiser.step()
    return loss.item()


def sgd_by_data(parameters, lr):
    for parameter in parameters:
        if parameter.grad is not None:
            parameter.data.add_(parameter.grad, alpha=-lr)


def sgd_by_copy(parameters, lr):
    with torch.no_grad():
        for parameter in parameters:
            gradient = 0 if parameter.grad is None else parameter.grad
            parameter.copy_(parameter - lr * gradient)
    return parameters


def accuracy_all_at_once(model, loader):
    with torch.inference_mode():
        right = [model.eval()(images).argmax(1) == labels for images, labels in loader]
    return torch.cat(right).float().mean()


def accuracy_weighted(model, loader):
    model.train(False)
    total = 0.0
    for images, labels in loader:
        hits = (model(images).max(dim=1).indices == labels).float()
        total += hits.mean().item() * len(labels)
    return total / len(loader.dataset)


def train_once_model_zeroed(model, optimiser, loader):
    losses, counts = [], []
    for images, labels in loader:
        model.zero_grad()
        loss = F.cross_entropy(model(images), labels)
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
        counts.append(len(images))
    return np.average(losses, weights=counts)


def train_once_zeroed_late(model, optimiser, loader):
    optimiser.zero_grad()
    total = 0.0
    for images, labels in loader:
        loss = F.cross_entropy(model.train()(images), labels, reduction="sum")
        (loss / len(labels)).backward()
        optimiser.step()
        optimiser.zero_grad(set_to_none=False)
        total += float(loss.detach())
    return total / len(loader.dataset)


def accuracy_now_otherwise(model, images, labels):
    mode = model.training
    try:
        with torch.inference_mode():
            return (model.eval()(images).max(1)[1] == labels).sum().item() / len(labels)
    finally:
        model.train(mode)


def train_and_validate_otherwise(model, optimiser, train_loader, val_loader):
    train_once_model_zeroed(model.train(), optimiser, train_loader)
    return accuracy_all_at_once(model, val_loader)


def classes_by_astype(model, pixels):
    images = torch.from_numpy((pixels / 255).astype("float32")).reshape(-1, 1, 28, 28)
    return model(images).softmax(dim=1).max(dim=1).indices.tolist()


def classes_by_tensor(model, pixels):
    return model.eval()(torch.tensor(pixels)[:, None] / 255).argmax(dim=1)


class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 12, 5, stride=2)
        self.norm = nn.BatchNorm2d(12)
        self.drop = nn.Dropout(0.1)
        self.out = nn.Linear(12 * 6 * 6, 10)

    def forward(self, x):
        x = F.relu(self.norm(self.conv(x - 0.3)))
        x = F.max_pool2d(x, 2).flatten(start_dim=1)
        return F.log_softmax(self.out(self.drop(x)), dim=1)


def network_as_a_class(images, labels):
    net = Small()
    optimiser = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    for _ in range(3):
        for batch in torch.randperm(len(images)).split(50):
            optimiser.zero_grad()
            F.nll_loss(net(images[batch]), labels[batch]).backward()
            optimiser.step()
    return net  # still in train mode


OTHERS = {
    "4.3": [rate_by_halving, rate_by_powers],
    "4.4": [softmax_by_logsumexp, softmax_in_numpy, softmax_row_by_row],
    "4.5": [entropy_by_logsumexp, entropy_one_hot, entropy_in_python],
    "4.6": [gradient_by_indexing, gradient_by_rows],
    "4.7": [step_in_another_order, step_by_functions],
    "4.8": [sgd_by_data, sgd_by_copy],
    "4.9": [accuracy_all_at_once, accuracy_weighted],
    "4.10": [train_once_model_zeroed, train_once_zeroed_late],
    "4.11": [accuracy_now_otherwise],
    "4.12": [train_and_validate_otherwise],
    "4.13": [classes_by_astype, classes_by_tensor],
    "4.14": [network_as_a_class],
}
