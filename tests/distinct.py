"""One experiment for each architecture, recipe and treatment of the data in the catalogue.

Many entries share theirs: 32 experiments are made of 21 architectures, 11 recipes and 4
treatments. What depends on one of these is tested once for each, not once an experiment.
"""

from collections.abc import Callable, Hashable

from cnnlib import CATALOGUE, Experiment


def first_with_each(part: Callable[[Experiment], Hashable]) -> list[str]:
    """The names of the first experiment with each value of ``part``, in catalogue order."""
    found: dict[Hashable, str] = {}
    for name, experiment in CATALOGUE.items():
        found.setdefault(part(experiment), name)
    return list(found.values())


ARCHITECTURES = first_with_each(lambda one: one.arch)
RECIPES = first_with_each(lambda one: one.recipe)
DATA = first_with_each(lambda one: one.data)
