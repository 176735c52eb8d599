"""A submission put together: its notebook, and its models in the order of the report."""

import contextlib
import functools
import itertools
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from book.notebooks import CHAPTER
from cnnlib.exercises.assignment import MODELS, RULES, properties
from cnnlib.exercises.fields import REQUIRED, written
from cnnlib.experiment import Experiment

from .gate import shown
from .intake import TakenIn
from .reading import Cell, Picture, Record, StoredTable, UnreadableError, notebook, records
from .recompute import ModelError, Recomputed, recompute
from .results import words_of

TAG, FILES = "report", "file in runs/"
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

    @property
    def declared(self) -> bool:
        """Does it say what it is?"""
        return self.experiment is not None


@dataclass
class Submission:
    """What facts are found in."""

    cells: list[Cell]
    models: list[Model]
    rule: str
    notebooks: tuple[str, ...] = ()  # the one that is judged first
    problem: str = ""  # why the notebook cannot be read
    unreadable: tuple[str, ...] = ()  # why others cannot be
    pickles: tuple[str, ...] = ()
    records: list[Record] = field(default_factory=list)
    drawn: Picture | None = None  # the graph of the losses, where the report's is another

    @property
    def pairs(self) -> list[tuple[Model, Model]]:
        """Each variant with the model it is compared with, as (that model, the variant)."""
        return pairs(self.models, self.rule)

    @property
    def tagged(self) -> bool:
        """Do its cells have the tags by which the report is made, or did they get lost?"""
        return any(TAG in cell.tags for cell in self.cells)

    @property
    def report(self) -> list[Cell]:
        """The cells that are in the report; all of them where the tags are lost."""
        return [cell for cell in self.cells if TAG in cell.tags or not self.tagged]

    def displayed(self, column: str, *, report: bool = False) -> list[StoredTable]:
        """All tables with a column of this name, or those in the report's tagged cells."""
        cells = [cell for cell in self.cells if TAG in cell.tags or not report]
        return [
            table for cell in cells for table in cell.tables
            if column in table.header[1:] and not cell.named("choice-")
        ]  # fmt: skip

    def tables(self, column: str) -> list[StoredTable]:
        """The tables with a column of this name that count: in the report, or else the last.

        Those that have none of the models in them are of another try, and do not count.
        """
        found = self.displayed(column, report=True) or self.displayed(column)[-1:]
        names = {model.name for model in self.models}
        return [one for one in found if not names or names & set(one.rows)]


def pairs(models: list[Model], rule: str) -> list[tuple[Model, Model]]:
    """(parent, child) by the rule of the star or the chain."""
    first = models if rule == "chain" else models[:1] * len(models)
    return list(zip(first, models[1:], strict=False))


def put_together(taken: TakenIn, train: bool = False) -> Submission:
    """Read the notebook and the runs, and recompute each model."""
    made = report_of(taken)
    made.records, made.pickles = records(taken.files), taken.pickles
    made.models = _models(made)[:MOST_MODELS]
    made.rule = _rule(made)
    for model in made.models:
        _recompute(model, train)
    return made


def report_of(taken: TakenIn) -> Submission:
    """The notebook: of several, the one with most of the student's own words, then most shown."""
    names = [name for name in taken.files if PurePosixPath(name).suffix.lower() == ".ipynb"]
    read, problems = {}, []
    for name in sorted(names, key=lambda name: (name.count("/"), name)):
        try:
            read[name] = notebook(taken.files[name], name)
        except UnreadableError as error:
            problems.append(str(error))
    if not read:
        problem = problems[0] if problems else "no notebook is handed in"
        return Submission([], [], "", tuple(names), problem)
    best = max(read, key=lambda name: _finished(read[name]))
    others = [name for name in sorted(names) if name != best]
    return Submission(
        read[best], [], "", notebooks=(best, *others), unreadable=tuple(problems)
    )  # fmt: skip


def _finished(cells: list[Cell]) -> tuple[int, int, int]:
    """How far a notebook is: fields written, code cells that show something, cells tagged."""
    words = {name for cell in cells if written(cell.source) for name in cell.named("field-")}
    tagged = sum(TAG in cell.tags for cell in cells)
    count = len(words) if tagged else min(len(own_words(cells)), len(REQUIRED))
    return count, sum(cell.code and cell.shows for cell in cells), tagged


def own_words(cells: list[Cell]) -> dict[int, str]:
    """The texts that the chapter does not have, by the number of their cell."""
    given = _chapter()
    return {
        number: cell.source for number, cell in enumerate(cells, start=1)
        if not cell.code and written(cell.source) and cell.source.strip() not in given
    }  # fmt: skip


@functools.cache
def _chapter() -> frozenset[str]:
    """The texts of the chapter as it is handed out."""
    return frozenset(cell.source.strip() for cell in notebook(CHAPTER.read_bytes(), CHAPTER.name))


def _models(made: Submission) -> list[Model]:
    """The models in the order of the report's tables; without one, in that of their names.

    A run is known by its declaration, and may be stored under another name than the report
    uses: the table of weights says in which folder each model is. Of two runs of one name, the
    one that lies nearer to the notebook is meant.
    """
    at = PurePosixPath(made.notebooks[0]).parent.parts if made.notebooks else ()
    near = sorted(
        made.records, key=lambda one: _shared(at, PurePosixPath(one.place).parts), reverse=True
    )
    by_folder = {record.folder: record for record in reversed(near)}
    by_name = {one.experiment.name: one for one in reversed(near) if one.experiment}
    files: dict[str, str] = {}
    for table in made.tables(FILES):
        files |= table.column(FILES)
    folders = {name: PurePosixPath(path).parent.name for name, path in files.items()}

    def run(name: str) -> Record | None:
        return by_folder.get(folders.get(name, "")) or by_name.get(name)

    for column in ("what changes", "train top-1 (%)", FILES):
        if listed := [[*table.column(column)] for table in made.tables(column)[::-1]]:
            # a table of another try may stand beside it: the one that most runs are handed in of
            names = max(listed, key=lambda names: sum(run(one) is not None for one in names[:20]))
            return [_model(name, run(name)) for name in names]
    found = made.records if len(made.records) <= MODELS else []
    return [_model(one.experiment.name if one.experiment else one.folder, one) for one in found]


def _shared(one: tuple[str, ...], two: tuple[str, ...]) -> int:
    """How many folders two paths have in common, from the top."""
    pairs = zip(one, two, strict=False)
    return sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))


def _column(made: Submission, name: str) -> dict[str, str]:
    tables = made.tables(name)
    return tables[-1].column(name) if tables else {}


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
    """What one run's files cannot give is that model's problem, and no other's."""
    record = model.record
    if record is None:
        model.absent = f"no run of {model.name} is handed in"
        return
    model.problem = record.problem
    if record.weights is None:
        model.absent = f"{shown(record.folder)} has no weights.safetensors"
    elif model.experiment:
        try:
            model.found = recompute(model.experiment, record.weights, record.network, train)
        except ModelError as error:
            model.problem = f"{model.name}: {error}"
        except Exception as error:  # memory, or what the libraries make of odd numbers
            model.absent = f"{model.name} could not be computed ({words_of(error)})"
