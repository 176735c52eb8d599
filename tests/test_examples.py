"""The page of the library: every public name stands on it, and its examples are true."""

import doctest
import importlib
import inspect

import pytest
import torch

import cnnlib
from book import api

NAMES = api.public_names()
MODULES = sorted({one.module for one in NAMES})
# where somebody begins: these show how they are called
SHOWN = {
    "Conv", "vary", "diff", "records.identity", "catalogue.Catalogue", "load", "build",
    "count_parameters", "fit", "lr_schedule", "run", "Run.predict", "accuracies", "difference",
    "evidence.standard_error", "augment.shift", "predict_first",
}  # fmt: skip


@pytest.mark.parametrize("module", MODULES)
def test_examples_are_true(module):
    for test in examples(module):
        said = []
        doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=said.append)
        assert not said, "".join(said)


def examples(module):
    """The examples of a module that are not empty; they begin with ``import cnnlib, torch``."""
    found = doctest.DocTestFinder(exclude_empty=True).find(
        importlib.import_module(module), globs={"cnnlib": cnnlib, "torch": torch}
    )
    return [test for test in found if test.examples]


def test_entry_points_show_how_they_are_called():
    found = {test.name for module in MODULES for test in examples(module)}
    wanted = set()
    for name in SHOWN:
        thing = cnnlib
        for part in name.split("."):
            thing = getattr(thing, part)
        wanted.add(f"{thing.__module__}.{thing.__qualname__}")
    assert wanted - found == set()


def test_the_names_of_the_page_are_those_of_the_library():
    assert {one.shown.removeprefix("cnnlib.") for one in NAMES} == set(dir(cnnlib)) - {
        name for name in dir(cnnlib) if name.startswith("__")
    }


def test_every_public_name_says_what_it_is_and_has_its_place():
    page = api.page()
    for one in NAMES:
        row = f"`{one.shown} <{one.target}>` | {api.first_sentence(one)} |"
        assert row in page
        place = f".. automodule:: {one.module}\n"
        assert page.count(place) == 1
        section = page.split(place)[1].split("```")[0]
        assert not one.name or one.name in section.replace(",", " ").replace(".", " ").split()


def test_the_core_is_on_the_page_whole():
    page = api.page()
    for name in api.READING:
        module = importlib.import_module(f"cnnlib.{name}")
        section = page.split(f".. automodule:: {module.__name__}\n")[1].split("```")[0]
        listed = section.replace(",", " ").split()
        for key, thing in vars(module).items():
            if inspect.isfunction(thing) and thing.__module__ == module.__name__:
                assert key.startswith("_") or not thing.__doc__ or key in listed


def test_a_name_without_a_docstring_is_refused(monkeypatch):
    monkeypatch.setattr(cnnlib.models, "nameless", lambda: None, raising=False)
    with pytest.raises(ValueError, match=r"cnnlib\.models\.nameless has no docstring"):
        api.first_sentence(api.Public("cnnlib.models", "nameless"))
