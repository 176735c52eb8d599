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
    pictures,
    rendered,
    retrain,
)
from .gate import shown
from .intake import TakenIn
from .results import Fact, Outcome, Result, guarded
from .rubric import rubric
from .submission import Submission, put_together

PICTURES = 30  # on a page


def look(name: str, taken: TakenIn, train: bool = False) -> Result:
    """Look at everything; no code of the submission is run."""
    data.load()
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
