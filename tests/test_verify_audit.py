"""The audit: models trained anew, and accuracies that lie apart as no honest run's."""

import dataclasses
import io
import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import made_up_files as made_up
import pytest

from cnnlib import CATALOGUE, Experiment, run, vary
from cnnlib.experiment import Arch, Conv
from cnnlib.records import as_dict, identity
from instructors.verify import Fact, Outcome, Result, command, facts_gaps, retrain, submission
from instructors.verify.intake import TakenIn
from instructors.verify.results import Trained
from instructors.verify.retrain import Retraining, compared, nearest, trainable, work

# Distances -----------------------------------------------------------------------------------


def asked(train, val, test=None):
    """What is asked about a model with these accuracies."""
    found = SimpleNamespace(
        val=SimpleNamespace(acc=val), train=SimpleNamespace(acc=train) if train else None
    )
    table = Fact("test", "x", "–", f"{100 * test:.2f}" if test else "–", Outcome.RIGHT,
                 model="m", check="test top-1 (%)")  # fmt: skip
    model = SimpleNamespace(name="m", found=found)
    facts = [*facts_gaps.of_gaps([model], [table])]
    assert all(f.verdict in (Outcome.JUDGE, Outcome.RIGHT) for f in facts)
    return [fact.why for fact in facts if fact.verdict == Outcome.JUDGE]


def test_no_run_of_the_book_is_asked_about():
    trained, tested = facts_gaps.honest()
    assert len(trained) > 300 and len(tested) > 15
    for draws in retrain._spreads().values():
        for metrics in (draw.metrics for draw in draws if draw.experiment.data.split == "holdout"):
            assert not asked(metrics["train_acc"], metrics["val_acc"])


@pytest.mark.parametrize(
    "train, val, test, words",
    [
        (0.91, 0.95, 0.89, ["trained on the validation images?"] * 2),
        (None, 0.95, 0.89, ["trained on the validation images?"]),  # --quick
        (0.91, 0.90, 0.95, ["trained on the test images?"]),
        (0.99, 0.90, None, []),  # memorised its own training images: no more than that
        (0.905, 0.903, 0.898, []),
        (0.10, 0.10, 0.10, []),  # stuck
    ],
)
def test_what_was_tuned_on_is_asked_by_name(train, val, test, words):
    found = asked(train, val, test)
    assert len(found) == len(words) and all(map(str.endswith, found, words))


def test_without_figures_nothing_is_said():
    assert [*facts_gaps.of_gaps([SimpleNamespace(name="m", found=None)], [])] == []


# What is drawn -------------------------------------------------------------------------------

WORDS = [Trained(f"m{i}", as_dict(Experiment("x")), 0, []) for i in range(5)]


def drawn(name, count=2, seed=7, folder=None):
    audit = Retraining(folder or made_up.ROOT, count, seed)
    return [one.model for one in audit.drawn(Result(name, trained=tuple(WORDS)))]


def test_the_draw_is_of_the_number_and_the_submission_alone():
    names = [f"student {i}" for i in range(40)]
    assert all(len(set(drawn(name))) == 2 for name in names)
    assert [drawn(name) for name in names] == [drawn(name) for name in names]
    assert [drawn(name) for name in names] != [drawn(name, seed=8) for name in names]
    counts = [model for name in names for model in drawn(name)]
    assert {counts.count(one.model) > 5 for one in WORDS} == {True}
    assert sorted(drawn("x", count=9)) == [one.model for one in WORDS]


@pytest.fixture(scope="module")
def made():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(submission, "recompute", lambda *given: SimpleNamespace())
        yield submission.put_together(TakenIn(dict(made_up.honest())))


def test_models_that_keep_the_rules_can_be_trained(made):
    found = trainable(made)
    assert [one.model for one in found] == list(made_up.NAMES)
    assert all(set(found[0].history[0]) == {"train_acc", "val_acc"} for one in found)
    json.dumps(dataclasses.asdict(found[0]))  # it is kept


def varied(model, **parts):
    return {"experiment": vary(model.experiment, "x", **parts)}


BARRED = {
    "many epochs": lambda m: varied(m, recipe=dict(epochs=16)),
    "a large batch": lambda m: dict(
        experiment=vary(m.experiment, "x", recipe=dict(batch_size=512))
    ),
    "other images": lambda m: dict(experiment=vary(m.experiment, "x", data=dict(split="plain-1"))),
    "hours of work": lambda m: dict(
        experiment=vary(m.experiment, "x", arch=dict(convs=(Conv(400, 5, padding=2), Conv(400, 5))))
    ),
    "a short history": lambda m: dict(
        record=dataclasses.replace(m.record, history=m.record.history[:3])
    ),
    "a word for a figure": lambda m: dict(
        record=dataclasses.replace(m.record, history=[{"val_acc": "x"}] * 15)
    ),
    "a seed that is none": lambda m: dict(record=dataclasses.replace(m.record, seed="one")),
    "no weights": lambda m: dict(found=None),
    "no run": lambda m: dict(record=None),
}


@pytest.mark.parametrize("why", BARRED)
def test_others_are_not_trained(why, made):
    model = dataclasses.replace(made.models[0], **BARRED[why](made.models[0]))
    assert trainable(dataclasses.replace(made, models=[model])) == ()


def test_work_is_counted_as_by_hand():
    arch = Arch(convs=(Conv(6, 5, padding=2), Conv(16, 5)), hidden=(120, 84))
    by_hand = 6 * 28**2 * 25 + 16 * 10**2 * 25 * 6 + 400 * 120 + 120 * 84 + 84 * 10
    assert work(arch) == by_hand
    assert work(Arch(convs=(Conv(2, 1),), hidden=())) == 2 * 28**2 + 2 * 14**2 * 10


# The comparison ------------------------------------------------------------------------------


def as_handed_in(stored, **changes):
    """A run as a student's, its accuracies changed."""
    history = [{key: epoch[key] for key in ("train_acc", "val_acc")} for epoch in stored.history]
    for key, by in changes.items():
        for epoch in history:
            epoch[key] += by
    return Trained("mine", as_dict(stored.experiment), stored.seed, history)


@pytest.mark.parametrize("name", ["baseline", "maxpool", "lenet5-var4-mended"])
def test_another_seed_of_the_same_is_within_the_spread(name):
    first, *others = nearest(CATALOGUE[name])
    assert first.name == name and len(others) > 8
    for other in others:
        assert compared(as_handed_in(other), first).verdict == Outcome.RIGHT


@pytest.mark.parametrize("figure", ["train_acc", "val_acc"])
def test_figures_of_another_training_are_asked_about(figure):
    stored = run("baseline", 0, train=False)
    fact = compared(as_handed_in(stored, **{figure: 0.06}), stored)
    assert fact.verdict == Outcome.JUDGE and f"epoch 1: {figure} is " in fact.why
    assert fact.why.endswith(": was it trained so?") and "seeds of “baseline”" in fact.why


def test_another_recipe_is_asked_about():
    """Weights of Adam at a tenth of the rate, handed in as the baseline's."""
    fact = compared(as_handed_in(run("lr-0.01", 0, train=False)), run("baseline", 0, train=False))
    assert fact.verdict == Outcome.JUDGE


def test_the_nearest_experiment_gives_the_spread():
    one = vary(CATALOGUE["lenet5-var4-mended"], "mine", arch=dict(activation="relu"))
    assert nearest(one)[0].name.startswith("lenet5")


def test_without_the_books_runs_it_is_said(monkeypatch):
    monkeypatch.setattr(retrain, "_spreads", dict)
    with pytest.raises(LookupError, match="the book's runs are not there; expected them in "):
        nearest(Experiment("mine"))


# For real, on few images ---------------------------------------------------------------------

QUICK = vary(CATALOGUE["maxpool"], "mine", recipe=dict(epochs=2))


@pytest.fixture
def short(monkeypatch):
    """The book's runs, found before another store takes their place."""
    draws = [run("maxpool", seed, train=False) for seed in (0, 1, 2)]
    monkeypatch.setattr(retrain, "nearest", lambda experiment: draws)


@pytest.mark.slow
def test_what_comes_in_is_trained_once_and_under_a_name_of_ours(store):
    lines = [
        json.dumps([as_dict(one), 3]) for one in (QUICK, dataclasses.replace(QUICK, name="other"))
    ]
    with ThreadPoolExecutor(1) as executor:
        retrain.train(iter(lines), executor)
    assert [path.name for path in store.iterdir()] == [
        f"audit-{identity(QUICK, 3)}-seed3-{identity(QUICK, 3)}"
    ]


@pytest.mark.slow
def test_a_training_that_fails_is_said_and_others_go_on(store, monkeypatch, capsys):
    from cnnlib.parallel import sweeps

    real = sweeps._job

    def job(experiment, seed):
        if seed:
            return real(experiment, seed)
        raise MemoryError("no memory")

    monkeypatch.setattr(sweeps, "_job", job)
    lines = [json.dumps([as_dict(QUICK), seed]) for seed in (0, 1)]
    with ThreadPoolExecutor(1) as executor:
        retrain.train(iter(lines), executor)
    assert len([*store.iterdir()]) == 1
    assert capsys.readouterr().err.startswith(f"not trained again: audit-{identity(QUICK, 0)} seed")


@pytest.mark.slow
def test_the_facts_say_what_was_found_and_what_is_not_done_yet(short, store, tmp_path, monkeypatch):
    audit = Retraining(tmp_path, 5, 1)
    (tmp_path / "retrained").mkdir()
    monkeypatch.setenv("CNNLIB_RUNS", str(audit.folder))
    done = run(retrain._named(Trained("", as_dict(QUICK), 1, [])), 1, verbose=False)
    mine = as_handed_in(dataclasses.replace(done, experiment=QUICK))
    forged = dataclasses.replace(
        mine, model="forged", history=[{"train_acc": 0.95, "val_acc": 0.93}] * 2
    )
    late = dataclasses.replace(mine, model="late", seed=2)
    given = Result("x", facts=(Fact("a", "b", "–", "–", Outcome.RIGHT),),
                   trained=(mine, forged, late))  # fmt: skip
    none = dataclasses.replace(given, trained=())
    first, second, refused = audit.judged([given, none, Result("y", refused="no")])
    told = {fact.name.split(":")[0]: fact for fact in first.facts[1:]}
    assert [told[name].verdict for name in ("mine", "forged", "late")] == [
        Outcome.RIGHT, Outcome.JUDGE, Outcome.JUDGE,
    ]  # fmt: skip
    assert "was it trained so?" in told["forged"].why and told["late"].why.startswith("not yet")
    assert not second.questions and "none of its models" in second.facts[-1].why
    assert not refused.facts and first.verdict == "right"


@pytest.mark.slow
def test_it_is_trained_in_a_process_beside_by_the_command(tmp_path, monkeypatch, capsys):
    """The process's input and environment; its training is the sweep's, tested there."""
    seen = []

    def popen(words, **more):
        seen.append((words, more))
        process = SimpleNamespace(stdin=io.StringIO(), wait=lambda: 0, terminate=lambda: 0)
        process.stdin.close = lambda: seen.append(process.stdin.getvalue())
        return process

    monkeypatch.setattr(subprocess, "Popen", popen)
    given = Result("x", facts=(Fact("a", "b", "–", "–", Outcome.RIGHT),), trained=tuple(WORDS))
    monkeypatch.setattr(command, "hand_ins", lambda paths: [SimpleNamespace(name="x")])
    monkeypatch.setattr(command, "verified", lambda *g, **m: (x for x in [(0, given)]))
    monkeypatch.setattr(command, "Kept", lambda *g: SimpleNamespace(get=lambda one: None))
    words = ["x.zip", "--output", str(tmp_path), "--retrain", "2", "--draw", "7",
             "--cluster", "tcp://a:1"]  # fmt: skip
    assert command.main(command.parsed(words)) == 0
    (program, more), lines = seen
    assert program[1:] == ["-m", "instructors.verify.retrain", "tcp://a:1"]
    assert more["env"]["CNNLIB_RUNS"] == str((tmp_path / "retrained").resolve())
    assert [json.loads(line)[1] for line in lines.splitlines()] == [0, 0]
    said = capsys.readouterr().out
    assert "2 models that were drawn are trained again" in said and "2 questions" in said


@pytest.mark.parametrize(
    "words", [["--retrain", "1"], ["--draw", "1"], ["--cluster", "a"], ["--retrain", "0"]]
)
def test_a_draw_without_its_number_is_wrong_usage(words, capsys, tmp_path):
    with pytest.raises(SystemExit) as ended:
        command.parsed(["x.zip", "--output", str(tmp_path), *words])
    assert ended.value.code == 2 and "usage: " in capsys.readouterr().err
