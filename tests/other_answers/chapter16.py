import numpy as np
import torch
import torch.nn.functional as F
from scipy import ndimage
from torchvision.transforms import v2


def with_where(images, chosen):
    return torch.where(chosen.view(-1, 1, 1, 1), torch.flip(images, dims=(3,)), images)


def with_numpy(images, chosen):
    both = np.stack([images.numpy(), images.numpy()[..., ::-1]])
    return both[chosen.numpy().astype(int), np.arange(len(images))]


def one_by_one(images, chosen):
    found = []
    for i in range(len(images)):
        found.append(images[i, :, :, range(images.shape[3])[::-1]] if chosen[i] else images[i])
    return torch.stack(found)


def padded(images, right, down):
    # a negative pad cuts: what comes in on one side leaves on the other
    return F.pad(images, (right, -right, down, -down))


def with_scipy(images, right, down):
    return ndimage.shift(images.numpy(), (0, 0, down, right), order=0, mode="constant", cval=0)


def rolled_and_wiped(images, right, down):
    moved = torch.roll(images, shifts=(down, right), dims=(2, 3))
    if right > 0:
        moved[..., :right] = 0
    elif right < 0:
        moved[..., right:] = 0
    if down > 0:
        moved[..., :down, :] = 0
    elif down < 0:
        moved[..., down:, :] = 0
    return moved


def blended(images, factors):
    means = images.flatten(1).mean(1).view(-1, 1, 1, 1)
    return torch.lerp(means.expand_as(images), images, factors.view(-1, 1, 1, 1)).clip(0, 1)


def image_by_image(images, factors):
    found = []
    for image, factor in zip(images.numpy(), factors.numpy(), strict=True):
        middle = np.average(image)
        found.append(np.clip(middle + factor * (image - middle), 0, 1))
    return np.stack(found)


class Pairs(torch.utils.data.Dataset):
    def __init__(self, images, labels, augmentation, training):
        self.pairs = list(zip(images, labels, strict=True))
        self.change = augmentation if training else None

    def __len__(self):
        return len(self.pairs)

    def __getitem__(self, index):
        image, label = self.pairs[index]
        return (image if self.change is None else self.change(image)), int(label)


class Plain:
    def __init__(self, images, labels, augmentation, training):
        self.data, self.augmentation, self.training = (images, labels), augmentation, training

    def __len__(self):
        return self.data[0].shape[0]

    def __getitem__(self, i):
        image = self.data[0][i].clone()
        return [self.augmentation(image) if self.training else image, self.data[1][i]]


def coins(images):
    flipped = images.clone()
    for image in flipped:
        if np.random.rand() < 0.5:
            image[:] = image.flip(-1)
    return flipped


def whole_numbers(images):
    chosen = torch.randint(2, (len(images),)).bool()
    found = images.clone()
    found[chosen] = found[chosen].flip(3)
    return found


def transform_of_each(images):
    transform = v2.RandomHorizontalFlip()
    return torch.stack([transform(image) for image in images])


OTHERS = {
    "16.4": [with_where, with_numpy, one_by_one],
    "16.5": [padded, with_scipy, rolled_and_wiped],
    "16.6": [blended, image_by_image],
    "16.7": [Pairs, Plain],
    "16.8": [coins, whole_numbers, transform_of_each],
}
