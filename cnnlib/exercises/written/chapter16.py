"""Exercises of chapter 16 that are answered by writing a function or a class."""

import torch
from torch.utils.data import Dataset

from ..judging import Written


def _torchvision():
    """Its functions for images, imported when an answer is judged: that takes two seconds."""
    from torchvision.transforms.v2 import functional

    return functional


# Solutions and mistakes: written as a reader would write them ---------------------------------


def mirror(images, chosen):
    """Images (N, 1, H, W), bool (N,) → the chosen ones mirrored, left to right."""
    mirrored = images.clone()  # the input stays as it was
    # the last dimension runs from left to right
    mirrored[chosen] = images[chosen].flip(-1)
    return mirrored


def _mirror_by_torchvision(images, chosen):
    pairs = zip(images, chosen.tolist(), strict=True)
    return torch.stack([_torchvision().horizontal_flip(one) if yes else one for one, yes in pairs])


def _mirror_upside_down(images, chosen):
    mirrored = images.clone()
    mirrored[chosen] = images[chosen].flip(-2)
    return mirrored


def _mirror_all(images, chosen):
    return images.flip(-1) if chosen.any() else images


def _mirror_everything(images, chosen):
    return images.flip(-1)


def _mirror_the_others(images, chosen):
    return mirror(images, ~chosen)


def _mirror_in_place(images, chosen):
    images[chosen] = images[chosen].flip(-1)
    return images


def _mirror_order(images, chosen):
    mirrored = images.clone()
    mirrored[chosen] = images[chosen].flip(0)
    return mirrored


def _mirror_turned(images, chosen):
    mirrored = images.clone()
    mirrored[chosen] = images[chosen].flip(-1, -2)
    return mirrored


def _mirror_only_chosen(images, chosen):
    return images[chosen].flip(-1)


def _chosen() -> list[tuple]:
    drawn = torch.Generator().manual_seed(16)
    cases = []
    for mask in ([True], [True, False, False, True], [False, False], [True] * 3):
        shape = (len(mask), 1, 5, 4)
        cases.append((torch.randint(256, shape, generator=drawn).byte(), torch.tensor(mask)))
    return cases


def move(images, right, down):
    """Move images (N, 1, H, W) by whole pixels (negative: left, up); zeros come in."""
    height, width = images.shape[-2:]
    moved = torch.zeros_like(images)
    # what stays visible: from these rows and columns of the image …
    rows = slice(max(-down, 0), height - max(down, 0))
    columns = slice(max(-right, 0), width - max(right, 0))
    # … to the same ones, moved along
    new_rows = slice(max(down, 0), height + min(down, 0))
    new_columns = slice(max(right, 0), width + min(right, 0))
    moved[..., new_rows, new_columns] = images[..., rows, columns]
    return moved


def _move_by_torchvision(images, right, down):
    shift = _torchvision().affine
    return shift(images, angle=0, translate=[right, down], scale=1, shear=[0.0, 0.0])


def _move_round(images, right, down):
    return images.roll((down, right), dims=(-2, -1))


def _move_back(images, right, down):
    return move(images, -right, -down)


def _move_turned(images, right, down):
    return move(images, down, right)


def _move_up(images, right, down):
    return move(images, right, -down)


def _move_forwards_only(images, right, down):
    return move(images, max(right, 0), max(down, 0))


def _move_repeating(images, right, down):
    height, width = images.shape[-2:]
    rows = (torch.arange(height) - down).clamp(0, height - 1)
    columns = (torch.arange(width) - right).clamp(0, width - 1)
    return images[..., rows[:, None], columns]


def _move_in_place(images, right, down):
    images[:] = move(images, right, down)
    return images


def _move_one_way(images, right, down):
    return move(images, right, 0)


def _moves() -> list[tuple]:
    drawn = torch.Generator().manual_seed(17)
    steps = [(1, 0), (0, 2), (-2, 1), (3, -1), (-1, -3), (0, 0)]
    shapes = [(1, 1, 6, 6), (2, 1, 8, 8)]
    return [
        (1 + torch.rand(shape, generator=drawn), right, down)
        for shape in shapes
        for right, down in steps
    ]


def change_contrast(images, factors):
    """Images (N, 1, H, W) from 0 to 1, one factor each (N,) → the same shape."""
    # one mean for each image; keepdim leaves (N, 1, 1, 1), which fits the images
    means = images.mean(dim=(1, 2, 3), keepdim=True)
    changed = means + factors[:, None, None, None] * (images - means)
    return changed.clamp(0, 1)  # darker than black or lighter than white there is none


def _contrast_by_torchvision(images, factors):
    pairs = zip(images, factors.tolist(), strict=True)
    return torch.stack([_torchvision().adjust_contrast(image, factor) for image, factor in pairs])


def _contrast(images, factors, means):
    return means + factors[:, None, None, None] * (images - means)


def _contrast_of_batch(images, factors):
    return _contrast(images, factors, images.mean()).clamp(0, 1)


def _contrast_not_cut(images, factors):
    return _contrast(images, factors, images.mean(dim=(1, 2, 3), keepdim=True))


def _contrast_as_brightness(images, factors):
    return (factors[:, None, None, None] * images).clamp(0, 1)


def _contrast_about_grey(images, factors):
    return _contrast(images, factors, 0.5).clamp(0, 1)


def _contrast_by_row(images, factors):
    return _contrast(images, factors, images.mean(dim=-1, keepdim=True)).clamp(0, 1)


def _contrast_by_pixel(images, factors):
    return _contrast(images, factors, images.mean(dim=0, keepdim=True)).clamp(0, 1)


def _contrast_first_factor(images, factors):
    return change_contrast(images, factors[:1].expand(len(images)))


def _contrast_mean_lost(images, factors):
    means = images.mean(dim=(1, 2, 3), keepdim=True)
    return (factors[:, None, None, None] * (images - means)).clamp(0, 1)


def _contrasts() -> list[tuple]:
    drawn = torch.Generator().manual_seed(18)
    cases = []
    for n, side in ((1, 5), (4, 6), (3, 3)):
        images = torch.rand(n, 1, side, side, generator=drawn)
        images *= torch.rand(n, 1, 1, 1, generator=drawn)  # some darker than others
        cases.append((images, 0.3 + 2.5 * torch.rand(n, generator=drawn)))
    return cases


class Garments(Dataset):
    """Images (N, 1, H, W) and labels (N,), augmented if they are for training."""

    def __init__(self, images, labels, augmentation, training):
        self.images, self.labels = images, labels
        self.augmentation, self.training = augmentation, training

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        image = self.images[index]
        if self.training:  # here and not in __init__: each epoch draws anew
            image = self.augmentation(image)
        return image, self.labels[index]


class _AugmentedOnce(Garments):
    def __init__(self, images, labels, augmentation, training):
        if training:
            images = torch.stack([augmentation(image) for image in images])
        super().__init__(images, labels, augmentation, False)


class _AlwaysAugmented(Garments):
    def __getitem__(self, index):
        return self.augmentation(self.images[index]), self.labels[index]


class _NeverAugmented(Garments):
    def __getitem__(self, index):
        return self.images[index], self.labels[index]


class _OtherWayRound(Garments):
    def __init__(self, images, labels, augmentation, training):
        super().__init__(images, labels, augmentation, not training)


class _WithoutLabels(Garments):
    def __getitem__(self, index):
        return super().__getitem__(index)[0]


class _AugmentedInPlace(Garments):
    def __getitem__(self, index):
        if self.training:
            self.images[index] = self.augmentation(self.images[index])
        return self.images[index], self.labels[index]


class _TwiceAsLong(Garments):
    def __len__(self):
        return 2 * len(self.labels) if self.training else len(self.labels)

    def __getitem__(self, index):
        image = self.images[index % len(self.labels)]
        if index >= len(self.labels):
            image = self.augmentation(image)
        return image, self.labels[index % len(self.labels)]


class _FromAList:
    """The oracle: torch's own TensorDataset behind it, and a plain function for each item."""

    def __init__(self, images, labels, augmentation, training):
        self.pairs = torch.utils.data.TensorDataset(images, labels)
        self.change = augmentation if training else lambda image: image

    def __len__(self):
        return len(self.pairs)

    def __getitem__(self, index):
        image, label = self.pairs[index]
        return self.change(image), label


def _read_twice(answer, images, labels, training):
    """What two epochs get to see, with an augmentation that counts how often it was asked."""
    asked = []

    def brighter(image):
        asked.append(1)
        return image + len(asked)

    garments = answer(images, labels, brighter, training)
    if garments is None:
        return None
    epochs = [[garments[i] for i in range(len(labels))] for _ in range(2)]
    first = epochs[0][0]
    if first is None:
        return None  # the judge knows what to say
    if isinstance(first, torch.Tensor) or len(first) != 2:
        epochs, kind = [[], []], "one thing" if isinstance(first, torch.Tensor) else "many things"
    else:
        kind = "an image and a label"
    return {
        "how many images": len(garments),
        "what an item is": kind,
        "the labels": [int(label) for epoch in epochs for _, label in epoch],
        "the images of the first epoch": [image for image, _ in epochs[0]],
        "the images of the second epoch": [image for image, _ in epochs[1]],
    }


def _items() -> list[tuple]:
    drawn = torch.Generator().manual_seed(19)
    return [
        (torch.rand(n, 1, 4, 4, generator=drawn), torch.arange(n) % 3, training)
        for n, training in ((5, True), (4, False), (1, True))
    ]


def flip_half(images):
    """Mirror each image (N, 1, H, W), left to right, with probability one half."""
    chosen = torch.rand(len(images)) < 0.5  # a coin for each image
    return torch.where(chosen[:, None, None, None], images.flip(-1), images)


def _flip_batch(images):
    """Mirror each image (N, 1, H, W), left to right, with probability one half."""
    if torch.rand(1) < 0.5:
        images = images.flip(-1)
    return images


def _flip_by_torchvision(images):
    transform = _torchvision().horizontal_flip
    return torch.stack([transform(one) if torch.rand(()) < 0.5 else one for one in images])


def _flip_first_half(images):
    cut = len(images) // 2
    return torch.cat([images[:cut].flip(-1), images[cut:]])


def _flip_all(images):
    return images.flip(-1)


def _flip_rows(images):
    chosen = torch.rand(images.shape[:3]) < 0.5
    return torch.where(chosen[..., None], images.flip(-1), images)


def _flip_rarely(images):
    chosen = torch.rand(len(images)) < 0.25
    return torch.where(chosen[:, None, None, None], images.flip(-1), images)


def _flip_down(images):
    chosen = torch.rand(len(images)) < 0.5
    return torch.where(chosen[:, None, None, None], images.flip(-2), images)


def _facts_of_flips(answer, images):
    """Which of the images came out mirrored, in two calls: as facts, whatever was drawn."""
    outcomes = [answer(images.clone()) for _ in range(2)]
    if outcomes[0] is None:
        return None
    drawn, what = [], "images as they were, and mirrored ones"
    for outcome in outcomes:
        same = (outcome == images).flatten(1).all(dim=1)
        mirrored = (outcome == images.flip(-1)).flatten(1).all(dim=1)
        if not (same | mirrored).all():
            upside_down = (outcome == images.flip(-2)).flatten(1).all(dim=1)
            what = "some stand on their heads" if (same | upside_down).all() else "other images"
        drawn.append(mirrored)
    share = float(torch.stack(drawn).double().mean())
    return {
        "what comes out": what,
        "the share that is mirrored": _in_words(share),
        "within one batch": "both kinds" if drawn[0].any() and not drawn[0].all() else "one kind",
        "two calls": "differ" if not torch.equal(*drawn) else "are the same",
    }


def _in_words(share: float) -> str:
    if share in (0, 1):
        return "all" if share else "none"
    return "less than half" if share < 0.4 else "more than half" if share > 0.6 else "about half"


def _many_images() -> list[tuple]:
    drawn = torch.Generator().manual_seed(20)
    return [(torch.rand(n, 1, 4, 4, generator=drawn),) for n in (400, 301)]


EXERCISES: dict[str, Written] = {
    "16.4": Written(
        hints=(
            "tensor.flip(dim) turns the order along one dimension. Which one runs left to right?",
            "Work on images.clone(): set its [chosen] to images[chosen], flipped along the last "
            "dimension.",
        ),
        solution=mirror,
        oracle=_mirror_by_torchvision,
        cases=_chosen,
        mistakes=(
            (_mirror_upside_down, "they stand on their heads: that dimension runs top to bottom."),
            (_mirror_all, "one chosen image, and the whole batch is mirrored."),
            (_mirror_everything, "all are mirrored, chosen or not."),
            (_mirror_the_others, "exactly the images that were not chosen are mirrored."),
            (
                _mirror_in_place,
                "right, but it changes the images it is given: the next epoch would start from "
                "mirrored ones.",
            ),
            (_mirror_order, "the images change places with one another; dimension 0 counts them."),
            (_mirror_turned, "that is half a turn: left to right *and* top to bottom."),
            (_mirror_only_chosen, "the images that were not chosen are missing."),
        ),
    ),
    "16.5": Written(
        hints=(
            "Begin with torch.zeros_like(images), and copy into it what stays visible.",
            "Moved 2 to the right: moved[..., 2:] = images[..., :-2]. Write the slices with max "
            "and min, so that 0 and negative steps work as well.",
        ),
        solution=move,
        oracle=_move_by_torchvision,
        cases=_moves,
        mistakes=(
            (_move_round, "what leaves on one side comes in on the other: roll goes round."),
            (_move_back, "the direction is turned round, both ways."),
            (_move_turned, "right and down are exchanged: which dimension has the columns?"),
            (_move_up, "up and down are exchanged: row 0 is the top one."),
            (_move_forwards_only, "negative steps do nothing; they go to the left and up."),
            (_move_repeating, "the edge is repeated where zeros should come in."),
            (_move_in_place, "right, but it changes the images it is given."),
            (_move_one_way, "nothing moves down; the second number is for the rows."),
        ),
    ),
    "16.6": Written(
        hints=(
            "Which pixels may decide the mean of an image?",
            "images.mean(dim=(1, 2, 3), keepdim=True) has the shape (N, 1, 1, 1); give factors "
            "that shape as well, and cut off at the end.",
        ),
        solution=change_contrast,
        oracle=_contrast_by_torchvision,
        cases=_contrasts,
        mistakes=(
            (_contrast_of_batch, "one mean for the whole batch: its neighbours change an image."),
            (_contrast_not_cut, "some values leave 0 to 1; cut them off."),
            (_contrast_as_brightness, "that is brightness: it multiplies the distance from 0."),
            (_contrast_about_grey, "the middle is the image's own mean, not middle grey."),
            (_contrast_by_row, "a mean for each row; the whole image has one."),
            (_contrast_by_pixel, "a mean over the images, for each pixel: dimension 0 is wrong."),
            (_contrast_first_factor, "every image gets the first factor; each has its own."),
            (_contrast_mean_lost, "after the distance is multiplied, the mean is added again."),
        ),
    ),
    "16.7": Written(
        hints=(
            "A Dataset needs __len__ and __getitem__. Which of its methods runs in every epoch?",
            "Keep the four arguments in __init__. In __getitem__, take images[index], hand it to "
            "the augmentation if training, and give it back with its label.",
        ),
        solution=Garments,
        oracle=_FromAList,
        cases=_items,
        use=_read_twice,
        mistakes=(
            (_AugmentedOnce, "the second epoch sees the first one's images: draw anew each time."),
            (_AlwaysAugmented, "the validation images are changed as well."),
            (_NeverAugmented, "the training images are never changed."),
            (_OtherWayRound, "validation images are changed, and training images are not."),
            (_WithoutLabels, "an item is a pair, image and label; the label is missing."),
            (
                _AugmentedInPlace,
                "the stored image itself is changed, so that changes pile up from epoch to epoch.",
            ),
            (_TwiceAsLong, "the set gets longer; an augmented image takes its original's place."),
        ),
    ),
    "16.8": Written(
        hints=(
            "How many random numbers are drawn, for how many images?",
            "Draw torch.rand(len(images)), one number for each image, and choose with "
            "torch.where; give the mask the shape (N, 1, 1, 1).",
        ),
        solution=flip_half,
        oracle=_flip_by_torchvision,
        cases=_many_images,
        use=_facts_of_flips,
        mistakes=(
            (
                _flip_batch,
                "of a batch, either every image is mirrored or none is: hundreds of images, but "
                "only two outcomes.",
            ),
            (_flip_first_half, "it is always the same half; which images it is should be luck."),
            (_flip_all, "every image is mirrored, each time."),
            (_flip_rows, "single rows are mirrored, and the garments torn apart."),
            (_flip_rarely, "far fewer than half of the images are mirrored."),
            (_flip_down, "they stand on their heads: that dimension runs top to bottom."),
        ),
    ),
}
