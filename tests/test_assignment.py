import dataclasses
import hashlib
import itertools
import types

import pandas as pd
import pytest
import torch
import torchsummary
from sklearn.metrics import accuracy_score, confusion_matrix

import cnnlib
from cnnlib import CATALOGUE, Assignment, Conv, Experiment, Recipe, StoredRunError, vary
from cnnlib import assignment as module
from cnnlib.analysis.evidence import paired
from cnnlib.exercises.assignment import properties
from cnnlib.models import layer_table

pytestmark = pytest.mark.slow  # trains, renders or starts processes

CHAIN = ["lenet5-mended", *(f"lenet5-var{i}-mended" for i in (1, 2, 3, 4))]
STAR = ["baseline", "maxpool", "filters", "convolution", "dropout"]
BASE = CATALOGUE["baseline"]


@pytest.fixture(scope="module")
def chain():
    return Assignment(CHAIN, rule="chain")


# The declaration ------------------------------------------------------------------------------


def test_both_ladders_of_the_book_are_accepted():
    chain, star = Assignment(CHAIN, rule="chain"), Assignment(STAR, rule="star")
    assert [(a.name, b.name) for a, b in chain.pairs] == list(itertools.pairwise(CHAIN))
    assert [(a.name, b.name) for a, b in star.pairs] == [("baseline", name) for name in STAR[1:]]


@pytest.mark.parametrize(
    "fields, expected",
    [
        (dict(arch=dict(convs=(Conv(8), Conv(8), Conv(8, 2)))), ["convs"]),
        (dict(arch=dict(dropout_pool=0.2, dropout_last=0.1)), ["dropout"]),
        (dict(recipe=dict(schedule="step", gamma=0.1)), ["learning-rate schedule"]),
        (dict(recipe=dict(optimiser="sgd", lr=0.1)), ["optimiser", "lr"]),
        (dict(data=dict(mean=0.5, std=0.5)), ["normalisation"]),
        (dict(data=dict(rotation=10.0, flip=0.5, contrast=0.1)), ["augmentation"]),
        (dict(arch=dict(pool="max", batch_norm=True)), ["pool", "batch_norm"]),
    ],
)
def test_fields_that_belong_together_are_one_property(fields, expected):
    assert properties(BASE, vary(BASE, "x", **fields)) == expected
    assert properties(BASE, BASE) == []


def test_every_field_in_a_group_exists():
    parts = {"arch": cnnlib.Arch, "recipe": cnnlib.Recipe, "data": cnnlib.Data}
    for fields in module.GROUPS.values():
        for part, name in (field.split(".") for field in fields):
            assert name in {field.name for field in dataclasses.fields(parts[part])}


def variant(name, **recipe):
    return vary(BASE, name, recipe=recipe)


@pytest.mark.parametrize(
    "models, words",
    [
        (STAR[:4], ["4 models (baseline, maxpool, filters, convolution)", "expected 5", "add"]),
        ([*STAR[:4], "maxpool"], ["two models are named 'maxpool'", "a name of its own"]),
        ([*STAR[:4], vary(BASE, "twin", arch=dict(pool="max"))], ["'twin' declares the same as"]),
        (
            [*STAR[:4], variant("long", epochs=16)],
            ["'long' trains for 16", "at most 15", "epochs="],
        ),
        ([*STAR[:4], variant("small", batch_size=31)], ["'small' has batches of 31", "32 to 256"]),
        ([*STAR[:4], variant("large", batch_size=257)], ["'large' has batches of 257"]),
        (
            [*STAR[:4], vary(BASE, "f", data=dict(split="plain-1"))],
            ["split 'plain-1'", "'holdout'"],
        ),
        ([*STAR[:4], "lr-0.1"], ["'lr-0.1' changes 3 properties of 'baseline'", "adam → sgd"]),
        ([*STAR[:4], "lr-0.1"], ["expected one", "of the star", "keep one of optimiser, lr,"]),
    ],
)
def test_what_breaks_a_rule_is_said_in_one_sentence(models, words):
    with pytest.raises(ValueError) as error:
        Assignment(models, rule="star")
    assert all(word in str(error.value) for word in words), error.value
    assert "\n" not in str(error.value)


def test_the_limits_themselves_are_allowed():
    ends = [variant("a", batch_size=32), variant("b", batch_size=256), variant("c", lr=0.1)]
    assert len(Assignment([*STAR[:2], *ends], rule="star").models) == 5


def test_a_star_is_no_chain_and_a_rule_is_one_of_two():
    with pytest.raises(ValueError, match=r"'filters' changes 2 properties of 'maxpool'.*the chain"):
        Assignment(STAR, rule="chain")
    with pytest.raises(ValueError, match="rule is 'ring'; expected 'star' or 'chain'"):
        Assignment(STAR, rule="ring")
    with pytest.raises(cnnlib.UnknownExperimentError, match="did you mean 'maxpool'"):
        Assignment(["maxpol"])


# The runs -------------------------------------------------------------------------------------


def test_it_trains_what_is_not_stored_and_says_so(store, capsys):
    short = Experiment("one", recipe=Recipe(epochs=1, batch_size=256))
    models = [short, *(vary(short, f"my-{lr}", recipe=dict(lr=lr)) for lr in (0.1, 0.2, 0.3, 0.4))]
    mine = Assignment(models, rule="star")
    mine.train()
    assert capsys.readouterr().out.count(": trained, validation acc 0.") == 5
    mine.train(retrain=["my-0.2"])
    said = capsys.readouterr().out
    assert said.count(": stored, validation acc") == 4 and "my-0.2: trained" in said
    assert [one.name for one in mine.runs] == [model.name for model in models]


def test_a_changed_model_says_how_to_train_it_anew(store):
    short = Experiment("one", recipe=Recipe(epochs=1, batch_size=256))
    models = [vary(short, f"my-{lr}", recipe=dict(lr=lr)) for lr in (0.1, 0.2, 0.3, 0.4)]
    Assignment([short, *models], rule="star").train()
    models[0] = vary(short, "my-0.1", recipe=dict(lr=0.15))
    changed = Assignment([short, *models], rule="star")
    with pytest.raises(StoredRunError, match=r"lr: 0.1 → 0.15.*train\(retrain=\['my-0.1'\]\)"):
        changed.train()
    changed.train(retrain=["my-0.1"])
    assert changed.runs[1].experiment.recipe.lr == 0.15


def test_the_best_two_are_best_on_the_validation_images(chain):
    accs = [cnnlib.run(name, train=False).metrics["val_acc"] for name in CHAIN]
    assert [one.metrics["val_acc"] for one in chain.best] == sorted(accs)[:-3:-1]


# What the report shows ------------------------------------------------------------------------


def test_layer_table_is_what_torchsummary_prints(capsys):
    model = cnnlib.build("lenet5-var4-mended")
    table = layer_table(model)
    assert capsys.readouterr().out == ""
    torchsummary.summary(model, (1, 28, 28), device="cpu")
    printed = capsys.readouterr().out
    assert list(table.index[:-2]) == [
        line.split()[0] for line in printed.splitlines() if "[" in line
    ]
    assert table.loc["Conv2d-5"].tolist() == ["16×10×10", "2,416"]
    assert table.parameters["total"] == "61,750" and table.parameters["size (MB)"] == "0.40"


def test_differences_and_settings(chain):
    table = chain.differences()
    assert table["what changes"].iloc[4] == "arch.pool: max → avg"
    assert list(table["compared with"]) == ["–", *CHAIN[:4]]
    assert list(table.parameters) == ["61,706"] * 2 + ["61,750"] * 3
    settings = chain.settings()["lenet5-mended"]
    assert settings.loss == "cross-entropy" and settings.training == "15 epochs, batches of 64"
    star = Assignment(["lr-0.1", *(vary(CATALOGUE["lr-0.1"], f"b{b}", recipe=dict(batch_size=b))
                                   for b in (32, 100, 128, 256))], rule="star")  # fmt: skip
    assert star.settings()["lr-0.1"].loc["optimiser"] == (
        "SGD, learning rate 0.1, × 0.5 every 5 epochs"
    )
    assert "0.01 · Σw²" in star.settings()["lr-0.1"].loss


def test_long_cells_are_shown_whole():
    long = tuple(Conv(filters, 3, padding=1) for filters in (6, 16, 32, 64))
    wide = vary(BASE, "wide", arch=dict(convs=long))
    html = Assignment([BASE, wide, *STAR[1:3], "dropout"], rule="star").differences()._repr_html_()
    assert cnnlib.diff(BASE, wide) in html and "..." not in html


def test_results_and_pairs_are_those_of_the_runs(chain, data):
    results, pairs = chain.results(), chain.pairwise()
    runs = [cnnlib.run(name, train=False) for name in CHAIN]
    said = [one.val_predictions() for one in runs]
    for one, classes in zip(runs, said, strict=True):
        acc = 100 * accuracy_score(data.val.labels, classes)
        low, high = map(float, results["val 95 % interval"][one.name].split(" to "))
        assert results["val top-1 (%)"][one.name] == f"{acc:.2f}" and low < acc < high
        assert results["train loss"][one.name] == f"{one.metrics['train_loss']:.4f}"
    assert list(pairs.index) == CHAIN[1:] and list(pairs.minus) == CHAIN[:-1]
    for i, name in enumerate(CHAIN[1:]):
        found = paired(data.val.labels, said[i + 1], said[i])
        row = pairs.loc[name]
        assert row["points"] == f"{100 * found.difference:+.2f}"
        assert row["only the first is right"] - row["only the second"] == round(
            12_000 * found.difference
        )


def test_the_test_set_is_opened_once_and_for_the_best_two(chain, data, capsys):
    before = data.test_openings
    table, figure = chain.test(), chain.confusion()
    chain.test()
    assert data.test_openings == before + 1
    assert capsys.readouterr().out.count("The test set is opened") == 1
    assert list(table.index) == [one.name for one in chain.best]
    labels, logits = chain.best[0].predict("test")
    classes = logits.argmax(dim=1)
    assert table["test top-1 (%)"].iloc[0] == f"{100 * accuracy_score(labels, classes):.2f}"
    loss = torch.nn.functional.cross_entropy(logits, labels).item()
    assert float(table["test loss"].iloc[0]) == pytest.approx(loss, abs=1e-4)
    shirts = confusion_matrix(labels, classes)[6, 6]
    assert f"shirt {shirts}" in figure.alt_text and len(figure.axes) == 2


def test_losses_draw_both_curves_of_every_model(chain):
    figure = chain.losses()
    panels = [ax for ax in figure.axes if ax.lines]
    assert [ax.get_title() for ax in panels] == CHAIN
    for ax, one in zip(panels, chain.runs, strict=True):
        drawn = {line.get_label(): list(line.get_ydata()) for line in ax.lines}
        assert drawn["training"] == [epoch["train_loss"] for epoch in one.history]
        assert drawn["validation"] == [epoch["val_loss"] for epoch in one.history]
        assert f"{one.name}: training from" in figure.alt_text


def test_folds_give_five_figures_their_mean_and_interval(chain, monkeypatch):
    accs = [0.89, 0.90, 0.91, 0.90, 0.90]
    runs = [types.SimpleNamespace(metrics={"val_acc": acc}) for acc in accs]
    asked = []
    monkeypatch.setattr(module, "cross_validate", lambda *what: asked.append(what) or runs)
    table = chain.folds()
    assert asked == [(chain.best[0].experiment, "stratified")]
    column = table.iloc[:, 0]
    assert column["fold 1"] == "89.00" and column["mean"] == "90.00"
    assert column["95 % interval"] == "89.12 to 90.88"  # Student's t, 4 degrees of freedom


def test_weights_name_the_files_and_their_checksums(chain):
    table = chain.weights()
    for one in chain.runs:
        file, digest = table.loc[one.name]
        content = (one.folder.parent / file).read_bytes()
        assert len(digest) == 16 and hashlib.sha256(content).hexdigest().startswith(digest)


def test_layer_tables_are_displayed_with_their_names(chain, monkeypatch):
    shown: list[pd.DataFrame] = []
    monkeypatch.setattr(module, "display", shown.append)
    chain.layer_tables()
    assert [table.columns.name for table in shown] == CHAIN
