"""Exercises of chapter 0 that are answered by writing a function or a class."""

import math

import numpy as np
import torch
from scipy.differentiate import derivative
from torch.utils.data import DataLoader, Dataset, TensorDataset

from ..judging import Written

# Solutions and mistakes: written as a reader would write them ---------------------------------


def of_class(images, labels, k):
    """The images of class k: (N, 1, H, W) and labels (N,) → (how many, 1, H, W)."""
    mask = labels == k  # (N,): True where the label is k
    return images[mask]


def _mask_only(images, labels, k):
    return labels == k


def _positions(images, labels, k):
    return (labels == k).nonzero()[:, 0]


def _labels_of_class(images, labels, k):
    return labels[labels == k]


def _the_others(images, labels, k):
    return images[labels != k]


def _one_image(images, labels, k):
    return images[k]


def _extra_axis(images, labels, k):
    return images[(labels == k).nonzero()]


def _a_list(images, labels, k):
    return [image for image, label in zip(images, labels, strict=True) if label == k]


def _picking() -> list[tuple]:
    drawn = torch.Generator().manual_seed(3)
    images = torch.randint(0, 256, (9, 1, 5, 7), generator=drawn).to(torch.uint8)
    labels = torch.tensor([4, 0, 4, 2, 1, 4, 0, 3, 1])
    # the usual case; one image of the class; none at all; two channels
    return [
        (images, labels, 4),
        (images, labels, 3),
        (images, labels, 8),
        (images.repeat(1, 2, 1, 1), labels, 0),
    ]


def slope(function, x):
    """Slope of a function (one number → one number) at the number x, by autograd."""
    x = torch.tensor(float(x), requires_grad=True)  # float: a whole number has no slope
    y = function(x)
    y.backward()  # fills x.grad
    return x.grad.item()


def _value(function, x):
    return function(torch.tensor(float(x))).item()


def _one_whole_step(function, x):
    x = torch.tensor(float(x))
    return (function(x + 1) - function(x)).item()


def _not_watched(function, x):
    x = torch.tensor(float(x))
    function(x).backward()
    return x.grad.item()


def _no_backward(function, x):
    x = torch.tensor(float(x), requires_grad=True)
    function(x)
    return x.grad


def _as_it_came(function, x):
    x = torch.tensor(x, requires_grad=True)
    function(x).backward()
    return x.grad.item()


def _downhill(function, x):
    return -slope(function, x)


def _numerically(function, x):
    """SciPy's derivative, from differences, in float64: no autograd in it."""

    def values(numbers):
        found = [float(function(torch.tensor(v, dtype=torch.float64))) for v in numbers.ravel()]
        return np.array(found).reshape(numbers.shape)

    return derivative(values, float(x), initial_step=0.1).df


def _slopes() -> list[tuple]:
    return [
        (lambda x: x**2, 3.0),
        (lambda x: x**2, -1),  # a whole number
        (lambda x: 3 * x - x**3, 0.5),
        (lambda x: torch.sin(x) * torch.exp(-x), 0.7),
        (lambda x: torch.log(1 + torch.exp(x)), -2.0),
        (lambda x: x * 0 + 5, math.pi),  # flat
    ]


class Garments(Dataset):
    """uint8 images (N, 1, H, W), labels (N,): item i is (float image, int label)."""

    def __init__(self, images, labels):
        self.images, self.labels = images, labels

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        image = self.images[i].float() / 255  # from 0 to 1
        return image, int(self.labels[i])


class _Unscaled(Garments):
    def __getitem__(self, i):
        return self.images[i].float(), int(self.labels[i])


class _WholeNumbers(Garments):
    def __getitem__(self, i):
        return self.images[i] // 255, int(self.labels[i])


class _LabelFirst(Garments):
    def __getitem__(self, i):
        return int(self.labels[i]), self.images[i].float() / 255


class _FloatLabel(Garments):
    def __getitem__(self, i):
        return self.images[i].float() / 255, float(self.labels[i])


class _DoubleImages(Garments):
    def __getitem__(self, i):
        return self.images[i].double() / 255, int(self.labels[i])


class _NoLabel(Garments):
    def __getitem__(self, i):
        return self.images[i].float() / 255


class _AlwaysTheFirst(Garments):
    def __getitem__(self, i):
        return self.images[0].float() / 255, int(self.labels[0])


class _LengthOfAnImage(Garments):
    def __len__(self):
        return len(self.images[0])


class _InPlace(Dataset):
    def __init__(self, images, labels):
        self.images, self.labels = images, labels

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        self.images[i] //= 2  # what a reader does to save memory
        return self.images[i].float() / 255, int(self.labels[i])


def _read_through(answer, images, labels) -> dict | None:
    """What a DataLoader makes of the data set: all items, and what they are made of."""
    made = answer(images, labels)
    length, last = len(made), made[len(labels) - 1]
    if last is None:
        return None  # the judge knows what to say
    if not isinstance(last, tuple | list) or len(last) != 2:
        raise LookupError("an item should be a pair, (image, label)")
    image, label = last
    batches = list(DataLoader(made, batch_size=3))
    return {
        "length": length,
        "last image": image,
        "last label": int(label),
        "images": torch.cat([images for images, _ in batches]),
        "labels": torch.cat([labels for _, labels in batches]),
        "type of the images": str(batches[0][0].dtype),
        "type of the labels": str(batches[0][1].dtype),
    }


def _garments() -> list[tuple]:
    drawn = torch.Generator().manual_seed(4)
    cases: list[tuple] = []
    for size in [(7, 1, 5, 3), (1, 1, 28, 28), (4, 3, 2, 6)]:
        images = torch.randint(0, 256, size, generator=drawn).to(torch.uint8)
        images[0, 0, 0, :2] = torch.tensor([0, 255])
        cases.append((images, torch.randint(1, 10, size[:1], generator=drawn)))
    return cases


EXERCISES: dict[str, Written] = {
    "0.3": Written(
        hints=(
            "labels == k is a mask: one True or False for each image. What may stand in images[…]?",
            "A mask picks rows when it stands in the square brackets, as in the step about masks.",
        ),
        solution=of_class,
        oracle=lambda images, labels, k: np.compress(labels.numpy() == k, images.numpy(), axis=0),
        cases=_picking,
        mistakes=(
            (_mask_only, "that is the mask, True or False for each image; now pick the images."),
            (_positions, "those are the positions of the images; now pick the images there."),
            (_labels_of_class, "those are labels, all of them k; pick from the images."),
            (_the_others, "those are the images of all the other classes."),
            (_one_image, "that is the image at position k; the label has to be k."),
            (_a_list, "a list has no shape where no image is of the class; a mask picks all at "
             "once, and gives a tensor."),
            (_extra_axis, "one axis too many: nonzero gives a column of positions; see [:, 0]."),
        ),
    ),
    "0.4": Written(
        hints=(
            "Three steps: a tensor that autograd watches, the function's value, backward().",
            "The tensor needs requires_grad=True and a float inside; after backward() on the "
            "value, the slope stands in the tensor's grad.",
        ),
        solution=slope,
        oracle=_numerically,
        cases=_slopes,
        mistakes=(
            (_value, "that is the function's value at x, its height; the slope is asked for."),
            (_one_whole_step, "that is the change over a whole step of 1; the slope is the one "
             "at the point itself."),
            (_not_watched, "torch did not record the steps: has the tensor been told that its "
             "gradient is wanted?"),
            (_no_backward, "it gives None: either a `return` is missing, or grad was read before "
             "backward() filled it."),
            (_as_it_came, "it fails for a whole number such as -1: only tensors of floats have "
             "gradients."),
            (_downhill, "the sign is turned round: where a function rises, its slope is above 0."),
        ),
    ),
    "0.5": Written(
        hints=(
            "Three methods: __init__ keeps what it is given, __len__ counts, __getitem__(i) makes "
            "item i. Squares, above, has two of them.",
            "In __getitem__: turn image i into floats, divide by 255, and give it back together "
            "with int(label i), the image first.",
        ),
        solution=Garments,
        oracle=lambda images, labels: TensorDataset(images / 255, labels),
        cases=_garments,
        use=_read_through,
        mistakes=(
            (_Unscaled, "the pixels still run from 0 to 255; they should run from 0 to 1."),
            (_WholeNumbers, "nearly all pixels are 0: // drops what is left after dividing."),
            (_LabelFirst, "the label comes first; a pair is (image, label), in this order."),
            (_FloatLabel, "the labels are floats; a class number is a whole number, an int."),
            (_DoubleImages, "the images are float64, twice the memory; networks want float32."),
            (_NoLabel, "an item is a pair: is the label given back as well?"),
            (_AlwaysTheFirst, "every item is the same one; does __getitem__ use i?"),
            (_LengthOfAnImage, "__len__ should count the images, not what one image has."),
            (_InPlace, "reading an item changes the stored images: a second reading would find "
             "others. Make a new tensor."),
        ),
    ),
}  # fmt: skip
