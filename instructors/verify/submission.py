"""A submission put together: its notebook, and its models in the order of the report."""

import contextlib
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from cnnlib.exercises.assignment import MODELS, RULES, properties
from cnnlib.experiment import Experiment

from .intake import TakenIn, shown
from .reading import Cell, Record, StoredTable, UnreadableError, notebook, records
from .recompute import ModelError, Recomputed, recompute

MOST_MODELS = 8  # more are not evaluated: the assignment wants five


@dataclass
class Model:
    """A model of the report. ``found`` is None when nothing could be recomputed: see why."""

    name: str
    record: Record | None
    experiment: Experiment | None
    found: Recomputed | None = None
    problem: str = ""  # why it is no model that fits its declaration
    absent: str = ""  # why nothing could be checked


@dataclass
class Submission:
    """What facts are found in."""

    cells: list[Cell]
    models: list[Model]
    rule: str
    notebooks: int = 1
    problem: str = ""  # why the notebook cannot be read
    pickles: tuple[str, ...] = ()
    runs: int = 0
    records: list[Record] = field(default_factory=list)

    @property
    def pairs(self) -> list[tuple[Model, Model]]:
        """Each variant with the model it is compared with, as (that model, the variant)."""
        return pairs(self.models, self.rule)

    def tables(self, column: str) -> list[StoredTable]:
        """The tables of the report that have a column of this name."""
        return [table for cell in self.cells for table in cell.tables if column in table.header[1:]]


def pairs(models: list[Model], rule: str) -> list[tuple[Model, Model]]:
    """(parent, child) by the rule of the star or the chain."""
    first = models if rule == "chain" else models[:1] * len(models)
    return list(zip(first, models[1:], strict=False))


def put_together(taken: TakenIn, train: bool = False) -> Submission:
    """Read the notebook and the runs, and recompute each model."""
    cells, problem, notebooks = _report(taken)
    found = records(taken.files)
    made = Submission(cells, [], "", notebooks, problem, taken.pickles, len(found), found)
    made.models = _models(made, found)[:MOST_MODELS]
    made.rule = _rule(made)
    for model in made.models:
        _recompute(model, train)
    return made


def _report(taken: TakenIn) -> tuple[list[Cell], str, int]:
    """The cells of the report, the problem if there is none, and how many notebooks there are.

    Of several, the one with the most cells tagged ``report``. A notebook without such cells has
    lost its tags: all its cells count then.
    """
    names = [name for name in taken.files if PurePosixPath(name).suffix.lower() == ".ipynb"]
    best: list[Cell] = []
    problem = "" if names else "no notebook is handed in"
    tagged = -1
    for name in sorted(names, key=lambda name: (name.count("/"), name)):
        try:
            cells = notebook(taken.files[name], name)
        except UnreadableError as error:
            problem = problem or str(error)
            continue
        if (count := sum("report" in cell.tags for cell in cells)) > tagged:
            best, tagged = cells, count
    return best, "" if tagged >= 0 else problem, len(names)


def _models(made: Submission, found: list[Record]) -> list[Model]:
    """The models in the order of the report's tables; without one, in that of their names.

    A run is known by its declaration, and may be stored under another name than the report
    uses: the table of weights says in which folder each model is.
    """
    files = _column(made, "file in runs/")
    names = (
        list(_column(made, "what changes")) or list(_column(made, "train top-1 (%)")) or [*files]
    )
    by_folder = {record.folder: record for record in found}
    by_name = {one.experiment.name: one for one in reversed(found) if one.experiment}
    if not names:
        chosen = [(one.experiment.name if one.experiment else one.folder, one) for one in found]
        return [_model(name, one) for name, one in (chosen if len(found) <= MODELS else [])]
    folders = {name: PurePosixPath(path).parent.name for name, path in files.items()}
    return [
        _model(name, by_folder.get(folders.get(name, "")) or by_name.get(name)) for name in names
    ]


def _column(made: Submission, name: str) -> dict[str, str]:
    tables = made.tables(name)
    return tables[0].column(name) if tables else {}


def _model(name: str, record: Record | None) -> Model:
    experiment = record.experiment if record else None
    if experiment:
        # a name that the library would not take is not given: the stored one stays
        with contextlib.suppress(ValueError):
            experiment = replace(experiment, name=name)
    return Model(shown(name), record, experiment)


def _rule(made: Submission) -> str:
    """Star or chain: as the report compares; if it does not say, what fits more of the steps."""
    claimed, names = _column(made, "compared with"), [model.name for model in made.models]
    for rule in RULES:
        expected = {child.name: parent.name for parent, child in pairs(made.models, rule)}
        if expected and [claimed.get(name) for name in names[1:]] == list(expected.values()):
            return rule

    def single(rule: str) -> int:
        steps = [(one.experiment, two.experiment) for one, two in pairs(made.models, rule)]
        return sum(bool(a and b and len(properties(a, b)) == 1) for a, b in steps)

    return max(("chain", "star"), key=single)


def _recompute(model: Model, train: bool) -> None:
    record = model.record
    if record is None:
        model.absent = f"no run of {model.name} is handed in"
    elif model.experiment is None:
        model.problem = record.problem
    elif record.weights is None:
        model.absent = f"{shown(record.folder)} has no weights.safetensors"
    else:
        try:
            model.found = recompute(model.experiment, record.weights, record.network, train)
        except ModelError as error:
            model.problem = f"{model.name}: {error}"
