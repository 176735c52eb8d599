"""Exercises of chapter 19 that are answered by writing a function or a class."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from ..judging import Written

# Solutions and mistakes: written as a reader would write them ---------------------------------


def sharpness_of(row):
    """Mean absolute difference between neighbours, over the mean: (W,) → a number."""
    # each value with the one to its right: W - 1 pairs
    steps = (row[1:] - row[:-1]).abs()
    # in units of the row's own brightness, so that turning it up changes nothing
    return steps.mean() / row.mean()


def _not_relative(row):
    return row.diff().abs().mean()


def _signed(row):
    return row.diff().mean() / row.mean()


def _one_pair_too_many(row):
    return row.diff().abs().sum() / len(row) / row.mean()


def _relative_to_largest(row):
    return row.diff().abs().mean() / row.max()


def _round_the_corner(row):
    return (row - row.roll(1)).abs().mean() / row.mean()


def _numpy_sharpness(row):
    row = row.double().numpy()
    return np.abs(np.diff(row)).mean() / row.mean()


def _rows() -> list[tuple]:
    rows = ([0, 6, 2, 0], [2, 8, 6, 2], [3, 3, 3], [0.5, 0.1, 0, 0, 0.9, 1.7, 0.2], [1, 3])
    return [(torch.tensor(row).float(),) for row in rows]


def layer_output(model, layer, images):
    """What the layer of this name gives for the images: a tensor without a graph."""
    kept = []

    def keep(module, inputs, output):
        # a copy: the layer that follows may write into this very tensor
        kept.append(output.detach().clone())

    hook = model.get_submodule(layer).register_forward_hook(keep)
    try:
        model(images)
    finally:  # also when the model stops with an error
        hook.remove()
    return kept[0]


def _hooked(model, layer, images, keep, remove=True):
    kept = []
    hook = model.get_submodule(layer).register_forward_hook(lambda *given: kept.append(keep(given)))
    model(images)
    if remove:
        hook.remove()
    return kept[0]


def _hook_left(model, layer, images):
    return _hooked(model, layer, images, lambda given: given[2].detach().clone(), remove=False)


def _with_graph(model, layer, images):
    return _hooked(model, layer, images, lambda given: given[2].clone())


def _no_copy(model, layer, images):
    return _hooked(model, layer, images, lambda given: given[2].detach())


def _its_input(model, layer, images):
    return _hooked(model, layer, images, lambda given: given[1][0].detach().clone())


def _neither(model, layer, images):
    return _hooked(model, layer, images, lambda given: given[2])


def _the_last(model, layer, images):
    return model(images).detach()


def _the_layer_alone(model, layer, images):
    return model.get_submodule(layer)(images).detach()


def _extracted(model, layer, images):
    from torchvision.models.feature_extraction import create_feature_extractor  # slow to import

    with torch.no_grad():
        return create_feature_extractor(model, {layer: "asked"})(images)["asked"].clone()


def _use_layer(answer, model, layer, images):
    output = answer(model, layer, images)
    hooks = sum(len(module._forward_hooks) for module in model.modules())
    graph = torch.is_tensor(output) and output.requires_grad
    return {"the output": output, "hooks left": hooks, "carries a graph": graph}


def _models() -> list[tuple]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(19)
        flat = nn.Sequential(
            nn.Conv2d(1, 3, 3), nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(48, 5)
        )
        nested = nn.Sequential(
            nn.Sequential(nn.Linear(4, 6), nn.Tanh()),
            nn.Sequential(nn.Linear(6, 6), nn.Linear(6, 2)),
        )
        pictures, rows = torch.randn(2, 1, 6, 6), torch.randn(1, 4)
    return [
        (flat, "0", pictures),
        (flat, "2", pictures),
        (nested, "0.1", rows),
        (nested, "1", rows),
    ]


def occlusion_drops(model, image, label, size=3, grey=0.5):
    """How far a class's probability falls when a grey square covers each place in turn.

    image: float (1, H, W), 0 to 1; label: the class. Returns (H - size + 1,
    W - size + 1): place (r, c) is for the square whose upper left corner is at
    row r, column c.
    """
    height, width = image.shape[1] - size + 1, image.shape[2] - size + 1
    drops = torch.zeros(height, width)
    with torch.no_grad():
        before = model(image[None]).softmax(dim=1)[0, label]
        for r in range(height):
            for c in range(width):
                covered = image.clone()  # one square at a time; the image stays whole
                covered[:, r : r + size, c : c + size] = grey
                drops[r, c] = before - model(covered[None]).softmax(dim=1)[0, label]
    return drops


def _all_covered(image, size, grey, places):
    """The image with a square whose corner is at each of the places: (N, 1, H, W)."""
    images = image.repeat(len(places), 1, 1, 1)
    for one, (r, c) in zip(images, places, strict=True):
        one[:, max(r, 0) : r + size, max(c, 0) : c + size] = grey
    return images


def _drops(model, image, label, size, grey, shift=0, scores=lambda logits: logits.softmax(dim=1)):
    height, width = (side - size + 1 for side in image.shape[1:])
    places = [(r + shift, c + shift) for r in range(height) for c in range(width)]
    with torch.no_grad():
        before = scores(model(image[None]))[0, label]
        covered = scores(model(_all_covered(image, size, grey, places)))[:, label]
    return (before - covered).reshape(height, width)


def _a_rise(model, image, label, size=3, grey=0.5):
    return -_drops(model, image, label, size, grey)


def _centred(model, image, label, size=3, grey=0.5):
    return _drops(model, image, label, size, grey, shift=-(size // 2))


def _black(model, image, label, size=3, grey=0.5):
    return _drops(model, image, label, size, 0.0)


def _of_logits(model, image, label, size=3, grey=0.5):
    return _drops(model, image, label, size, grey, scores=lambda logits: logits)


def _what_is_left(model, image, label, size=3, grey=0.5):
    whole = model(image[None]).softmax(dim=1)[0, label].detach()
    return whole - _drops(model, image, label, size, grey)


def _in_place(model, image, label, size=3, grey=0.5):
    height, width = (side - size + 1 for side in image.shape[1:])
    drops = torch.zeros(height, width)
    with torch.no_grad():
        before = model(image[None]).softmax(dim=1)[0, label]
        for r in range(height):
            for c in range(width):
                covered = image  # no copy: the squares pile up
                covered[:, r : r + size, c : c + size] = grey
                drops[r, c] = before - model(covered[None]).softmax(dim=1)[0, label]
    return drops


def _piled_up(model, image, label, size=3, grey=0.5):
    return _in_place(model, image.clone(), label, size, grey)


def _by_convolution(model, image, label, size=3, grey=0.5):
    """All squares at once: each corner's unit map, spread by a transposed convolution."""
    height, width = (side - size + 1 for side in image.shape[1:])
    corners = torch.eye(height * width).reshape(-1, 1, height, width)
    squares = F.conv_transpose2d(corners, torch.ones(1, 1, size, size))
    with torch.no_grad():
        logits = model(torch.cat([image[None], image * (1 - squares) + grey * squares]))
    of_class = logits.softmax(dim=1)[:, label]
    return (of_class[0] - of_class[1:]).reshape(height, width)


def _pictures() -> list[tuple]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(20)
        wide = nn.Sequential(nn.Flatten(), nn.Linear(6 * 7, 4))
        small = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(18, 3))
        one, other = torch.rand(1, 6, 7), torch.rand(1, 5, 5)
    return [(wide, one, 2), (wide, one, 0, 1), (small, other, 1, 4, 0.9), (small, other, 2, 5)]


EXERCISES: dict[str, Written] = {
    "19.1": Written(
        hints=(
            "row[1:] and row[:-1] have the same length: each value beside its neighbour.",
            "Take the absolute values of their difference, the mean of these, and divide it by "
            "the mean of the row.",
        ),
        solution=sharpness_of,
        oracle=_numpy_sharpness,
        cases=_rows,
        mistakes=(
            (_not_relative, "a row that is twice as bright is not sharper: divide by its mean."),
            (_signed, "steps up and steps down cancel out; how large each is counts."),
            (_one_pair_too_many, "W values have fewer pairs of neighbours than W."),
            (_relative_to_largest, "it is to be measured in means of the row, not in its maximum."),
            (_round_the_corner, "the last value and the first are no neighbours."),
        ),
    ),
    "19.4": Written(
        hints=(
            "A hook is a function that torch calls as hook(module, inputs, output) after a layer.",
            "Append a detached copy of `output` to a list, register the hook with "
            "register_forward_hook, run the model once, and remove it by its handle.",
        ),
        solution=layer_output,
        oracle=_extracted,
        cases=_models,
        use=_use_layer,
        mistakes=(
            (_hook_left, "the hook is still there, and will run at every later pass of the model."),
            (_with_graph, "the output still carries its graph, and with it all that led to it."),
            (_no_copy, "right, until a layer such as ReLU(inplace=True) overwrites what you kept."),
            (_neither, "what you keep still hangs on the model: on its graph, and on its memory."),
            (_its_input, "that is what goes *into* the layer; what comes out is asked for."),
            (_the_last, "that is what the whole model gives, whichever layer is asked for."),
            (_the_layer_alone, "the layer has to see what the layers before it hand on."),
        ),
    ),
    "19.5": Written(
        hints=(
            "Two loops, over rows and columns; in each turn a fresh copy of the image.",
            "covered[:, r : r + size, c : c + size] = grey, on image.clone(); then the "
            "probability before, minus that of the covered image.",
        ),
        solution=occlusion_drops,
        oracle=_by_convolution,
        cases=_pictures,
        mistakes=(
            (_a_rise, "the sign is turned round: a fall is to be positive."),
            (
                _centred,
                "the squares are shifted: (r, c) is the upper left corner, not the middle.",
            ),
            (_in_place, "the image itself is painted over, and the squares pile up."),
            (_piled_up, "the squares pile up: each is to be alone on a whole image."),
            (_black, "the square is black, whatever `grey` says."),
            (_of_logits, "that is the fall of a logit; a probability is asked for."),
            (_what_is_left, "that is the probability that is left; by how much did it fall?"),
        ),
    ),
}
