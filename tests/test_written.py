"""Exercises answered by code: each is judged by what it does, and told what is wrong with it."""

import functools
import importlib
from pathlib import Path

import numpy as np
import pytest
import torch

from cnnlib.exercises.written import EXERCISES
from cnnlib.support.written import is_unfinished, source_of

# other right answers, as other people would write them: tests/other_answers/chapterNN.py
OTHERS = {
    key: answers
    for path in sorted((Path(__file__).parent / "other_answers").glob("chapter*.py"))
    for key, answers in importlib.import_module(f"other_answers.{path.stem}").OTHERS.items()
}
TRAIN = {"4.14"}  # judging these trains networks, for some seconds
each = pytest.mark.parametrize(
    "key", [pytest.param(k, marks=[pytest.mark.slow] * (k in TRAIN)) for k in EXERCISES]
)


@each
def test_the_solution_is_right_and_every_mistake_gets_its_own_feedback(key):
    exercise = EXERCISES[key]
    assert exercise.judge(exercise.solution) is None
    assert len(exercise.mistakes) >= 2
    for mistake, feedback in exercise.mistakes:
        assert exercise.judge(mistake) == feedback
    told = [feedback for _, feedback in exercise.mistakes]
    assert len(set(told)) == len(told) and all(len(words) > 20 for words in told)


@each
def test_other_answers_are_right_too(key):
    exercise = EXERCISES[key]
    assert len(OTHERS.get(key, [])) >= 1, "write one in tests/other_answers"
    for other in OTHERS[key]:
        assert exercise.judge(other) is None, source_of(other)
    if not isinstance(exercise.solution, type):
        for wrapped in (
            lambda *given, **named: as_double(exercise.solution(*given, **named)),
            lambda *given, **named: as_array(exercise.solution(*given, **named)),
            functools.partial(exercise.solution),
        ):
            assert exercise.judge(wrapped) is None


def as_double(result):
    return result.double() if torch.is_tensor(result) and result.is_floating_point() else result


def as_array(result):
    return result.detach().clone() if torch.is_tensor(result) else result


@each
def test_the_oracle_is_no_copy_of_the_solution(key):
    exercise = EXERCISES[key]
    assert exercise.oracle is not exercise.solution
    assert exercise.judge(exercise.oracle) is None


@each
def test_nonsense_is_answered_in_a_sentence(key):
    for nonsense in (None, "text", [], object(), 3, lambda *given, **named: None, list):
        problem = EXERCISES[key].judge(nonsense)
        assert problem and "\n" not in problem, nonsense


@each
def test_judging_leaves_the_random_state_alone(key):
    before = torch.get_rng_state()
    EXERCISES[key].judge(EXERCISES[key].solution)
    assert torch.equal(before, torch.get_rng_state())


@each
def test_hints_come_in_two_steps_and_give_nothing_away(key):
    first, second = EXERCISES[key].hints
    assert len(first) > 15 and len(second) > 15 and first != second
    assert "return" not in first


@each
def test_the_solution_is_readable(key):
    lines = EXERCISES[key].source.splitlines()
    assert 3 <= len(lines) <= 30 and all(len(line) <= 88 for line in lines)
    assert not is_unfinished(EXERCISES[key].solution)


def returns_dots(x):
    """Ask for something."""
    return ...


def fine(x):
    return x[..., 0]


def dots_inside(x):
    y = ...
    return x + y


class Unfinished(torch.nn.Module):
    def __init__(self):
        super().__init__()

    def forward(self, images):
        return ...


def test_what_is_not_written_yet_is_seen():
    for unfinished in (returns_dots, dots_inside, Unfinished):
        assert is_unfinished(unfinished)
    for finished in (fine, np.sum, len, 3, EXERCISES.get):
        assert not is_unfinished(finished)


def test_a_class_is_found_by_its_methods():
    assert source_of(Unfinished).startswith("class Unfinished(torch.nn.Module):\n    def __init__")
    assert source_of(Unfinished).endswith("return ...\n")


def test_a_network_in_the_place_of_its_class_is_told_so():
    exercise = EXERCISES["3.8"]
    assert "give the class itself" in exercise.judge(exercise.solution())
