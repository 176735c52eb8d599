"""One submission: all facts, the rubric and what a human wants to see of it."""

from dataclasses import replace

from cnnlib import data

from . import (
    facts_gaps,
    facts_notebook,
    facts_pairs,
    facts_report,
    facts_runs,
    facts_testing,
    marks,
    open_facts,
    open_figures,
    pictures,
    rendered,
    retrain,
)
from .gate import shown
from .intake import TakenIn
from .open_reading import is_open, opened
from .results import Fact, Outcome, Result, guarded
from .rubric import open_rubric, rubric
from .submission import Submission, put_together, report_of

PICTURES = 30  # on a page


def look(name: str, taken: TakenIn, train: bool = False) -> Result:
    """Look at everything; no code of the submission is run."""
    data.load()
    if is_open(taken.files):
        return _look_at_open(name, taken, train)
    made = put_together(taken, train)
    facts = facts_of(made)
    facts += guarded("report", "report: its pages", rendered.of_pages, made, taken.files)
    shown_ones = [picture for cell in made.report for picture in cell.pictures][:PICTURES]
    return Result(
        name=shown(name),
        facts=tuple(facts),
        lines=tuple(rubric(made, facts)),
        texts=facts_report.texts(made),
        pictures=(*shown_ones, *([made.drawn] if made.drawn else [])),
        marks=marks.marks(made),
        trained=retrain.trainable(made),
    )


def _look_at_open(name: str, taken: TakenIn, train: bool) -> Result:
    """The same for networks of any framework."""
    made = opened(taken, report_of(taken))
    open_figures.compute(made, train)
    facts = guarded("models", "the five models", open_facts.of_models, made)
    for model in made.models:
        own = guarded("models", model.name, open_facts.of_row, model)
        own += guarded("training", model.name, open_facts.of_model, model)
        facts += [replace(fact, model=model.name) for fact in own]
    facts += marks.alike(made_marks := marks.open_marks(made))
    facts += guarded("test", "test accuracies", open_facts.of_test, made)
    facts += guarded("report", "report", open_facts.of_report, made)
    pictures_shown = [one for cell in made.report.cells for one in cell.pictures][:PICTURES]
    return Result(
        name=shown(name),
        facts=tuple(facts),
        lines=tuple(open_rubric(made, facts)),
        texts=facts_report.texts(made.report),
        pictures=tuple(pictures_shown),
        marks=made_marks,
    )


def facts_of(made: Submission) -> list[Fact]:
    """Every fact, by part of the rubric."""
    facts = guarded("models", "the five models", facts_runs.of_models, made)
    for model in made.models:
        own = guarded("training", model.name, facts_runs.of_model, model)
        facts += [replace(fact, model=model.name) for fact in own]
    facts += guarded("models", "seeds", marks.of_seeds, made)
    facts += guarded("compared", "its own runs", marks.of_alike, made)
    if made.problem:
        verdict = Outcome.WRONG if made.notebooks else Outcome.MISSING
        facts.append(Fact("report", "report: notebook", "–", "–", verdict, made.problem))
        return facts
    for part, name, function in (
        ("report", "report: notebook", facts_notebook.of_notebook),
        ("models", "report: table of the models", facts_report.of_differences),
        ("training", "report: table of results", facts_report.of_results),
        ("test", "report: table of the test set", facts_testing.of_test),
        ("test", "order of the cells", facts_notebook.of_order),
        ("report", "report: layer tables", facts_report.of_layers),
        ("report", "report: table of pairs", facts_pairs.of_pairs),
        ("report", "report: table of weights", facts_report.of_weights),
        ("report", "report: graphs of the losses", pictures.of_losses),
        ("report", "report: contents", facts_report.of_contents),
        ("choice", "choice tasks", facts_testing.of_choices),
    ):
        facts += guarded(part, name, function, made)
    facts += guarded("compared", "distances", facts_gaps.of_gaps, made.models, facts)
    return facts
