"""Judges of their own: wrong answers to short questions, and the words that each is told."""

import numpy as np
import pytest

from cnnlib.exercises.all_parts import EXERCISES
from cnnlib.exercises.part5 import _fall
from cnnlib.exercises.part6 import _gains


@pytest.mark.parametrize(
    "answer", [[(1, 3)], [(3, 1)], (1, 3), [[3, 1]], {(1, 3)}, np.array([[3, 1]]), [(1, 3), (3, 1)]]
)
def test_a_pair_may_come_either_way_round(answer):
    assert EXERCISES["17.4"].judge(answer) is None


@pytest.mark.parametrize(
    "answer, told",
    [
        ([(1, 2), (2, 3)], "share a letter"),
        ([(0, 2)], "counted from 1"),
        ([], "one pair"),
        ([(1, 2), (1, 3), (2, 3)], "the middle model"),
        ([1, 2, 3], "expected a list of pairs"),
        (3, "expected a list of pairs"),
    ],
)
def test_pairs_that_share_a_letter(answer, told):
    assert told in EXERCISES["17.4"].judge(answer)


def test_a_fall_is_that_of_all_images_moved_down():
    judge = EXERCISES["19.3"].judge
    right, of_fewer = _fall("down")
    for wrong, told in (
        (of_fewer, "12,000 are asked for"),
        (0.15, "12,000 are asked for"),
        (-right, "positive"),
        (100 * right, "a fraction"),
        (0.9009 - right, "that is left"),
        (_fall("up")[0], "move up"),
        (_fall("right")[0], "move right"),
        (0.5, "three pixels down"),
        ("text", "expected a number"),
    ):
        assert told in judge(wrong), wrong
    assert judge(right) is judge(round(right, 4)) is None


def test_steps_with_a_gain_may_come_in_any_order():
    judge, gains = EXERCISES["24.3"].judge, _gains()
    small = list(gains[gains.p_all < 0.05].index)
    right = [name for name in small if gains.value[name] > 0]
    assert judge(right) is judge(right[::-1]) is judge(tuple(right)) is None
    assert "a *fall*" in judge(small)
    assert "not all of them" in judge(list(gains.index))
    assert "p_all below 0.05" in judge(right[:1])
