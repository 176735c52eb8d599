import dataclasses
import functools
import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import torch

import cnnlib
from cnnlib import checks
from cnnlib.analysis.evidence import standard_error
from cnnlib.exercises.all_parts import EXERCISES
from cnnlib.exercises.judging import Choice, Exercise, Number

SHORT = [key for key, one in EXERCISES.items() if isinstance(one, Exercise)]
NAMES = {"cnnlib": cnnlib, "math": math, "np": np, "standard_error": standard_error}


def said(capsys):
    return capsys.readouterr().out.strip()


@pytest.mark.parametrize("key", SHORT)
def test_solution_passes_and_the_typical_mistake_does_not(key, capsys):
    exercise = EXERCISES[key]
    checks.check(key, eval(exercise.solution, dict(NAMES)))
    assert said(capsys) == f"Exercise {key}: right."
    checks.check(key, eval(exercise.wrong, dict(NAMES)))
    assert said(capsys).startswith(f"Exercise {key}: not yet: ")


@pytest.mark.parametrize("key", EXERCISES)
def test_unanswered_and_nonsense_are_handled(key, capsys):
    checks.check(key, ...)
    assert "not answered yet" in said(capsys)
    for nonsense in (None, "text", [], object(), lambda: 1, True):
        checks.check(key, nonsense)
        feedback = said(capsys)
        assert feedback.startswith(f"Exercise {key}: not yet: "), (nonsense, feedback)


def spellings(value):
    """The same answer as other people would write it."""
    if isinstance(value, str):
        return [value.upper(), value.lower(), value.title(), f"  {value} ", value.swapcase()]
    if isinstance(value, tuple | list):
        many = [tuple(value), list(value), np.array(value)]
        return [*many, torch.tensor(value)] if not isinstance(value[0], str) else many
    if callable(value):
        return [
            lambda *given: np.float64(value(*given)),
            lambda *given: torch.tensor(float(value(*given)), dtype=torch.float64),
            lambda *given: Fraction(float(value(*given))),
            functools.partial(value),
        ]
    if isinstance(value, cnnlib.Experiment):
        again = dataclasses.replace(value, name="another-name", why="another reason")
        return [again, dataclasses.replace(value, parent=None), dataclasses.replace(value, why=""),
                cnnlib.records.from_dict(dataclasses.asdict(value))]  # fmt: skip
    exact = float(value)
    return [exact, np.float64(exact), torch.tensor(exact, dtype=torch.float64), Fraction(exact),
            np.array(exact), Decimal(exact)]  # fmt: skip


@pytest.mark.parametrize("key", SHORT)
def test_equivalent_answers_are_right_too(key, capsys):
    others = spellings(eval(EXERCISES[key].solution, dict(NAMES)))
    assert len(others) >= 3
    for other in others:
        checks.check(key, other)
        assert said(capsys) == f"Exercise {key}: right.", other


MISTAKES = [
    (key, wrong, told)
    for key in SHORT
    if isinstance(judge := EXERCISES[key].judge, Number | Choice)
    for wrong, told in (judge.mistakes.items() if isinstance(judge, Number) else judge.mistakes)
]


@pytest.mark.parametrize("key, wrong, told", MISTAKES)
def test_a_typical_mistake_is_told_apart(key, wrong, told):
    assert EXERCISES[key].judge(wrong) == told != EXERCISES[key].judge.help


def test_hint_and_solution_are_shown(capsys):
    checks.hint("5.1")
    assert EXERCISES["5.1"].hint in said(capsys)
    checks.hint("5.1", 2)
    assert said(capsys) == "Exercise 5.1 has 1 hint."
    checks.solution("5.1")
    assert EXERCISES["5.1"].solution in said(capsys)


def test_no_hint_gives_the_solution_away():
    told = [key for key in SHORT if not (one := EXERCISES[key]).hint or one.solution in one.hint]
    assert told == []


def test_an_answer_that_raises_is_feedback(capsys):
    checks.check("3.3", lambda n, k, p: 1 / 0)
    assert "not yet: it stops with ZeroDivisionError: division by zero" in said(capsys)


def test_a_judge_that_cannot_cope_with_an_answer_says_so(capsys, monkeypatch):
    unfit = Exercise("hint", "1", "2", judge=lambda answer: 1 / 0)
    monkeypatch.setitem(EXERCISES, "3.1", unfit)
    checks.check("3.1", 208)
    assert "could not be checked (ZeroDivisionError" in said(capsys)


@pytest.mark.parametrize(
    "key, answer, feedback",
    [
        ("3.1", 200, "count the bias"),
        ("3.1", 201, "each filter has its own"),
        ("3.1", 156, "with 6 filters"),
        ("3.1", 7, "a weight for each pixel"),
        ("3.2", 14, "makes the map smaller"),
        ("3.2", 24, "the pooling halves it"),
        ("3.2", 11.5, "one place more"),
        ("3.2", 3, "in two steps"),
    ],
)
def test_a_typical_wrong_answer_gets_feedback_that_fits_it(key, answer, feedback, capsys):
    checks.check(key, answer)
    assert feedback in said(capsys)


def test_unknown_exercise():
    with pytest.raises(LookupError, match=r"no exercise '5.9'; did you mean"):
        checks.check("5.9", 1)


@pytest.mark.parametrize("ask", [checks.check, checks.hint, checks.solution])
@pytest.mark.parametrize(
    ("key", "words"),
    [
        (
            5.1,
            'the exercise is 5.1, of the kind float; expected its number in quotes, such as "5.1"',
        ),
        (5, 'is 5, of the kind int; expected its number in quotes, such as "5.1"'),
        (None, "the exercise is None, of the kind NoneType; expected its number in quotes"),
        (["5.1"], r"the exercise is \['5.1'\], of the kind list; expected its number in quotes"),
        ("5", r"there is no exercise '5'; did you mean '5\.\d' or '5\.\d' or '5"),
    ],
)
def test_what_is_no_number_of_an_exercise_gets_a_sentence(ask, key, words):
    with pytest.raises((ValueError, LookupError), match=words) as error:
        ask(key)
    assert "\n" not in str(error.value)


def test_predict_first_and_reveal(capsys):
    options = ["higher", "lower"]
    for prediction, note, verdict in (
        (..., "Write your prediction first", "You made no prediction"),
        ("higher", "Noted: 'higher'", "as you predicted"),
        ("lower", "Noted: 'lower'", "you predicted 'lower'"),
        ("hihger", "'hihger' is not one of", "you predicted 'hihger'"),
    ):
        checks.predict_first(prediction, options)
        assert note in said(capsys)
        checks.reveal(prediction, "higher")
        assert verdict in said(capsys)


def test_quiz_scores_names_and_numbers_and_waits_for_every_answer(capsys):
    names, labels = ("trouser", "coat", "T-shirt/top"), [1, 0, 2]
    for answers, verdict in (
        (..., "expected a list of 3 answers, found none"),
        (["coat"], "expected a list of 3 answers, found 1"),
        (5, "expected a list of 3 answers, found 5, which is no list"),
        (None, "expected a list of 3 answers, found None, which is no list"),
        ("bag", "expected a list of 3 answers, found 'bag', which is no list"),
        ({1: "coat"}, "found {1: 'coat'}, which is no list"),
        (np.array([1, 0, 2]), "3 of 3 right."),
        ([..., ..., ...], "0 of 3 answered"),
        (["coat", ..., 2], "2 of 3 answered"),
        (["cot", 0, 2], "'cot' is not a class; did you mean 'coat'?"),
        ([1, None, 7], "'None' is not a class; known:"),
        ([" Coat", 0, "t-shirt/top"], "3 of 3 right."),
        ([1, "2", 2], "2 of 3 right.\n  image 2: you say T-shirt/top, the label says trouser"),
    ):
        checks.quiz(answers, labels, names)
        assert verdict in said(capsys)
