"""Instant feedback in the notebooks: predict first, then check, hint and solution.

An answer that has not been given yet is Python's ``...``, so an unanswered book runs through.
"""

import re
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any

from ..support.values import nearest, wrong
from ..support.written import is_unfinished
from .all_parts import EXERCISES
from .judging import Exercise, Written


def check(key: str, answer: Any = ...) -> None:
    """Print whether ``answer`` is right. Never raises for a wrong or a missing answer."""
    exercise = _find(key)
    if answer is ... or (isinstance(exercise, Written) and is_unfinished(answer)):
        print(f"Exercise {key}: not answered yet. Replace the ... and run the cell again.")
        return
    try:
        problem = exercise.judge(answer)
    except Exception as error:  # the answer is a student's: whatever it raises is feedback
        problem = f"your answer could not be checked ({type(error).__name__}: {error})"
    print(f"Exercise {key}: {'right.' if problem is None else 'not yet: ' + problem}")


def hint(key: str, step: int = 1) -> None:
    """Print a hint. Exercises that ask for code have a second one: ``step=2``."""
    hints = _find(key).hints
    if step not in range(1, len(hints) + 1):
        print(f"Exercise {key} has {len(hints)} hint{'s' if len(hints) > 1 else ''}.")
        return
    more = f' (A second one: cnnlib.hint("{key}", 2))' if step < len(hints) else ""
    print(f"Hint for {key}: {hints[step - 1]}{more}")


def solution(key: str) -> None:
    """Print a right answer, as Python."""
    exercise = _find(key)
    shown = f"\n{exercise.source}" if isinstance(exercise, Written) else f" {exercise.solution}"
    print(f"A solution of {key}:{shown}")


def predict_first(prediction: Any, options: Sequence[str]) -> None:
    """Note the reader's prediction, or ask for one.

    >>> cnnlib.predict_first("max", ["max", "average"])
    Noted: 'max'. Now see what comes out.
    """
    if prediction is ...:
        print(f"Write your prediction first: one of {', '.join(map(repr, options))}.")
    elif prediction in options:
        print(f"Noted: {prediction!r}. Now see what comes out.")
    else:
        print(f"{prediction!r} is not one of {', '.join(map(repr, options))}.")


def reveal(prediction: Any, actual: str) -> None:
    """Put the prediction beside what was found."""
    if prediction is ...:
        print(f"Found: {actual!r}. (You made no prediction.)")
    else:
        verdict = "as you predicted" if prediction == actual else f"you predicted {prediction!r}"
        print(f"Found: {actual!r}, {verdict}.")


def stated(words: str, found: tuple[float, ...]) -> None:
    """Assert that a chapter's sentence says what was found.

    ``words`` is a part of the sentence with a figure and its interval in it, in this order;
    ``found`` begins with mean, low and high, as ``evidence.OverSeeds`` does. Each is compared to
    as many decimals as the words give.

    >>> gain = cnnlib.difference("maxpool", "baseline")
    >>> cnnlib.stated("+0.0124 (+0.0043 to +0.0205)", gain)
    The sentence says what was found.
    """
    said = re.findall(r"[+-]?\d+(?:\.\d+)?", words.replace("−", "-"))
    assert len(said) == 3, f"expected a figure and its interval in {words!r}, found {said}"
    for text, value in zip(said, found[:3], strict=True):
        decimals = len(text.partition(".")[2])
        assert float(text) == round(value, decimals), f"{words!r} says {text}, found {value:.6f}"
    print("The sentence says what was found.")


def quiz(answers: Sequence[Any], labels: Sequence[int], names: Sequence[str]) -> None:
    """Print how many of a reader's ``answers`` are right, and which are not.

    ``answers`` and ``labels`` have one entry per image, (N,). An answer is a class name, its
    number in ``names``, or ``...`` while there is none. Nothing is given away before every
    image has an answer.
    """
    if not isinstance(answers, str | Mapping | Set) and isinstance(answers, Iterable):
        answers = list(answers)
    else:  # one thing, or none
        found = "none" if answers is ... else f"{answers!r}, which is no list"
        print(f"Quiz: expected a list of {len(labels)} answers, found {found}.")
        return
    if len(answers) != len(labels):
        print(f"Quiz: expected a list of {len(labels)} answers, found {len(answers)}.")
        return
    if missing := sum(answer is ... for answer in answers):
        print(f"Quiz: {len(labels) - missing} of {len(labels)} answered. Replace each ... first.")
        return
    numbers = {name.lower(): i for i, name in enumerate(names)}
    numbers |= {str(i): i for i in range(len(names))}
    given = [numbers.get(str(answer).strip().lower()) for answer in answers]
    known = [number for number in given if number is not None]
    if len(known) < len(given):
        unknown = str(answers[given.index(None)])
        print(f"Quiz: {unknown!r} is not a class; {nearest(unknown, list(names))}")
        return
    right = sum(mine == int(label) for mine, label in zip(known, labels, strict=True))
    print(f"Quiz: {right} of {len(labels)} right.")
    for i, (mine, label) in enumerate(zip(known, labels, strict=True), start=1):
        if mine != int(label):
            print(f"  image {i}: you say {names[mine]}, the label says {names[int(label)]}")


def _find(key: str) -> Exercise | Written:
    known = list(EXERCISES)
    of_chapter = [one for one in known if str(key) == one or one.startswith(f"{key}.")]
    if not isinstance(key, str):
        example = (of_chapter or known)[0]
        raise wrong("the exercise", key, f'its number in quotes, such as "{example}"')
    if key not in EXERCISES:
        raise LookupError(f"there is no exercise {key!r}; {nearest(key, of_chapter or known)}")
    return EXERCISES[key]
