"""Experiments as plain data: their identity, what ``run.json`` holds of them, their history."""

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from .experiment import HOLDOUT, PARTS, Arch, Conv, Experiment, checked_seed
from .network import Network
from .support.values import known_fields, several


class History(list[dict[str, Any]]):
    """What ``fit`` returns: one dict for each epoch; and it knows of which training.

    ``experiment`` is what was declared, with the architecture that the model says it has.
    ``images`` is the number of training images.
    """

    def __init__(self, experiment: Experiment, model: Any, seed: int, images: int) -> None:
        super().__init__()
        if isinstance(arch := getattr(model, "arch", None), Arch):
            experiment = dataclasses.replace(experiment, arch=arch, model=None)
        self.experiment, self.seed, self.images = experiment, seed, images


def identity(experiment: Experiment, seed: int = 0, split: str = HOLDOUT) -> str:
    """Hash (12 hex digits) of what was declared: all but the name, the parent and the reason.

    Fields at their default are left out, so a field added to the library later does not
    change the identity of runs that do not use it. Of a model of its own, the code counts.

    >>> cnnlib.records.identity(cnnlib.CATALOGUE["maxpool"])
    '1738a02b35c2'
    """
    text = json.dumps([declared(experiment), checked_seed(seed), split], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def declared(experiment: Experiment) -> dict[str, Any]:
    """The fields that differ from the defaults, as plain dicts and lists."""
    plain, default = as_dict(experiment), as_dict(Experiment("baseline"))
    found: dict[str, Any] = {
        part: {name: value for name, value in plain[part].items() if value != default[part][name]}
        for part in PARTS
    }
    return found | ({"model": experiment.model.digest} if experiment.model else {})


def as_dict(experiment: Experiment) -> dict[str, Any]:
    """As plain dicts, lists, numbers and text, such as JSON holds; ``from_dict`` reads it."""
    plain = dataclasses.asdict(dataclasses.replace(experiment, model=None))
    del plain["model"]
    plain = json.loads(json.dumps(plain))
    if own := experiment.model:
        plain["model"] = {"name": own.name, "source": own.source}
    return plain


def from_dict(stored: Mapping[str, Any]) -> Experiment:
    """The experiment that ``as_dict`` turned into ``stored`` (read from JSON).

    The source of a model of its own is kept, not run.
    """
    stored = known_fields("experiment", Experiment, stored)
    arch = dict(known_fields("arch", Arch, stored["arch"]))
    convs = several("Arch.convs", arch["convs"], "(Conv(…), Conv(…))")
    arch["convs"] = [Conv(**known_fields("a convolution", Conv, conv)) for conv in convs]
    parts = {"arch": arch, "recipe": stored["recipe"], "data": stored["data"]}
    own = stored.get("model")
    return Experiment(
        stored["name"],
        **{part: kind(**known_fields(part, kind, parts[part])) for part, kind in PARTS.items()},
        parent=stored["parent"],
        why=stored["why"],
        model=own and Network(str(own["name"]), str(own["source"])),
    )
