"""Exercises of chapter 1 that are answered by writing a function or a class."""

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.neighbors import NearestCentroid
from sklearn.preprocessing import StandardScaler
from sklearn.utils import shuffle
from torch.utils.data import DataLoader, Dataset, TensorDataset

from ..judging import Written

# Solutions and mistakes: written as a reader would write them ---------------------------------


def undo(x, mean, std):
    """Normalised values x, a number or a tensor → grey levels from 0 to 255."""
    scaled = x * std + mean  # what was done last is undone first
    return scaled * 255


def _undone_in_the_wrong_order(x, mean, std):
    return (x + mean) * std * 255


def _forgets_255(x, mean, std):
    return x * std + mean


def _normalises_again(x, mean, std):
    return (x - mean) / std * 255


def _undone_too_early(x, mean, std):
    return x * 255 * std + mean


def _undone_in_place(x, mean, std):
    x *= std
    x += mean
    return x * 255


def _scaler(mean, std):
    """scikit-learn's normaliser of one column, with these two constants."""
    made = StandardScaler()
    made.mean_, made.scale_, made.n_features_in_ = np.array([mean]), np.array([std]), 1
    return made


def _undone_by_scikit_learn(x, mean, std):
    x = np.asarray(x, dtype=np.float64)
    return _scaler(mean, std).inverse_transform(x.reshape(-1, 1)).reshape(x.shape) * 255


def _normalised() -> list[tuple]:
    drawn = torch.Generator().manual_seed(1)
    return [
        (torch.randn(2, 1, 3, 5, generator=drawn), 0.25, 0.375),
        (torch.tensor([-1.0, 0.0, 1.0]), 0.5, 0.5),
        (0.6, 0.5, 0.5),
        (-0.81, 0.286, 0.353),
    ]


def one_hot(labels, classes):
    """Labels int64 (N,) → (N, classes): 1 in the column of the label, else 0."""
    rows = torch.zeros(len(labels), classes)
    rows[torch.arange(len(labels)), labels] = 1  # in row i: column labels[i]
    return rows


def _every_row(labels, classes):
    rows = torch.zeros(len(labels), classes)
    rows[:, labels] = 1
    return rows


def _on_its_side(labels, classes):
    return one_hot(labels, classes).T


def _from_1(labels, classes):
    rows = torch.zeros(len(labels), classes + 1)
    rows[torch.arange(len(labels)), labels + 1] = 1
    return rows[:, :classes]


def _diagonal(labels, classes):
    return torch.eye(len(labels), classes)


def _seen_classes_only(labels, classes):
    return F.one_hot(labels)


def _number_in_its_place(labels, classes):
    rows = torch.zeros(len(labels), classes)
    rows[torch.arange(len(labels)), labels] = labels.float()
    return rows


def _labels() -> list[tuple]:
    return [
        (torch.tensor([9, 0, 3, 3, 7]), 10),
        (torch.tensor([2]), 3),
        (torch.tensor([1, 0, 1, 2]), 6),  # the last three classes do not occur
    ]


def normalise_each(images):
    """Float images (N, C, H, W): each with its own mean 0 and standard deviation 1."""
    axes = (1, 2, 3)  # all but the first: an image's channels, rows and columns
    mean = images.mean(dim=axes, keepdim=True)  # (N, 1, 1, 1), so that it broadcasts
    std = images.std(dim=axes, keepdim=True, correction=0)  # divides by C·H·W
    return (images - mean) / std


def _one_for_the_batch(images):
    return (images - images.mean()) / images.std(correction=0)


def _batch_as_torch_does_it(images):
    return (images - images.mean()) / images.std()


def _over_the_images(images):
    mean, std = images.mean(dim=0), images.std(dim=0, correction=0)
    return (images - mean) / std


def _no_keepdim(images):
    axes = (1, 2, 3)
    return (images - images.mean(dim=axes)) / images.std(dim=axes, correction=0)


def _no_keepdim_as_torch_does_it(images):
    axes = (1, 2, 3)
    return (images - images.mean(dim=axes)) / images.std(dim=axes)


def _as_torch_does_it(images):
    axes = (1, 2, 3)
    return (images - images.mean(dim=axes, keepdim=True)) / images.std(dim=axes, keepdim=True)


def _each_in_place(images):
    axes = (1, 2, 3)
    images -= images.mean(dim=axes, keepdim=True)
    images /= images.std(dim=axes, keepdim=True, correction=0)
    return images


def _each_channel(images):
    axes = (2, 3)
    mean, std = images.mean(dim=axes, keepdim=True), images.std(dim=axes, keepdim=True)
    return (images - mean) / std


def _by_variance(images):
    axes = (1, 2, 3)
    mean = images.mean(dim=axes, keepdim=True)
    return (images - mean) / images.var(dim=axes, keepdim=True, correction=0)


def _mean_only(images):
    return images - images.mean(dim=(1, 2, 3), keepdim=True)


def _images() -> list[tuple]:
    drawn = torch.Generator().manual_seed(6)
    cases = []
    for size in [(4, 1, 3, 4), (1, 1, 28, 28), (5, 3, 2, 7)]:
        grey = torch.randint(0, 256, size, generator=drawn).float()
        brightness = torch.linspace(0.01, 1, size[0]).view(-1, 1, 1, 1)  # each image its own
        cases.append((grey * brightness,))
    return cases


def mean_images(images, labels, classes):
    """uint8 images (N, 1, H, W), labels (N,) → class means (classes, 1, H, W)."""
    means = []
    for k in range(classes):
        own = images[labels == k].float()  # whole numbers have no mean in torch
        means.append(own.mean(dim=0))  # over the images, pixel by pixel
    return torch.stack(means)


def _no_floats(images, labels, classes):
    return torch.stack([images[labels == k].mean(dim=0) for k in range(classes)])


def _one_number(images, labels, classes):
    return torch.stack([images[labels == k].float().mean() for k in range(classes)])


def _sums(images, labels, classes):
    return torch.stack([images[labels == k].float().sum(dim=0) for k in range(classes)])


def _share_of_all(images, labels, classes):
    return _sums(images, labels, classes) / len(images)


def _same_mean(images, labels, classes):
    return images.float().mean(dim=0).repeat(classes, 1, 1, 1)


def _wrong_axis(images, labels, classes):
    return torch.stack([images[labels == k].float().mean(dim=1)[:1] for k in range(classes)])


def _by_nearest_centroid(images, labels, classes):
    """scikit-learn's classifier by nearest mean: its means."""
    flat = images.flatten(start_dim=1).double().numpy()
    found = NearestCentroid().fit(flat, labels.numpy()).centroids_
    return found.reshape(classes, *images.shape[1:])


def _of_classes() -> list[tuple]:
    drawn = torch.Generator().manual_seed(8)
    cases = []
    for size, counts in [((9, 1, 3, 5), (2, 4, 3)), ((5, 1, 28, 28), (1, 4)), ((40, 2, 1, 2),
                          (15, 5, 8, 12))]:  # fmt: skip
        labels = torch.arange(len(counts)).repeat_interleave(torch.tensor(counts))
        images = torch.randint(0, 256, size, generator=drawn).to(torch.uint8)
        order = torch.randperm(len(labels), generator=drawn)
        cases.append((images, labels[order], len(counts)))
    return cases


def shuffled(images, labels):
    """The same images and labels in a new random order, each still with its label."""
    order = torch.randperm(len(images))  # one order
    return images[order], labels[order]  # for both


def _two_orders(images, labels):
    images = images[torch.randperm(len(images))]
    labels = labels[torch.randperm(len(labels))]
    return images, labels


def _images_only(images, labels):
    return images[torch.randperm(len(images))], labels


def _nothing(images, labels):
    return images, labels


def _with_replacement(images, labels):
    order = torch.randint(len(images), (len(images),))
    return images[order], labels[order]


def _pixels_too(images, labels):
    order = torch.randperm(len(images))
    flat = images[order].flatten()
    return flat[torch.randperm(len(flat))].reshape(images.shape), labels[order]


def _always_the_same(images, labels):
    torch.manual_seed(0)
    order = torch.randperm(len(images))
    return images[order], labels[order]


def _shuffled_by_scikit_learn(images, labels):
    drawn = int(torch.randint(2**31, ()))
    return shuffle(images.numpy(), labels.numpy(), random_state=drawn)


def _facts(answer, images, labels) -> dict[str, bool] | None:
    """What is true of every right order, whichever numbers were drawn."""
    made, again = answer(images, labels), answer(images, labels)
    if made is None:
        return None  # the judge knows what to say
    if not isinstance(made, tuple | list) or len(made) != 2:
        raise LookupError("expected two results, the images and the labels")
    places, given = _places(made[0], images), torch.as_tensor(made[1])
    kept = [int(label) == int(labels[at]) for label, at in zip(given, places, strict=True)]
    return {
        "each image is there once": sorted(places) == list(range(len(images))),
        "the images have a new order": places != list(range(len(images))),
        "the labels have a new order": not torch.equal(given, labels),
        "each image has its own label": all(kept),
        "the next call gives another order": _places(again[0], images) != places,
    }


def _places(made, images) -> list[int]:
    """Where each of ``made`` stood in ``images``, of which no two are equal; -1: nowhere."""
    found = [[torch.equal(one, other) for other in images] for one in torch.as_tensor(made)]
    return [row.index(True) if any(row) else -1 for row in found]


def _pairs() -> list[tuple]:
    """Images that all differ, with labels that follow from them."""
    cases = []
    for n, size in [(30, (1, 2, 2)), (50, (3, 1, 2))]:
        images = torch.arange(n * torch.Size(size).numel()).reshape(n, *size).to(torch.uint8)
        cases.append((images, torch.arange(n) % 10))
    return cases


class Prepared(Dataset):
    """Each image as (x / 255 - mean) / std, with its label."""

    def __init__(self, images, labels, mean, std):
        self.images = (images.float() / 255 - mean) / std  # once, for all images
        self.labels = labels

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        return self.images[i], int(self.labels[i])


class _Twice(Dataset):
    def __init__(self, images, labels, mean, std):
        self.images = (images.float() / 255 - mean) / std
        self.labels = labels
        self.mean, self.std = mean, std

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        image = (self.images[i] - self.mean) / self.std
        return image, int(self.labels[i])


class _Never(Prepared):
    def __init__(self, images, labels, mean, std):
        super().__init__(images, labels, 0, 1)


class _From255(Prepared):
    def __init__(self, images, labels, mean, std):
        super().__init__(images.float() * 255, labels, mean, std)


class _DividesFirst(Prepared):
    def __init__(self, images, labels, mean, std):
        super().__init__(images, labels, 0, 1)
        self.images = self.images / std - mean


class _DividesTwice(Prepared):
    def __init__(self, images, labels, mean, std):
        super().__init__(images.float() / 255, labels, mean, std)


def _prepared_by_scikit_learn(images, labels, mean, std):
    flat = images.double().numpy().reshape(-1, 1) / 255
    made = _scaler(mean, std).transform(flat).reshape(images.shape)
    return TensorDataset(torch.from_numpy(made).float(), labels)


def _one_batch(answer, *given) -> dict:
    made = answer(*given)
    images, labels = next(iter(DataLoader(made, batch_size=len(made))))
    return {"images": images, "labels": labels}


def _unprepared() -> list[tuple]:
    drawn = torch.Generator().manual_seed(9)
    cases: list[tuple] = []
    for size, mean, std in [((6, 1, 3, 5), 0.286, 0.353), ((1, 1, 2, 2), 0.4, 0.25)]:
        images = torch.randint(0, 256, size, generator=drawn).to(torch.uint8)
        cases.append((images, torch.arange(size[0]), mean, std))
    return cases


EXERCISES: dict[str, Written] = {
    "1.2": Written(
        hints=(
            "Write down the two lines that normalise, and read them from the last to the first.",
            "Undo the steps in the opposite order: times std, plus mean, times 255.",
        ),
        solution=undo,
        oracle=_undone_by_scikit_learn,
        cases=_normalised,
        mistakes=(
            (_undone_in_the_wrong_order, "the two constants are undone in the wrong order: what "
             "was done last is undone first."),
            (_forgets_255, "that runs from 0 to 1; a grey level runs from 0 to 255."),
            (_normalises_again, "that normalises once more; each step has to be turned round."),
            (_undone_too_early, "the mean was taken off a number from 0 to 1, so it must be back "
             "before the numbers grow to 255."),
            (_undone_in_place, "it changes the tensor it is given: += and *= write into it."),
        ),
    ),
    "1.4": Written(
        hints=(
            "Begin with torch.zeros(len(labels), classes) and put one 1 into each row.",
            "rows[i, labels[i]] is the place in row i. All at once: give the row numbers, "
            "torch.arange(len(labels)), and the columns, labels.",
        ),
        solution=one_hot,
        oracle=lambda labels, classes: F.one_hot(labels, classes),
        cases=_labels,
        mistakes=(
            (_every_row, "several 1s in a row: a colon means every row, so all rows get all "
             "labels. Row i should get only label i."),
            (_on_its_side, "rows and columns have changed places: one row for each image."),
            (_from_1, "all is one column too far to the right: class 0 has the first column."),
            (_diagonal, "the 1s are on the diagonal, whatever the labels are."),
            (_seen_classes_only, "a class that does not occur needs its column, too."),
            (_number_in_its_place, "the label itself stands in its column; a 1 should."),
        ),
    ),
    "1.5": Written(
        hints=(
            "The mean over which axes leaves one number for each image? And it must still fit "
            "beside the images: which shape do they need?",
            "dim=(1, 2, 3) leaves (N,); keepdim=True makes (N, 1, 1, 1), which broadcasts. Then "
            "look up correction in the documentation of std.",
        ),
        solution=normalise_each,
        oracle=lambda images: F.layer_norm(images.double(), images.shape[1:], eps=0),
        cases=_images,
        mistakes=(
            (_one_for_the_batch, "one mean and one spread for the whole batch: each image should "
             "have its own."),
            (_batch_as_torch_does_it, "mean and spread are those of the whole batch: each image "
             "should have its own."),
            (_over_the_images, "dim=0 goes over the images, pixel by pixel; go over the pixels of "
             "each image."),
            (_no_keepdim, "one number for each image is right, but (N,) does not line up with "
             "(N, C, H, W): broadcasting starts at the last axis."),
            (_no_keepdim_as_torch_does_it, "(N,) numbers do not line up with (N, C, H, W): the "
             "axes that the mean went over have gone; keep them."),
            (_as_torch_does_it, "nearly: the spread comes out a little below 1. What does std "
             "divide by, unless it is told otherwise?"),
            (_each_in_place, "it changes the images it is given: -= and /= write into them."),
            (_each_channel, "each channel has a mean of its own; an image has one for all its "
             "channels."),
            (_by_variance, "that divides by the variance, the square of the standard deviation."),
            (_mean_only, "the mean is 0 now; the spread is still to come."),
        ),
        tolerance=1e-4,
    ),
    "1.6": Written(
        hints=(
            "For one class: pick its images by a mask, then take the mean over the axis of the "
            "images. For all: a loop, and torch.stack.",
            "images[labels == k].float().mean(dim=0) is one of them; collect them in a list.",
        ),
        solution=mean_images,
        oracle=_by_nearest_centroid,
        cases=_of_classes,
        mistakes=(
            (_no_floats, "torch takes no mean of whole numbers: which dtype have the images?"),
            (_one_number, "one number for each class: the mean should go over the images only."),
            (_sums, "those are sums; a mean divides by how many images there are."),
            (_share_of_all, "divided by the number of all images, not of those of the class."),
            (_same_mean, "all classes get the same image, the mean of everything."),
            (_wrong_axis, "the first axis counts the images; the mean goes over that one."),
        ),
    ),
    "1.7": Written(
        hints=(
            "Follow image 0 and label 0 through the function: where does each of them go?",
            "Two calls of randperm draw two orders. How many does the task need?",
        ),
        solution=shuffled,
        oracle=_shuffled_by_scikit_learn,
        cases=_pairs,
        use=_facts,
        mistakes=(
            (_two_orders, "images and labels both come in a new order, and most images now have "
             "somebody else's label."),
            (_images_only, "the images have moved and the labels have stayed."),
            (_nothing, "now they stay together, because nothing is shuffled any more."),
            (_with_replacement, "some images come twice and others never: an order has each "
             "position once."),
            (_always_the_same, "the order is the same in each call, so it is not random; is a seed "
             "set inside?"),
            (_pixels_too, "those are no longer the images: their pixels got mixed."),
        ),
    ),
    "1.8": Written(
        hints=(
            "Take one white pixel, 255, and follow it by hand from __init__ to __getitem__.",
            "Two places do the same to the pixels; keep one of them.",
        ),
        solution=Prepared,
        oracle=_prepared_by_scikit_learn,
        cases=_unprepared,
        use=_one_batch,
        mistakes=(
            (_Twice, "over all images the mean is not 0 and the spread is far above 1, as if "
             "something had been done to the pixels once too often."),
            (_Never, "now the pixels run from 0 to 1: the two constants are not used at all."),
            (_From255, "mean and std belong to pixels from 0 to 1; yours still run to 255."),
            (_DividesFirst, "first the mean is taken off, then it is divided."),
            (_DividesTwice, "the pixels are nearly all the same: divided by 255 once too often."),
        ),
    ),
}  # fmt: skip
