"""The made-up class, submission by submission: is each verdict the expected one?

In this process, and each model evaluated once for all of them; ``made_up_class.py`` itself
verifies the whole class as an instructor would.
"""

import dataclasses
import re

import made_up_class
import made_up_files as made_up
import pytest
from bs4 import BeautifulSoup

from cnnlib import evaluate, load, run
from cnnlib.runs import WEIGHTS
from instructors.verify import Outcome, Result, frame, one, pages, submission
from instructors.verify.arrivals import HandIn
from instructors.verify.batch import verify_one
from instructors.verify.intake import RefusedError, TakenIn
from instructors.verify.one import look
from instructors.verify.rubric import given, reachable, rubric

pytestmark = [
    pytest.mark.slow,  # trains, renders or starts processes
    pytest.mark.usefixtures("evaluated_once", "computed_once"),
]


def verified(path):
    try:
        return verify_one(HandIn(path.name, path))
    except RefusedError as error:
        return Result(path.name, refused=str(error))


def facts_of(files):
    return look("x", TakenIn(dict(files)))


@pytest.fixture(scope="module")
def honest(evaluated_once):
    return facts_of(made_up.honest())


def test_the_class_is_large_and_of_every_kind():
    assert len(made_up_class.whole_class()) >= 80
    verdicts = [verdict for _, verdict, *_ in made_up_class.whole_class().values()]
    assert set(verdicts) == {"right", "wrong", "incomplete", "refused"}


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", made_up_class.expected())
def test_every_submission_gets_its_verdict(name, tmp_path):
    result = verified(made_up_class.write(name, tmp_path))
    assert made_up_class.problems(name, result) == ""
    page = BeautifulSoup(pages.page_of(result), "html.parser")
    policy = page.find("meta", {"http-equiv": "Content-Security-Policy"})["content"]
    assert policy == f"{frame.POLICY}; script-src 'sha256-{frame.HASH}'"
    assert [script.string for script in page.find_all("script")] == [frame.SCRIPT]
    assert not page.find_all(["link", "iframe", "object", "svg", "form"])
    assert all(i["src"].startswith("data:image/png;base64,") for i in page.find_all("img"))
    assert not [tag for tag in page.find_all(True) for name in tag.attrs if name.startswith("on")]
    assert not made_up.PICKLE_RAN.exists()


# The honest one in detail --------------------------------------------------------------------


def test_figures_are_recomputed_from_the_weights(honest):
    one = run("lenet5-var4-mended", train=False)
    expected = evaluate(one.model(), load().val, one.experiment.data)
    told = {fact.name: fact for fact in honest.facts}
    assert float(told["my-average: val_acc in run.json"].recomputed) == pytest.approx(
        expected["acc"], abs=1e-4
    )
    assert float(told["my-average: val_loss in run.json"].recomputed) == pytest.approx(
        expected["loss"], abs=1e-4
    )
    quick = told["report, my-average: train loss"]
    assert quick.verdict == Outcome.JUDGE and quick.why.startswith("not checked: ")
    assert not honest.questions  # that is said, and asked about nowhere


def test_a_forged_training_figure_is_found_by_its_weights():
    """Of one model, the others handed in without weights."""
    files = made_up.honest().record(4, made_up.set_in(("metrics", "train_acc"), 0.99))
    others = tuple(f"{files.run(i)}/{WEIGHTS}" for i in range(4))
    taken = TakenIn(dict(made_up.without(files, *others)))
    told = {fact.name: fact for fact in look("x", taken, train=True).facts}
    assert told["my-average: train_acc in run.json"].verdict == Outcome.WRONG
    assert told["report, my-average: train top-1 (%)"].verdict == Outcome.RIGHT
    assert told["report, my-average: train loss"].why == ""
    assert told["report, my-baseline: train top-1 (%)"].verdict == Outcome.UNCHECKED


def test_an_honest_report_gets_all_that_can_be_given(honest):
    assert [(line.points, line.given, line.left) for line in honest.lines] == [
        (15, 10, 5), (20, 15, 5), (5, 5, 0), (30, 10, 20),
    ]  # fmt: skip
    assert given(honest.lines) == 40 and reachable(honest.lines) == 70


def test_choice_tasks_are_worth_30_at_most():
    files = made_up.honest()
    picture = {"output_type": "display_data", "metadata": {}, "data": {"image/png": made_up.PIXEL}}

    def all_of_them(nb):
        for cell in nb["cells"]:
            if [tag for tag in cell["metadata"].get("tags", []) if tag.startswith("choice-")]:
                kind = cell["cell_type"] == "code"
                cell.update(outputs=[picture]) if kind else cell.update(source="Words.")

    result = facts_of(files.notebook(all_of_them))
    assert result.verdict == "right" and len(result.lines) == 4 + 6
    assert sum(line.points for line in result.lines[4:]) == 70
    assert given(result.lines) == 40 + 28 and reachable(result.lines) == 100


def test_a_task_that_is_written_and_not_shown_is_missing():
    files = made_up.honest()

    def written(nb):
        made_up.cell_of(nb, "Choice task: t-SNE")["source"] = "### t-SNE\n\nWords."

    (fact,) = (f for f in facts_of(files.notebook(written)).facts if f.part == "choice")
    assert fact.verdict == Outcome.MISSING and fact.why == "no picture or table is displayed"


def test_points_fall_with_what_is_wrong(honest):
    files = made_up.honest().weights(1, made_up.with_nan)
    lines = facts_of(files).lines
    assert lines[1].given == honest.lines[1].given - 3  # one model of five
    files = made_up.honest().record(3, made_up.set_in(("experiment", "recipe", "batch_size"), 8))
    assert facts_of(files).lines[0].given == 10 - 4  # the model, and the step after it
    lines = facts_of(made_up.without(made_up.honest(), WEIGHTS)).lines
    assert (lines[1].given, lines[1].left) == (0, 20)  # not checked: not lost either


def test_a_star_is_told_from_a_chain_without_a_table():
    files = made_up.drop_cell(made_up.honest(), "mine.differences()")
    result = facts_of(files)
    steps = [fact for fact in result.facts if " → " in fact.name]
    assert len(steps) == 4 and all(fact.claimed == "one property (chain)" for fact in steps)
    assert not any(fact.fails for fact in steps) and result.verdict == "incomplete"


def test_a_models_name_changes_no_points():
    """Words of the rubric's own in the names of models: facts are found by their fields."""
    made = submission.put_together(TakenIn(dict(made_up.honest())))
    facts = one.facts_of(made)
    before = rubric(made, facts)
    names = ["weights", "points", "layer table", "text", "the two best"]
    new = dict(zip((model.name for model in made.models), names, strict=True))
    for model in made.models:
        model.name = new[model.name]
    words = re.compile("|".join(map(re.escape, sorted(new, key=len, reverse=True))))
    renamed = [
        dataclasses.replace(
            fact,
            model=new.get(fact.model, fact.model),
            name=words.sub(lambda found: new[found[0]], fact.name),
        )
        for fact in facts
    ]
    after = rubric(made, renamed)
    assert [line.given for line in after] == [line.given for line in before]
    assert sum(line.given for line in before) > 30
