"""Exercises of chapter 11 that are answered by writing a function or a class."""

import torch
from torch import nn

from ..judging import Written

# Solutions and mistakes: written as a reader would write them ---------------------------------


def accuracy_gap(model, train, val):
    """Training minus validation accuracy of the whole network.

    train and val are pairs of images (N, 1, 28, 28) and labels (N,).
    """
    before = model.training
    model.eval()  # dropout off, for both sets alike
    accs = []
    with torch.no_grad():
        for images, labels in (train, val):
            right = model(images).argmax(dim=1) == labels
            accs.append(right.double().mean().item())
    model.train(before)  # leave the model as it was found
    return accs[0] - accs[1]


def _accuracy(model, images, labels):
    return (model(images).argmax(dim=1) == labels).double().mean().item()


def _gap_in_training(model, train, val):
    model.train()
    return _accuracy(model, *train) - _accuracy(model, *val)


def _gap_as_found(model, train, val):
    return _accuracy(model, *train) - _accuracy(model, *val)


def _gap_of_two_modes(model, train, val):
    model.train()
    on_the_way = _accuracy(model, *train)
    return on_the_way - _accuracy(model.eval(), *val)


def _gap_left_in_eval(model, train, val):
    model.eval()
    return _accuracy(model, *train) - _accuracy(model, *val)


def _gap_left_in_training(model, train, val):
    model.eval()
    gap = _accuracy(model, *train) - _accuracy(model, *val)
    model.train()
    return gap


def _gap_turned(model, train, val):
    return accuracy_gap(model, val, train)


def _gap_counted(model, train, val):
    return accuracy_gap(model, train, val) * len(train[1])


def _gap_by_hand(model, train, val):
    """The oracle: no dropout layer at all, weights taken over."""
    first, last = (layer for layer in model if isinstance(layer, nn.Linear))
    accs = []
    for images, labels in (train, val):
        hidden = (images.flatten(1) @ first.weight.T + first.bias).clamp(min=0)
        accs.append(((hidden @ last.weight.T + last.bias).argmax(1) == labels).double().mean())
    return accs[0] - accs[1]


def _gap_and_mode(answer, training, train, val):
    torch.manual_seed(3)
    model = nn.Sequential(
        nn.Flatten(), nn.Linear(784, 40), nn.ReLU(), nn.Dropout(0.5), nn.Linear(40, 10)
    )
    model.train(training)
    gap = answer(model, train, val)
    return gap if gap is None else {"the gap": gap, "model.training afterwards": model.training}


def _sets() -> list[tuple]:
    drawn = torch.Generator().manual_seed(11)
    pairs = [
        (torch.rand(n, 1, 28, 28, generator=drawn), torch.randint(10, (n,), generator=drawn))
        for n in (300, 200)
    ]
    return [(training, *pairs) for training in (True, False)]


EXERCISES: dict[str, Written] = {
    "11.3": Written(
        hints=(
            "In which mode do both sets meet the same whole network? Which method sets it?",
            "Remember model.training, call model.eval(), measure both accuracies under "
            "torch.no_grad(), then model.train(what you remembered).",
        ),
        solution=accuracy_gap,
        oracle=_gap_by_hand,
        cases=_sets,
        use=_gap_and_mode,
        mistakes=(
            (_gap_in_training, "half of the units are missing, on both sets: which mode is that?"),
            (
                _gap_as_found,
                "it measures in whatever mode the model happens to be in: set the mode yourself.",
            ),
            (
                _gap_of_two_modes,
                "the two sets are seen by two different networks, one of them with half of its "
                "units missing.",
            ),
            (
                _gap_left_in_eval,
                "right, but the model stays in eval mode: were it being trained, its dropout "
                "would be off from here on.",
            ),
            (
                _gap_left_in_training,
                "right, but a model that came in eval mode goes out in training mode.",
            ),
            (_gap_turned, "the sign is turned round: training minus validation."),
            (_gap_counted, "that counts images; a fraction of each set is asked for."),
        ),
    ),
}
