"""What the choice tasks of the report train and show, whichever legal model is the best."""

from torch import nn

from ..analysis.features import activations
from ..catalogue import vary
from ..data import load
from ..experiment import Data, Experiment
from ..models import LeNet

HALVING = dict(schedule="step", step_epochs=5, gamma=0.5)
KINDS = dict(rotation=10.0, flip=0.5, brightness=0.1, contrast=0.1)
NONE = dict(rotation=0.0, shift=0, flip=0.0, brightness=0.0, contrast=0.0)
ENOUGH = 3  # kinds of augmentation that the task wants


def halved(best: Experiment) -> Experiment:
    """The same with a learning rate that halves every five epochs.

    Of a model whose rate does that already, the same with a constant rate: the comparison is the
    same, from its other side.
    """
    if all(getattr(best.recipe, field) == value for field, value in HALVING.items()):
        return vary(best, f"{best.name}-constant", recipe=dict(schedule="constant"))
    return vary(best, f"{best.name}-halved", recipe=HALVING)


def augmented(best: Experiment) -> tuple[Experiment, Data]:
    """The same with four kinds of augmentation, and what is done to the images.

    Of a model that has three kinds or more, the same without any.
    """
    own = sum(getattr(best.data, field) != value for field, value in NONE.items())
    if own >= ENOUGH:
        return vary(best, f"{best.name}-plain", data=NONE), best.data
    more = vary(best, f"{best.name}-augmented", data=KINDS)
    return more, more.data


def layers(model: nn.Module, experiment: Experiment) -> list[str]:
    """Names of two layers that give maps: the ends of the first and of the last stage.

    A declared network has blocks: each ends in its pooling, or in its activation where it has
    none; of a single block, both. Of a network of one's own, the first and the last convolution
    that run once for an image. Raises ValueError for a network without any.
    """
    if isinstance(model, LeNet):
        blocks = [
            [f"features.{name}.{part}" for part in ("act", "pool") if hasattr(block, part)]
            for name, block in model.features.named_children()
            if isinstance(block, nn.Sequential)  # after the blocks a mean may stand
        ]
        return [blocks[0][-1], blocks[-1][-1]] if len(blocks) > 1 else blocks[0]
    found, image = [], load().val.images[:1]
    for name in (name for name, one in model.named_modules() if isinstance(one, nn.Conv2d)):
        try:
            maps = activations(model, image, [name], experiment.data)[name]
        except (LookupError, ValueError):  # one that is not used, or used twice
            continue
        found += [name] if maps.dim() == 4 else []
    if not found:
        raise ValueError(
            f"{experiment.name!r} has no convolution that gives maps for an image; choose another "
            "task, or show what you want to show with features.activations"
        )
    return list(dict.fromkeys([found[0], found[-1]]))
