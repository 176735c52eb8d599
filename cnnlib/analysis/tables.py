"""Tables of runs beside the reports' figures: for the notebooks, the README and the book."""

import contextlib
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pandas as pd
from statsmodels.stats.multitest import multipletests

from .. import store
from ..catalogue import CATALOGUE, SEEDS, SHIPPED
from ..data import load
from ..experiment import Experiment, diff
from ..parallel.sweeps import sweep
from ..reported import REPORTED, Reported
from ..runs import Run, run, stored_runs, stored_seeds
from ..support.values import nearest, several, wrong
from .evidence import OverSeeds, groups, over_seeds, paired

NOT_REPORTED = Reported(0)


def runs_table(runs: Sequence[Run]) -> pd.DataFrame:
    """One row per run: figures after the last epoch, and the report's own beside them.

    Training figures are those of the last epoch as training saw them (dropout on, weights
    still moving), because that is what the reports print. ``loss`` is the cross-entropy alone.
    Report 1's losses are Keras's, which include the L2 penalty: they stand beside ours plus the
    penalty (``+ L2``), and only where one of the runs has them. Empty where a report is silent.
    """
    rows = {}
    for one in several("runs", runs, "(one, other)"):
        if not isinstance(one, Run):
            raise wrong("one of the runs", one, "what cnnlib.run gives")
        last, reported = one.history[-1], REPORTED.get(one.name, NOT_REPORTED)
        rows[one.name] = {
            "parameters": f"{one.metrics['parameters']:,}",
            "train loss": _four(last["train_loss"]),
            "train acc": _four(last["train_acc"]),
            "val loss": _four(last["val_loss"]),
            "val acc": _four(last["val_acc"]),
            "reported train acc": _four(reported.train_acc),
            "reported val acc": _four(reported.val_acc),
            "train loss + L2": _four(last["train_loss"] + last["penalty"]),
            "reported train loss + L2": _four(reported.train_loss),
            "val loss + L2": _four(last["val_loss"] + last["penalty"]),
            "reported val loss + L2": _four(reported.val_loss),
        }
    return _without_empty_losses(pd.DataFrame.from_dict(rows, orient="index"))


def _without_empty_losses(table: pd.DataFrame) -> pd.DataFrame:
    """The same without the columns that compare losses, if the reports give none of these."""
    compared = [column for column in table if "+ L2" in column]
    reported = [column for column in compared if column.startswith("reported")]
    return table if table[reported].ne("").to_numpy().any() else table.drop(columns=compared)


def standings(names: Sequence[str], seeds: Sequence[int] = SEEDS) -> pd.DataFrame:
    """Validation accuracy over ``seeds``, best mean first.

    ``value`` is the mean, ``low`` to ``high`` its 95 % interval (Student's t), ``reported`` the
    report's own figure; models with a letter of ``group`` in common cannot be told apart (all
    pairs together: see ``evidence.groups``).
    """
    accs, rows = accuracies(names, seeds=seeds), {}
    for name, letters in groups(accs).items():
        found = over_seeds(accs[name])
        reported = REPORTED.get(name, NOT_REPORTED).val_acc
        rows[name] = (found.mean, found.low, found.high, reported, letters)
    columns = ["value", "low", "high", "reported", "group"]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    return table.astype({"reported": float})


def against_parents(names: Sequence[str], seeds: Sequence[int] = SEEDS) -> pd.DataFrame:
    """Each model minus its parent, validation accuracy, paired seed by seed.

    ``value`` is the mean difference, ``low`` to ``high`` its 95 % interval, ``p`` that of the
    paired t-test, and ``p_all`` the same after Holm's correction (1979) for all rows here: below
    0.05 it can be trusted although several questions were asked at once. The claims of the
    reports have families of their own: see ``claims_table``.
    """
    rows, names = {}, several("names", names, '("maxpool", "dropout")')
    for name in names:
        if not (parent := CATALOGUE[name].parent):
            raise ValueError(f"{name!r} has no parent to be compared with; name variants only")
        found = difference(name, parent, seeds=seeds)
        rows[name] = (parent, found.mean, found.low, found.high, found.p_value)
    columns = ["parent", "value", "low", "high", "p"]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    return table.assign(p_all=multipletests(table["p"], method="holm")[1])


def comparison(child: Run, parent: Run) -> str:
    """Two runs on the validation images, in words: difference, and McNemar's exact test."""
    labels = load().val.labels
    found = paired(labels, child.val_predictions(), parent.val_predictions())
    return (
        f"{child.name} minus {parent.name}, validation accuracy: {found.difference:+.4f}\n"
        f"only {child.name} is right: {found.only_first} images; "
        f"only {parent.name}: {found.only_second}\n"
        f'McNemar\'s exact test of "equally good": p = {found.p_value:.2g} '
        f"(seed {child.seed}, one run each)"
    )


def accuracies(
    experiments: Sequence[str | Experiment], metric: str = "val_acc", seeds: Sequence[int] = SEEDS
) -> pd.DataFrame:
    """One figure of ``Run.metrics`` for each of ``seeds``: a row per seed, a column per model.

    Experiments are given by name or as themselves; each needs a stored run of every seed.

    >>> accs = cnnlib.accuracies(["baseline", "maxpool"])
    >>> accs.shape, bool((accs.maxpool > accs.baseline).all())
    ((5, 2), True)
    """
    experiments = several("experiments", experiments, '("baseline", "maxpool")')
    runs = [[run(one, seed, train=False) for seed in seeds] for one in experiments]
    if unknown := [one for some in runs for one in some if metric not in one.metrics]:
        raise ValueError(
            f"there is no metric {metric!r}; {nearest(metric, list(unknown[0].metrics))}"
        )
    columns = {some[0].name: [one.metrics[metric] for one in some] for some in runs}
    return pd.DataFrame(columns, index=pd.Index(seeds, name="seed"))


def seeds_table(names: Sequence[str | Experiment]) -> pd.DataFrame:
    """Validation accuracy over the shipped seeds: mean, 95 % interval, range; the report's.

    Where report 1 gives a loss, it stands beside the mean of ours; both include the L2 penalty.
    """
    rows = {}
    loss = accuracies(names, "val_loss") + accuracies(names, "penalty")
    for name, accs in accuracies(names).items():
        found, reported = over_seeds(accs), REPORTED.get(name, NOT_REPORTED)
        rows[name] = {
            "mean val acc": _four(found.mean),
            "95 % interval": f"{found.low:.4f} to {found.high:.4f}",
            "lowest": _four(accs.min()),
            "highest": _four(accs.max()),
            "reported": _four(reported.val_acc),
            "mean val loss + L2": _four(loss[name].mean()),
            "reported val loss + L2": _four(reported.val_loss),
        }
    return _without_empty_losses(pd.DataFrame.from_dict(rows, orient="index"))


def difference(
    child: str | Experiment,
    parent: str | Experiment,
    metric: str = "val_acc",
    seeds: Sequence[int] = SEEDS,
) -> OverSeeds:
    """``child`` minus ``parent`` over ``seeds``, paired seed by seed (paired t-test).

    >>> found = cnnlib.difference("maxpool", "baseline")
    >>> f"{found.mean:+.4f}, from {found.low:+.4f} to {found.high:+.4f}"
    '+0.0124, from +0.0043 to +0.0205'
    """
    one, other = (accuracies([each], metric, seeds).iloc[:, 0] for each in (child, parent))
    return over_seeds(one - other)


def catalogue_table(names: Iterable[str] = CATALOGUE) -> str:
    """Experiments of the catalogue over all their shipped seeds, as a table in Markdown.

    Accuracies are mean ± half of the 95 % interval (Student's t). "–" where a report is silent.
    """
    heads = ["experiment", "what it changes", "parameters", "train acc", "val acc", "seeds"]
    heads += ["reported train", "reported val"]
    lines = [f"| {' | '.join(heads)} |", "|---|---|--:|--:|--:|--:|--:|--:|"]
    for name in names:
        experiment, reported = CATALOGUE[name], REPORTED.get(name, NOT_REPORTED)
        parent = experiment.parent
        what = f"from `{parent}`: {diff(CATALOGUE[parent], experiment)}" if parent else "–"
        runs = [run(name, seed, train=False) for seed in stored_seeds(name) if seed in SHIPPED]
        cells = [f"`{name}`", what.replace("|", "/"), f"{runs[0].metrics['parameters']:,}"]
        cells += [_plus_minus([one.history[-1]["train_acc"] for one in runs])]
        cells += [_plus_minus([one.metrics["val_acc"] for one in runs]), str(len(runs))]
        cells += [_four(value) or "–" for value in (reported.train_acc, reported.val_acc)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _plus_minus(values: Sequence[float]) -> str:
    """Mean ± half of the 95 % interval over seeds; one seed has no interval."""
    if len(values) == 1:
        return _four(values[0])
    found = over_seeds(values)
    return f"{found.mean:.4f} ± {found.high - found.mean:.4f}"


def reproduction(folder: Path, seeds: Sequence[int] = SEEDS) -> str:
    """Train every shipped run with these seeds again into ``folder``; both accuracies.

    A second call goes on where the first was stopped; delete ``folder`` to start anew. Networks
    that a chapter writes are left out, because their code is that chapter's.
    """
    stored = [one for one in stored_runs() if one.seed in seeds]
    shipped = [one for one in stored if not one.experiment.model]
    lines = [f"{'experiment':36} {'seed':>4} {'shipped':>8} {'here':>8} {'here - shipped':>15}"]
    for seed in sorted({one.seed for one in shipped}):
        old = [one for one in shipped if one.seed == seed]
        with _runs_in(folder):
            again = sweep([one.experiment for one in old], [seed])
        for a, b in zip(old, again, strict=True):
            before, here = a.metrics["val_acc"], b.metrics["val_acc"]
            lines.append(f"{a.name:36} {seed:4} {before:8.4f} {here:8.4f} {here - before:+15.4f}")
    if own := sorted({one.name for one in stored if one.experiment.model}):
        lines.append(f"left out, with networks of their own: {', '.join(own)}")
    return "\n".join(lines)


@contextlib.contextmanager
def _runs_in(folder: Path) -> Iterator[None]:
    """Store and look up runs in ``folder`` alone; worker processes inherit the setting."""
    before, shipped = os.environ.get("CNNLIB_RUNS"), store.SHIPPED
    os.environ["CNNLIB_RUNS"], store.SHIPPED = str(folder), None
    try:
        yield
    finally:
        os.environ.pop("CNNLIB_RUNS")
        store.SHIPPED = shipped
        if before is not None:
            os.environ["CNNLIB_RUNS"] = before


def _four(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"
