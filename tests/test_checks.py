import math

import numpy as np
import pytest

import cnnlib
from cnnlib import checks
from cnnlib.analysis.evidence import standard_error
from cnnlib.exercises.all_parts import EXERCISES

NAMES = {"cnnlib": cnnlib, "math": math, "np": np, "standard_error": standard_error}


def said(capsys):
    return capsys.readouterr().out.strip()


@pytest.mark.parametrize("key", EXERCISES)
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


def test_hint_and_solution_are_shown(capsys):
    checks.hint("5.1")
    assert EXERCISES["5.1"].hint in said(capsys)
    checks.solution("5.1")
    assert EXERCISES["5.1"].solution in said(capsys)


def test_no_hint_gives_the_solution_away():
    told = [key for key, one in EXERCISES.items() if not one.hint or one.solution in one.hint]
    assert told == []


def test_an_answer_that_raises_is_feedback(capsys):
    checks.check("3.3", lambda n, k, p: 1 / 0)
    assert "could not be checked (ZeroDivisionError" in said(capsys)


def test_unknown_exercise():
    with pytest.raises(LookupError, match=r"no exercise '5.9'; did you mean"):
        checks.check("5.9", 1)


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
        ([..., ..., ...], "0 of 3 answered"),
        (["coat", ..., 2], "2 of 3 answered"),
        (["cot", 0, 2], "'cot' is not a class; did you mean 'coat'?"),
        ([1, None, 7], "'None' is not a class; known:"),
        ([" Coat", 0, "t-shirt/top"], "3 of 3 right."),
        ([1, "2", 2], "2 of 3 right.\n  image 2: you say T-shirt/top, the label says trouser"),
    ):
        checks.quiz(answers, labels, names)
        assert verdict in said(capsys)


def test_agree_compares_within_the_tolerance(capsys):
    stored = [{"epoch": e, "train_acc": 0.8, "val_acc": 0.8} for e in (1, 2)]
    checks.agree([{"epoch": 1, "train_acc": 0.81, "val_acc": 0.79}], stored)
    assert "agrees with the stored run" in said(capsys)
    with pytest.raises(AssertionError, match=r"epoch 1: val_acc is 0.7000 here and 0.8000"):
        checks.agree([{"epoch": 1, "train_acc": 0.8, "val_acc": 0.7}], stored)
