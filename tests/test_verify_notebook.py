"""Notebooks as students leave them: copies, scratch cells, lost tags. Nothing is evaluated here."""

import json

import made_up_files as made_up
import pytest

from book.notebooks import CHAPTER, read
from cnnlib.runs import PREDICTIONS, WEIGHTS
from instructors.verify import Outcome
from instructors.verify.facts_notebook import active
from instructors.verify.intake import TakenIn
from instructors.verify.one import facts_of, look
from instructors.verify.submission import put_together

LAST = f"cell {len(read(CHAPTER).cells) + 1}"  # one that is added at the end

OPENED = "test set opened after training (by the cells' text)"
TEXT = "The test set is opened (opening {} in this session).\n"


def found(change=None, **more):
    """The facts of an honest hand-in without weights, its notebook changed."""
    files = made_up.without(made_up.honest(), WEIGHTS, PREDICTIONS)
    if change:
        files.notebook(change)
    return look("x", TakenIn(dict(files) | more))


def fact(result, name):
    """The one fact of this name; None if there is none."""
    facts = [one for one in result.facts if one.name == name]
    assert len(facts) <= 1
    return facts[0] if facts else None


@pytest.fixture(scope="module")
def plain():
    return found()


def told(result):
    """What is wrong or missing, and nothing that waits for weights."""
    odd = (Outcome.WRONG, Outcome.MISSING)
    return {(one.name, one.why) for one in result.facts if one.verdict in odd}


def test_two_texts_of_one_field_both_reach_the_instructor(plain):
    result = found(made_up.field_twice)
    assert result.texts["test"] == "A long answer.\n\n- see also below"
    (question,) = [one for one in result.facts if "all their texts" in one.why]
    assert question.verdict == Outcome.JUDGE and "cells 37, 38" in question.why
    assert told(result) == told(plain)


@pytest.mark.parametrize("where", ["above", "below"])
@pytest.mark.parametrize("tagged", [False, True])
def test_tables_of_another_try_change_nothing(where, tagged, plain):
    result = found(made_up.scratch(where, tagged))
    assert told(result) == told(plain)
    asked = [one.why for one in result.facts if one.name == "report: another table"]
    assert len(asked) == (3 if tagged else 0)
    assert all("shows other models" in why for why in asked)


def test_a_table_of_the_report_is_compared_also_when_another_stands_below():
    def forged(nb):
        cell = made_up.cell_of(nb, "mine.differences()")
        nb["cells"].append(json.loads(json.dumps(cell)) | {"metadata": {}})
        html = cell["outputs"][0]["data"]["text/html"]
        text = "".join(html).replace("61,706", "61,707")
        cell["outputs"][0]["data"]["text/html"] = text

    names = {name for name, why in told(found(forged)) if why == "it is another figure"}
    assert "report, my-baseline: parameters" in names


def test_without_tags_it_cannot_be_told_and_nothing_is_accused(plain):
    result = found(made_up.untagged)
    assert told(result) == told(plain)
    assert fact(result, "report: tags of its cells").verdict == Outcome.UNCHECKED
    assert fact(result, "report: text “pairs”").verdict == Outcome.UNCHECKED
    assert fact(result, OPENED).verdict == Outcome.RIGHT
    assert len(result.texts) == 9 and set(result.texts.values()) == set(plain.texts.values())
    before, after = (one.lines[3] for one in (plain, result))
    assert before.given - 1 == after.given and before.left + 1 == after.left  # "text", for a human


def test_without_tags_an_untouched_chapter_is_not_written():
    files = {made_up.NOTEBOOK: made_up.CHAPTER.read_bytes()}
    content = json.loads(files[made_up.NOTEBOOK])
    made_up.untagged(content)
    result = look("x", TakenIn({made_up.NOTEBOOK: json.dumps(content).encode()}))
    assert fact(result, "report: text “pairs”").verdict == Outcome.MISSING and not result.texts


# Which notebook ------------------------------------------------------------------------------


def emptied(content):
    """Its outputs cleared."""
    for cell in content["cells"]:
        if cell["cell_type"] == "code":
            cell.update(outputs=[], execution_count=None)


def variant(change):
    files = made_up.honest().notebook(change)
    return files[made_up.NOTEBOOK]


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(lambda: made_up.CHAPTER.read_bytes(), id="untouched"),
        pytest.param(lambda: variant(emptied), id="not executed"),
        pytest.param(lambda: b"{", id="no notebook"),
        pytest.param(
            lambda: variant(lambda nb: made_up.cell_of(nb, "Because").update(source="")),
            id="one field less",
        ),
    ],
)
@pytest.mark.parametrize("name", ["hand-in/a.ipynb", "hand-in/z.ipynb", "a.ipynb", "x/y/z.ipynb"])
def test_the_written_and_executed_notebook_is_judged_and_named(name, other, plain):
    result = found(**{name: other()})
    assert told(result) == told(plain)
    asked = fact(result, "report: which notebook")
    assert (asked.claimed, asked.recomputed) == (name, made_up.NOTEBOOK)
    if other() == b"{":
        assert name in fact(result, "report: another notebook").why


def test_of_two_runs_of_one_name_the_one_beside_the_notebook_counts():
    files = made_up.without(made_up.honest(), WEIGHTS, PREDICTIONS)
    old = {name.replace("hand-in/", "old/"): content for name, content in files.items()}
    for name in [name for name in old if name.endswith(("run.json", ".ipynb"))]:
        old[name] = made_up.CHAPTER.read_bytes() if name.endswith(".ipynb") else b"{}"
    for beside in (old | files, files | old):
        made = put_together(TakenIn(dict(beside)))
        assert all(model.record.place.startswith("hand-in/") for model in made.models)
        assert not [one for one in facts_of(made) if one.verdict == Outcome.WRONG]


# The test set --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "source, text",
    [
        ("mine.train()", ""),
        ("mine.train()", "my-average: stored, validation acc 0.9115\n"),
        ("FOLDS = False\nif FOLDS:\n    cnnlib.run(other)\n\n    more.train()", ""),
        ("# mine.train(retrain=['my-average'])", ""),
        ("plots.confusion(labels, predicted)", ""),
    ],
)
def test_what_trains_nothing_after_the_test_is_no_accusation(source, text):
    one = fact(found(made_up.at_the_end(source, text)), OPENED)
    assert one.verdict == Outcome.RIGHT


@pytest.mark.parametrize(
    "source, text",
    [
        ("mine.train()", "my-average: trained, validation acc 0.9115\n"),
        ("mine.train(retrain=['my-average'])", ""),
        ("FOLDS = True\nif FOLDS:\n    cnnlib.run(other)", ""),
        ("again = cnnlib.Assignment(models)\nagain.train()", ""),
    ],
)
def test_training_after_the_test_is_a_question_with_its_place(source, text, plain):
    result = found(made_up.at_the_end(source, text))
    one = fact(result, OPENED)
    assert one.verdict == Outcome.JUDGE and "cell 36" in one.why and LAST in one.why
    before, after = (one.lines[2] for one in (plain, result))
    assert before.given - 1 == after.given and before.left + 1 == after.left


@pytest.mark.parametrize(
    "source",
    [
        "data.test.labels[:3]",
        "d = data\nd.test",
        "torchvision.datasets.FashionMNIST('data', train=False)",
        "open('data/t10k-images-idx3-ubyte')",
        "cnnlib.load().test",
        "early.confusion()",
        "run.predict('test')",
    ],
)
def test_an_opening_before_the_training_is_seen_however_it_is_written(source):
    def early(nb):
        cell = json.loads(json.dumps(made_up.cell_of(nb, "mine.train()")))
        at = nb["cells"].index(made_up.cell_of(nb, "mine = cnnlib.Assignment"))
        nb["cells"].insert(at, cell | {"source": source, "outputs": []})
        made_up.renumbered(nb)

    one = fact(found(early), OPENED)
    assert one.verdict == Outcome.JUDGE and "cell 9 seems to open the test set" in one.why


@pytest.mark.parametrize(
    "numbers, times", [((2,), 2), ((1, 1), 3), ((7,), 7)], ids=["a second", "twice more", "hidden"]
)
def test_an_opening_that_is_not_the_first_is_asked_about(numbers, times):
    text = "".join(map(TEXT.format, numbers))  # the honest report printed opening 1
    one = fact(found(made_up.at_the_end("1", text)), "openings that were printed")
    assert one.verdict == Outcome.JUDGE and f"opened {times} times" in one.why


def test_a_tag_of_no_choice_task_is_named():
    def tagged(nb):
        nb["cells"][50]["metadata"]["tags"] = ["report", "choice-tnse"]

    one = fact(found(tagged), "report: tag “choice-tnse”")
    assert one.verdict == Outcome.JUDGE and "cell 51 is of no choice task" in one.why


def test_active_code_is_what_runs():
    source = "A = False  # off\nif A:\n    x\n\n    y\nz  # w\nB = True\nif B:\n    v"
    assert " ".join(active(source).split()) == "A = False if A: z B = True if B: v"
