"""The batch, with processes that hang, crash and eat memory; the command; the figures."""

import contextlib
import os
import time

import pytest

from cnnlib import __main__ as front
from instructors.verify import Fact, Outcome, Result, batch, command, verify
from instructors.verify.arrivals import HandIn
from instructors.verify.numbers import agrees, parse_number


def odd(path, train):
    """What a submission might make of our code, by its name."""
    if path.name == "hangs":
        time.sleep(600)
    elif path.name == "crashes":
        os._exit(3)
    elif path.name == "eats":
        bytearray(10**12)
    elif path.name == "stumbles":
        raise LookupError("two\nlines")
    elif path.name == "talks":
        print("not into the instructor's terminal")
    return Result(path.name)


class Clock(contextlib.nullcontext):
    """The batch's clock and its progress bar: an hour passes when all but one are done."""

    def __init__(self, waits_for):
        super().__init__(self)
        self.left = waits_for

    def update(self):
        self.left -= 1

    def monotonic(self):
        return time.monotonic() + (3600 if self.left <= 0 else 0)


@pytest.mark.slow
def test_one_bad_submission_never_stops_the_batch(capfd, monkeypatch):
    names = ["hangs", "crashes", "eats", "stumbles", "talks", "good"]
    clock = Clock(waits_for=len(names) - 1)  # however long these take on a busy machine
    monkeypatch.setattr(batch, "time", clock)
    monkeypatch.setattr(batch, "bar", lambda *words: clock)
    results = verify(names, jobs=3, seconds=900, work=odd)
    assert [result.name for result in results] == names
    words = [result.refused for result in results]
    assert words == [
        "it could not be verified within 900 seconds",
        "it could not be verified: its process ended (exit status 3)",
        "it could not be verified (it needs too much memory)",
        "it could not be verified (LookupError: two)",
        "",
        "",
    ]
    assert capfd.readouterr().out == ""


@pytest.mark.slow
def test_what_is_not_there_is_a_line_of_the_result(tmp_path):
    (result,) = verify([tmp_path / "no.zip"])
    assert result.verdict == "refused" and result.refused.startswith("no.zip is not there")
    assert verify([]) == []


# The command ---------------------------------------------------------------------------------


@pytest.fixture
def called(monkeypatch, tmp_path, capsys):
    """Call the command with results made up; gives its status and what it says."""

    def call(*results):
        given = [HandIn(one.name, tmp_path) for one in results]
        monkeypatch.setattr(command, "hand_ins", lambda paths: given)
        monkeypatch.setattr(
            command, "verified", lambda *given, **more: (x for x in enumerate(results))
        )
        options = command.parsed(["x.zip", "--output", str(tmp_path / "out")])
        return command.main(options), capsys.readouterr().out

    return call


def test_the_exit_status_says_whether_every_fact_is_right(called, tmp_path):
    facts = {kind: Fact("test", "x", "1", "2", kind, "because") for kind in Outcome}
    good = Result("good", facts=(facts[Outcome.RIGHT], facts[Outcome.JUDGE]))
    assert called(good)[0] == 0
    for kind in (Outcome.WRONG, Outcome.MISSING, Outcome.UNCHECKED):
        status, said = called(good, Result("bad", facts=(facts[kind],)))
        assert status == 1 and "x: because" in said and "2 submissions, 1 with" in said
    assert called(Result("bad", refused="it is a link"))[0] == 1
    assert (tmp_path / "out" / "index.html").exists() and (tmp_path / "out" / "class.csv").exists()


@pytest.mark.parametrize("words", [[], ["x.zip", "--jobs", "0"], ["x.zip", "--what"]])
def test_wrong_usage_is_status_2(words, capsys):
    with pytest.raises(SystemExit) as ended:
        command.parsed(words)
    assert ended.value.code == 2 and "usage: python -m cnnlib verify" in capsys.readouterr().err


@pytest.mark.slow
def test_wrong_usage_goes_through_the_front_door_before_anything_is_fetched(
    capfd, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    assert front.COMMANDS["verify"](front.argparse.Namespace(rest=["x.zip", "--what"])) == 2
    said = capfd.readouterr()
    assert "usage: python -m cnnlib verify" in said.err and said.out == ""  # nothing is fetched


@pytest.mark.parametrize("words, train", [([], True), (["--quick"], False)])
def test_training_figures_are_recomputed_unless_it_shall_be_quick(
    words, train, monkeypatch, tmp_path, capsys
):
    def verified(given, **more):
        assert more["train"] is train is more["kept"].train
        yield 0, Result("x")

    monkeypatch.setattr(command, "verified", verified)
    assert command.main(command.parsed([str(tmp_path), "--output", str(tmp_path), *words])) == 0
    assert ("are not checked (--quick)" in capsys.readouterr().out) is not train


def test_an_output_that_cannot_be_written_is_wrong_usage(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    with pytest.raises(SystemExit) as ended:
        command.parsed(["x.zip", "--output", str(tmp_path / "file")])
    assert ended.value.code == 2 and "cannot be written" in capsys.readouterr().err


@pytest.mark.slow
def test_the_command_goes_through_the_front_door(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)  # what is named relatively lies where the instructor is
    (tmp_path / "a.zip").write_bytes(b"no zip")
    rest = ["a.zip", "--output", "out"]
    assert front.COMMANDS["verify"](front.argparse.Namespace(rest=rest)) == 1
    assert "\na.zip: refused    a.zip is neither a folder" in capfd.readouterr().out
    assert len(list((tmp_path / "out").glob("001-a.html"))) == 1


# Figures -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, value, tolerance, right",
    [
        ("89.48", 89.475, 0, True),
        ("89.48", 89.4849, 0, True),
        ("89.48", 89.47, 0, False),
        ("89.48", 89.44, 0.05, True),
        ("61,706", 61706, -0.5, True),
        ("61,707", 61706, -0.5, False),
        ("+0.28", 0.283, 0, True),
        ("−0.28", -0.283, 0, True),
        ("2.3e-05", 2.31e-5, 0, True),
        ("2.3e-05", 2.36e-5, 0, False),
        ("nan", float("nan"), 1, False),
        ("1e999999", 1, 1, False),
        ("about 5", 5, 1, False),
        ("", 0, 1, False),
        ("٣", 3, 1, False),
    ],
)
def test_a_figure_is_right_to_its_last_digit(text, value, tolerance, right):
    assert agrees(text, value, tolerance) is right


def test_numbers_are_what_the_tables_print():
    assert [parse_number(text) for text in ("1,234.5", "x", "inf")] == [
        1234.5,
        None,
        None,
    ]
