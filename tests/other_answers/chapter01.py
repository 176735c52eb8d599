import numpy as np
import torch
import torch.nn.functional as F
from torch.utils.data import Dataset


def in_one_line(x, mean, std):
    return 255 * (mean + std * x)


def by_numpy(x, mean, std):
    return np.add(np.multiply(np.asarray(x), std), mean) * 255


def by_comparison(labels, classes):
    return (labels[:, None] == torch.arange(classes)).float()


def rows_of_the_identity(labels, classes):
    return torch.eye(classes)[labels]


def scattered(labels, classes):
    return torch.zeros(len(labels), classes, dtype=torch.int64).scatter_(1, labels[:, None], 1)


def flattened(images):
    flat = images.flatten(start_dim=1)
    centred = flat - flat.mean(dim=1, keepdim=True)
    return (centred / centred.square().mean(dim=1, keepdim=True).sqrt()).reshape(images.shape)


def one_by_one(images):
    return [(image - image.mean()) / image.std(correction=0) for image in images]


def in_numpy(images):
    images = images.numpy()
    axes = (1, 2, 3)
    return (images - images.mean(axes, keepdims=True)) / images.std(axes, keepdims=True)


def one_group(images):
    return F.group_norm(images, 1, eps=0)


def by_product(images, labels, classes):
    of = F.one_hot(labels, classes).T.double()  # (classes, N)
    sums = of @ images.flatten(1).double()
    return (sums / of.sum(dim=1, keepdim=True)).reshape(classes, *images.shape[1:])


def by_index_add(images, labels, classes):
    sums = torch.zeros(classes, *images.shape[1:]).index_add(0, labels, images.float())
    return sums / labels.bincount(minlength=classes).view(-1, 1, 1, 1)


def each_with_numpy(images, labels, classes):
    images, labels = images.numpy(), labels.numpy()
    return np.array([images[labels == k].mean(axis=0) for k in range(classes)])


def pairs_in_a_list(images, labels):
    order = torch.randperm(len(labels)).tolist()
    return torch.stack([images[i] for i in order]), torch.stack([labels[i] for i in order])


def sorted_by_random_numbers(images, labels):
    order = torch.rand(len(labels)).argsort()
    return images.index_select(0, order), labels.index_select(0, order)


class WhenAsked(Dataset):
    """The other of the two places is kept."""

    def __init__(self, images, labels, mean, std):
        self.images, self.labels = images, labels
        self.mean, self.std = mean, std

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        return (self.images[i] / 255 - self.mean) / self.std, self.labels[i]


class InOneStep:
    def __init__(self, images, labels, mean, std):
        self.images = images.double().sub(255 * mean).div(255 * std).float()
        self.labels = labels.tolist()

    def __len__(self):
        return len(self.images)

    def __getitem__(self, i):
        return self.images[i], self.labels[i]


OTHERS = {
    "1.2": [in_one_line, by_numpy],
    "1.4": [by_comparison, rows_of_the_identity, scattered],
    "1.5": [flattened, one_by_one, in_numpy, one_group],
    "1.6": [by_product, by_index_add, each_with_numpy],
    "1.7": [pairs_in_a_list, sorted_by_random_numbers],
    "1.8": [WhenAsked, InOneStep],
}
