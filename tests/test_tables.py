import pytest
from scipy.stats import ttest_rel

import cnnlib
from cnnlib import CATALOGUE, REPORTED, SEEDS, comparison, run, runs, runs_table, tables
from cnnlib.analysis.evidence import groups, over_seeds, paired


@pytest.mark.parametrize("name", ["maxpool", "adam-halved"], ids=["reported", "not reported"])
def test_each_row_is_the_run_beside_the_report(name):
    one = run(name, train=False)
    row = runs_table([one]).loc[name]
    assert row["val acc"] == f"{one.metrics['val_acc']:.4f}"
    assert row["train acc"] == f"{one.history[-1]['train_acc']:.4f}"
    assert row["parameters"] == f"{one.metrics['parameters']:,}"
    reported = REPORTED.get(name)
    assert row["reported val acc"] == (f"{reported.val_acc:.4f}" if reported else "")


def test_reported_losses_stand_beside_ours_with_the_penalty():
    names = ["filters", "adam-halved"]  # report 1 gives a loss of the first alone
    one = run("filters", train=False)
    row, other = (runs_table([run(n, train=False) for n in names]).loc[n] for n in names)
    penalty = 0.01 * sum(
        weight.square().sum().item()
        for name, weight in one.model().named_parameters()
        if name.endswith("conv.weight")
    )
    for part, reported in (("train", "0.2936"), ("val", "0.3250")):
        alone = one.history[-1][f"{part}_loss"]
        assert row[f"{part} loss"] == f"{alone:.4f}"
        assert float(row[f"{part} loss + L2"]) == pytest.approx(alone + penalty, abs=1e-4)
        assert row[f"reported {part} loss + L2"] == reported
        assert other[f"reported {part} loss + L2"] == ""
    over = cnnlib.seeds_table(names).loc["filters"]
    losses = [run("filters", seed, train=False).metrics for seed in SEEDS]
    mean = sum(found["val_loss"] + found["penalty"] for found in losses) / len(SEEDS)
    assert float(over["mean val loss + L2"]) == pytest.approx(mean, abs=1e-4)
    assert over["reported val loss + L2"] == "0.3250"


@pytest.mark.parametrize("names", [["adam-halved"], ["lenet5", "lenet5-var1"]])
def test_no_column_compares_losses_where_no_report_gives_any(names):
    tables_ = [runs_table([run(name, train=False) for name in names]), cnnlib.seeds_table(names)]
    assert not [column for table in tables_ for column in table if "L2" in column]


def test_figures_over_seeds_are_those_of_the_runs():
    accs = cnnlib.accuracies(["baseline", "maxpool"])
    assert list(accs.index) == list(SEEDS)
    assert accs.maxpool[3] == run("maxpool", 3, train=False).metrics["val_acc"]
    row = cnnlib.seeds_table(["maxpool"]).loc["maxpool"]
    assert row["mean val acc"] == f"{accs.maxpool.mean():.4f}"
    assert row["lowest"] == f"{accs.maxpool.min():.4f}" and row["reported"] == "0.8987"
    found = cnnlib.difference("maxpool", "baseline")
    assert found == over_seeds(accs.maxpool - accs.baseline)
    text = tables.catalogue_table(["maxpool"])
    whole = cnnlib.accuracies(["maxpool"], seeds=range(20)).maxpool
    half = over_seeds(whole).high - whole.mean()
    assert f"| {whole.mean():.4f} ± {half:.4f} | 20 |" in text


SEVERAL = ["baseline", "maxpool", "lenet5", "lenet5-mended", "lenet5-var4"]


def test_standings_are_by_mean_validation_accuracy():
    table, accs = cnnlib.standings(SEVERAL), cnnlib.accuracies(SEVERAL)
    assert list(table.index) == list(accs.mean().sort_values(ascending=False).index)
    assert (table.low < table.value).all() and (table.value < table.high).all()
    assert table.value.to_dict() == pytest.approx(accs.mean().to_dict())
    assert table.group.to_dict() == groups(accs)
    assert table.reported.notna().sum() == len(set(SEVERAL) & set(REPORTED)) == 4


def test_each_model_is_tested_against_its_parent():
    names = ["maxpool", "lenet5-mended", "lenet5-var4"]
    table = cnnlib.against_parents(names)
    assert list(table.parent) == ["baseline", "lenet5", "lenet5-var3"]
    for name, row in table.iterrows():
        pair = [[run(n, seed, train=False).metrics["val_acc"] for seed in SEEDS]
                for n in (name, row.parent)]  # fmt: skip
        expected = ttest_rel(*pair)
        interval = expected.confidence_interval(0.95)
        assert (row.low, row.high) == pytest.approx((interval.low, interval.high))
        assert row.p == pytest.approx(expected.pvalue)
    by_p = table.sort_values("p")
    assert by_p.p_all.is_monotonic_increasing  # Holm: the smallest p times 3, the next times 2, …
    assert by_p.p_all.iloc[0] == pytest.approx(min(1, 3 * by_p.p.iloc[0]))
    assert by_p.p_all.iloc[1] == pytest.approx(min(1, max(2 * by_p.p.iloc[1], by_p.p_all.iloc[0])))


def test_comparison_says_what_the_paired_test_finds(data):
    child, parent = run("maxpool", train=False), run("baseline", train=False)
    found = paired(data.val.labels, child.val_predictions(), parent.val_predictions())
    text = comparison(child, parent)
    assert f"{child.metrics['val_acc'] - parent.metrics['val_acc']:+.4f}" in text
    assert f"only maxpool is right: {found.only_first} images" in text
    assert f"p = {found.p_value:.2g}" in text


def test_reproduction_leaves_the_shipped_runs_alone(tmp_path, monkeypatch):
    seen = []

    def fake_sweep(experiments, seeds):  # the training itself is tested in test_sweeps
        seen.append(tables.os.environ["CNNLIB_RUNS"])
        tables.os.environ["CNNLIB_RUNS"] = str(shipped)  # reproduction() takes it away again
        return [run(one, seed, train=False) for one in experiments for seed in seeds]

    shipped = run("baseline").folder.parent
    monkeypatch.delenv("CNNLIB_RUNS", raising=False)
    monkeypatch.setattr(tables, "sweep", fake_sweep)
    text = tables.reproduction(tmp_path, seeds=[0, 3])
    assert seen == [str(tmp_path)] * 2 and "CNNLIB_RUNS" not in tables.os.environ
    stored = [one for one in runs.stored_runs() if one.seed in (0, 3)]
    declared = [one for one in stored if not one.experiment.model]
    own = {one.name for one in stored} - {one.name for one in declared}
    _, *lines, last = text.splitlines()
    assert len(lines) == len(declared) > len(CATALOGUE)
    assert all(line.endswith("+0.0000") for line in lines)
    assert last == f"left out, with networks of their own: {', '.join(sorted(own))}"


LIST = "of the kind str; expected several values"


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda: cnnlib.accuracies("maxpool"), LIST),
        (lambda: cnnlib.accuracies(["maxpool"], metric="acc"), "no metric 'acc'; did you mean"),
        (lambda: cnnlib.seeds_table("maxpool"), LIST),
        (lambda: cnnlib.standings("maxpool"), LIST),
        (lambda: cnnlib.standings([]), "there are 0 models and 5 seeds; expected at least 2"),
        (lambda: cnnlib.standings(["maxpool"]), "there are 1 models and 5 seeds"),
        (lambda: cnnlib.against_parents("maxpool"), LIST),
        (lambda: runs_table("maxpool"), LIST),
        (lambda: runs_table(run("maxpool")), "of the kind Run; expected several values"),
        (lambda: runs_table(["maxpool"]), "one of the runs is 'maxpool', .* what cnnlib.run gives"),
    ],
)
def test_what_is_no_list_of_experiments_or_runs_gets_a_sentence(ask, said):
    with pytest.raises(ValueError, match=said):
        ask()


def test_an_experiment_does_not_differ_from_itself():
    found = cnnlib.difference("maxpool", "maxpool")
    assert (found.mean, found.low, found.high, found.p_value) == (0, 0, 0, 1)
