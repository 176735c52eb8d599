"""What is alike: runs of one submission, of two, of the book; texts; graphs."""

import json
from dataclasses import replace

import made_up_files as made_up
import pytest

from cnnlib.runs import PREDICTIONS, WEIGHTS
from instructors.verify import Outcome, Result, compare, pictures
from instructors.verify.intake import TakenIn
from instructors.verify.one import look
from instructors.verify.reading import PNG, Picture
from instructors.verify.results import Mark


def looked(change=lambda files: None):
    """An honest hand-in without weights, changed, and looked at."""
    files = made_up.without(made_up.honest(), WEIGHTS, PREDICTIONS)
    change(files)
    return look("x", TakenIn(dict(files)))


@pytest.fixture(scope="module")
def plain():
    return looked()


def asked(result, part="compared"):
    return {fact.name: fact for fact in result.facts if fact.part == part}


def of(name, *marks, **texts):
    return Result(name, marks=marks, texts=texts)


A = Mark("m", "one", "w" * 64, "p" * 64, "h" * 64)


# Runs ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["weights", "predictions", "history"])
def test_equal_runs_of_two_submissions_are_a_question_to_both(kind):
    mine, theirs = Mark("m", "one", **{kind: "1"}), Mark("n", "two", **{kind: "1"})
    ada, bo, cy = compare.compared([of("Ada", mine), of("Bo", theirs), of("Cy", Mark("m"))])
    for one, other, model in ((ada, "Bo: n", "m"), (bo, "Ada: m", "n")):
        (fact,) = asked(one).values()
        assert fact.name == f"{model}: the same {kind} as others" and fact.claimed == other
        assert fact.verdict == Outcome.JUDGE and "declared differently" in fact.why
        assert one.questions == [fact] and one.verdict == "right"
    assert not asked(cy)


def test_the_same_declaration_and_seed_may_train_alike():
    one, _ = compare.compared([of("Ada", A), of("Bo", replace(A, model="n"))])
    (fact,) = asked(one).values()  # the weights alone: the rest follows from them
    assert "weights" in fact.name and "same kind of machine may give the same" in fact.why


def test_many_alike_are_one_question_with_some_names():
    results = compare.compared([of(f"s{i}", A) for i in range(40)])
    assert all(len(asked(one)) == 1 for one in results)
    assert asked(results[0])["m: the same weights as others"].claimed.endswith(" and 34 more")


def test_runs_of_the_book_are_said_to_be_loaded_and_no_copies(plain):
    one, two = compare.compared([plain, replace(plain, name="y", texts={})])
    facts = asked(one)
    assert list(facts) == ["runs of the book"] == list(asked(two))
    told = facts["runs of the book"].claimed
    assert "my-average: lenet5-var4-mended-seed0-" in told and told.count("(history)") == 5


def test_every_run_of_the_book_is_known():
    known = compare.book()
    assert len(known["weights"]) > 200
    assert len(known["weights"]) == len(known["history"]) == len(known["predictions"])


def copied(files):
    """Five runs with one history and one file of weights (of which only its checksum counts)."""
    first = json.loads(files[f"{files.run(0)}/run.json"])
    for i in range(1, 5):
        files.record(i, lambda run: run.update(history=first["history"]))
        files[f"{files.run(i)}/{WEIGHTS}"] = files[f"{files.run(0)}/{WEIGHTS}"] = b"weights"


def test_copies_within_a_submission_are_questions(plain):
    facts = asked(looked(copied))
    assert len(facts) == 10  # each pair of five
    name = "my-dropout and my-baseline: the same weights and history"
    assert facts[name].verdict == Outcome.JUDGE and not asked(plain)


@pytest.mark.parametrize("seed, verdict", [(0, Outcome.RIGHT), (3, Outcome.JUDGE)])
def test_one_seed_for_all_is_named(seed, verdict):
    def other(files):
        files.record(4, lambda run: run.update(seed=seed))

    (fact,) = [one for one in looked(other).facts if one.name == "one seed for all"]
    assert fact.verdict == verdict and fact.claimed == ("0" if seed == 0 else "0, 3")
    assert seed == 0 or "my-average: 3" in fact.why


def renamed(files):
    """The run's folder without its identity, also in the report's table."""
    files.says(files.run(4).split("/")[-1], "mine")
    for name in [name for name in files if name.startswith(files.run(4))]:
        files[name.replace(files.run(4), "hand-in/runs/mine")] = files.pop(name)


@pytest.mark.parametrize("seed, verdict", [(0, Outcome.JUDGE), (-1, Outcome.WRONG)])
def test_a_folder_without_identity_is_said_and_its_seed_looked_at(seed, verdict):
    def change(files):
        files.record(4, lambda run: run.update(seed=seed))
        renamed(files)

    found = [one for one in looked(change).facts if one.name.endswith(": identity")]
    (fact,) = [one for one in found if one.claimed == "mine"]
    assert fact.verdict == verdict


# Texts ---------------------------------------------------------------------------------------

LONG = (
    "The second network has dropout after the pooling, and it loses three tenths of a point on the "
    "validation images while the training loss rises: it learns less of what is only noise. The "
    "p-value says that luck alone would do as much in one of five such comparisons, so I draw no "
    "conclusion from this pair without a second seed."
)


@pytest.mark.parametrize(
    "theirs",
    [
        LONG,
        LONG.upper(),
        f"# A heading\n\nOf my own, first.\n\n{LONG.replace('.', '!')}\n\nAnd last.",
        LONG.replace("second network", "third model").replace("a point", "one point"),
        LONG[: len(LONG) * 2 // 3],
    ],
    ids=["equal", "capitals", "with more", "some words", "a part"],
)
def test_near_equal_texts_are_a_question_with_both_names(theirs):
    ada, bo = compare.compared([of("Ada", pairs=LONG), of("Bo", test=theirs)])
    (fact,) = asked(ada).values()
    assert fact.name == "text “pairs”: nearly that of others" and "Bo: “test” (" in fact.claimed
    (fact,) = asked(bo).values()
    assert fact.name == "text “test”: nearly that of others" and "Ada: “pairs” (" in fact.claimed
    assert fact.verdict == Outcome.JUDGE


@pytest.mark.parametrize(
    "theirs",
    [
        "Dropout after pooling costs three tenths of a point here; the training loss rises too. "
        "By the p-value, luck alone would do as much in one of five comparisons like this, so that "
        "nothing follows for me from this pair as long as there is only one seed.",
        "See above.",
        "https://a.example/" + "x" * 200,
        "",
    ],
    ids=["the same thought", "short", "a link", "nothing"],
)
def test_other_texts_are_none(theirs):
    both = [of("Ada", pairs=LONG, weights=theirs), of("Bo", pairs="Hm.", weights=theirs[:-1])]
    alike = asked(compare.compared(both)[0])
    assert all("weights" in name for name in alike) and (not alike or len(theirs) > 240)
    assert not asked(compare.compared([of("Ada", pairs=LONG), of("Bo", pairs=theirs)])[0])


def test_a_large_class_is_compared_in_seconds(monkeypatch):
    many = {f"field-{i}": f"{LONG} {i} " * 3 for i in range(15)}
    results = compare.compared([of(f"s{i}", A, **many) for i in range(20)])
    assert all(len(asked(one)) == 1 + compare.MOST for one in results)


# Graphs --------------------------------------------------------------------------------------


def graph(result):
    (fact,) = [one for one in result.facts if one.check == "graphs of the losses"]
    return fact


def test_the_graph_is_that_of_the_histories(plain):
    assert graph(plain).verdict == Outcome.RIGHT and len(plain.pictures) == 1


def test_sharper_for_paper_it_is_the_same(plain):
    files = made_up.without(made_up.honest(), WEIGHTS, PREDICTIONS)
    from instructors.verify.submission import put_together

    models = put_together(TakenIn(dict(files))).models
    small = pictures.drawn(models, pictures._width(plain.pictures[0]))
    large = pictures.drawn(models, 2 * pictures._width(plain.pictures[0]))
    assert pictures.alike(small, plain.pictures[0]) and not pictures.alike(small, large)
    assert abs(pictures._width(large) - 2 * pictures._width(small)) < 9


def flatter(run):
    for epoch in run["history"]:
        epoch["val_loss"] *= 1.02


def of_pixels(files):
    cell = made_up.cell_of(json.loads(files[made_up.NOTEBOOK]), "mine.losses()")
    old = cell["outputs"][0]["data"]["image/png"]
    files[made_up.NOTEBOOK] = files[made_up.NOTEBOOK].replace(
        json.dumps(old).encode(), json.dumps(made_up.PIXEL).encode()
    )


@pytest.mark.parametrize(
    "change",
    [lambda files: files.record(2, flatter), of_pixels],
    ids=["of another run", "of one pixel"],
)
def test_a_graph_of_something_else_is_a_question_and_gives_no_points(change, plain):
    result = looked(change)
    fact = graph(result)
    assert fact.verdict == Outcome.JUDGE and "the last on this page" in fact.why
    assert result.pictures[-1].alt.startswith("Drawn from the histories handed in")
    before, after = (one.lines[3] for one in (plain, result))
    assert (after.given, after.left) == (before.given - 2, before.left + 2)


@pytest.mark.parametrize(
    "content", [PNG, PNG + b"\0" * 40, PNG + b"\0\0\0\rIHDR" + b"\xff" * 8 + b"\x08\0\0\0\0aaaa"]
)
def test_a_damaged_or_huge_picture_is_like_none(content, plain):
    assert not pictures.alike(Picture(content, ""), plain.pictures[0])


def test_without_whole_histories_nothing_is_drawn():
    result = looked(lambda files: files.record(2, lambda run: run["history"][3].pop("val_loss")))
    assert graph(result).verdict == Outcome.JUDGE and len(result.pictures) == 1
