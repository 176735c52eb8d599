"""The student's own assignment: a baseline, four variants, and what their report shows.

``Assignment`` checks the declaration once, then gives each figure and table in one call.
"""

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
import torch.nn.functional as F
from IPython.display import display
from matplotlib.figure import Figure
from sklearn.metrics import confusion_matrix
from torch import Tensor

from .. import plots
from ..analysis.evidence import accuracy_interval, over_seeds, paired
from ..catalogue import find
from ..data import load
from ..experiment import HOLDOUT, Experiment, changes, diff
from ..models import build, count_parameters, layer_table
from ..parallel.sweeps import cross_validate
from ..records import identity
from ..runs import WEIGHTS, Run, StoredRunError, locate, run
from ..training import predict_logits

RULES = ("star", "chain")
MODELS, MOST_EPOCHS, SMALLEST_BATCH, LARGEST_BATCH = 5, 15, 32, 256
GROUPS = {  # fields that belong together; every other field is a property of its own
    "dropout": ("arch.dropout_pool", "arch.dropout_first", "arch.dropout_last"),
    "learning-rate schedule": ("recipe.schedule", "recipe.step_epochs", "recipe.gamma"),
    "normalisation": ("data.mean", "data.std"),
    "augmentation": tuple(
        f"data.{field}" for field in ("rotation", "shift", "flip", "brightness", "contrast")
    ),
}
OPTIMISERS = {
    "adam": "Adam",
    "adamw": "AdamW (weight decay {decay:g})",
    "sgd": "SGD",
    "momentum": "SGD with momentum 0.9",
}
SCHEDULES = {
    "constant": "",
    "step": ", × {gamma:g} every {epochs} epochs",
    "cosine": ", along half a cosine down to 0",
    "one-cycle": ", in one cycle up to this and down to 0",
}
_PROPERTY = {field: name for name, fields in GROUPS.items() for field in fields}


def properties(parent: Experiment, child: Experiment) -> list[str]:
    """The properties in which two experiments differ, in the order of their fields.

    A property is a field of the declaration, such as ``pool``, ``convs`` (the whole list of
    convolutions), ``optimiser`` or ``lr``; the fields of each of ``GROUPS`` count as one, and so
    does ``model``, a network of the student's own.
    """
    found = [_PROPERTY.get(name, name.split(".")[-1]) for name, *_ in changes(parent, child)]
    return list(dict.fromkeys(found))


class WholeTable(pd.DataFrame):
    """A table that is shown whole, where pandas would cut long cells."""

    def _repr_html_(self) -> str:
        with pd.option_context("display.max_colwidth", None):
            return super()._repr_html_()

    @classmethod
    def of(cls, rows: Mapping[str, Any], columns: Sequence[str] | None = None) -> "WholeTable":
        """From a list or a dict for each row, by the row's name."""
        return cls(pd.DataFrame.from_dict(rows, orient="index", columns=columns))


class Assignment:
    """Five models, baseline first, each of which changes one property.

    ``rule="chain"``: each variant changes one property of the model before it;
    ``rule="star"``: one of the baseline. All are trained with seed 0, for at most 15 epochs in
    batches of 32 to 256 images. Raises ValueError, in one sentence, for what is not so.
    """

    def __init__(self, models: Sequence[str | Experiment], rule: str = "chain") -> None:
        if rule not in RULES:
            raise ValueError(f"rule is {rule!r}; expected 'star' or 'chain'")
        self.models, self.rule = [find(model) for model in models], rule
        self._check_models()
        for parent, child in self.pairs:
            self._check_step(parent, child)

    @property
    def pairs(self) -> list[tuple[Experiment, Experiment]]:
        """Each variant with the model it is compared with, as (that model, the variant)."""
        baseline, *variants = self.models
        chain = self.rule == "chain"
        return list(zip(self.models if chain else [baseline] * 4, variants, strict=False))

    def _check_models(self) -> None:
        names = [model.name for model in self.models]
        if len(names) != MODELS:
            raise ValueError(
                f"the assignment has {len(names)} models ({', '.join(names)}); expected "
                f"{MODELS}, a baseline and four variants: add or remove some"
            )
        seen: dict[str, str] = {}
        for i, model in enumerate(self.models):
            name, recipe, key = repr(model.name), model.recipe, identity(model)
            if model.name in names[:i]:
                raise ValueError(f"two models are named {name}; give each a name of its own")
            if key in seen:
                raise ValueError(
                    f"{name} declares the same as {seen[key]!r}; expected five different models: "
                    "change a property of one of them"
                )
            if recipe.epochs > MOST_EPOCHS:
                raise ValueError(
                    f"{name} trains for {recipe.epochs} epochs; expected at most {MOST_EPOCHS}: "
                    f"give recipe=dict(epochs={MOST_EPOCHS}) or fewer"
                )
            if not SMALLEST_BATCH <= recipe.batch_size <= LARGEST_BATCH:
                raise ValueError(
                    f"{name} has batches of {recipe.batch_size} images; expected "
                    f"{SMALLEST_BATCH} to {LARGEST_BATCH}: change batch_size in its recipe"
                )
            if model.data.split != "holdout":
                raise ValueError(
                    f"{name} is trained on the split {model.data.split!r}; expected 'holdout' for "
                    "all five, so that they are compared on the same images: leave split out"
                )
            seen[key] = model.name

    def _check_step(self, parent: Experiment, child: Experiment) -> None:
        if len(found := properties(parent, child)) != 1:
            raise ValueError(
                f"{child.name!r} changes {len(found)} properties of {parent.name!r} "
                f"({diff(parent, child)}); expected one, by the rule of the {self.rule}: keep "
                f"one of {', '.join(found)}"
            )

    # Training ------------------------------------------------------------------------------

    def train(self, retrain: Sequence[str] = ()) -> None:
        """Load each model's run, or train and store it; ``retrain`` names those to train anew."""
        self.__dict__.pop("_tested", None)
        runs = []
        for model in self.models:
            again = model.name in retrain
            try:
                stored = not again and locate(model, 0) is not None
                runs.append(run(model, retrain=again))
            except StoredRunError as error:
                words = f"{error}. Here that is train(retrain=[{model.name!r}])"
                raise StoredRunError(words) from None
            acc = runs[-1].metrics["val_acc"]
            print(f"{model.name}: {'stored' if stored else 'trained'}, validation acc {acc:.4f}")
        self.runs = runs

    @functools.cached_property
    def runs(self) -> list[Run]:
        """The five runs, in order; trained first if need be."""
        self.train()
        return self.__dict__["runs"]

    @property
    def best(self) -> list[Run]:
        """The two runs with the highest validation accuracy, best first."""
        return sorted(self.runs, key=lambda one: -one.metrics["val_acc"])[:2]

    # What the report shows -----------------------------------------------------------------

    def settings(self) -> WholeTable:
        """How the baseline is trained and on what, a row per setting."""
        baseline = self.models[0]
        arch, recipe, data = baseline.arch, baseline.recipe, baseline.data
        course = SCHEDULES[recipe.schedule].format(gamma=recipe.gamma, epochs=recipe.step_epochs)
        optimiser = OPTIMISERS[recipe.optimiser].format(decay=recipe.weight_decay)
        train, val = len(load().train), len(load().val)
        rows = {
            "images": f"{train:,} for training, {val:,} for validation; {HOLDOUT}",
            "pixels": f"(x / 255 - {data.mean:g}) / {data.std:g}",
            "first weights": "as the network's own code draws them, seed 0"
            if baseline.model
            else f"{arch.init.replace('_', ' ')}, seed 0",
            "loss": f"cross-entropy + {recipe.l2_conv:g} · Σw² over the convolutions"
            if recipe.l2_conv
            else "cross-entropy",
            "optimiser": f"{optimiser}, learning rate {recipe.lr:g}{course}",
            "training": f"{recipe.epochs} epochs, batches of {recipe.batch_size}",
        }
        return WholeTable.of(rows, [baseline.name])

    def differences(self) -> WholeTable:
        """A row per model: what it is compared with, and the one property that changes."""
        rows = {self.models[0].name: ["–", "–", self._size(self.models[0])]}
        for parent, child in self.pairs:
            rows[child.name] = [parent.name, diff(parent, child), self._size(child)]
        columns = ["compared with", "what changes", "parameters"]
        return WholeTable.of(rows, columns)

    @staticmethod
    def _size(model: Experiment) -> str:
        return f"{count_parameters(build(model)):,}"

    def layer_tables(self) -> None:
        """Display torchsummary's table of each model, its name in the corner."""
        for model in self.models:
            display(layer_table(build(model)).rename_axis(columns=model.name))

    def losses(self) -> Figure:
        """Training and validation loss of each model against the epoch."""
        return plots.losses(self.runs)

    def results(self) -> WholeTable:
        """Top-1 accuracy in per cent and loss after the last epoch, both in eval mode.

        The 95 % interval (Wilson's) of the validation accuracy is for the luck of the images,
        not of the seed.
        """
        rows = {
            one.name: {
                "train top-1 (%)": _percent(one.metrics["train_acc"]),
                "val top-1 (%)": _percent(one.metrics["val_acc"]),
                "val 95 % interval": _interval(one.metrics["val_acc"], len(load().val)),
                "train loss": f"{one.metrics['train_loss']:.4f}",
                "val loss": f"{one.metrics['val_loss']:.4f}",
            }
            for one in self.runs
        }
        return WholeTable.of(rows)

    def pairwise(self) -> WholeTable:
        """Each variant and the model it is compared with, on the same validation images.

        The difference is in points of top-1 accuracy; p is that of McNemar's exact test.
        """
        runs, labels, rows = {one.name: one for one in self.runs}, load().val.labels, {}
        for parent, child in self.pairs:
            models = (runs[child.name], runs[parent.name])
            found = paired(labels, *(one.val_predictions() for one in models))
            rows[child.name] = {
                "minus": parent.name,
                "points": f"{100 * found.difference:+.2f}",
                "only the first is right": found.only_first,
                "only the second": found.only_second,
                "McNemar's p": f"{found.p_value:.2g}",
            }
        return WholeTable.of(rows)

    @functools.cached_property
    def _tested(self) -> tuple[Tensor, dict[str, Tensor]]:
        """Labels (N,) and the two best models' logits (N, 10): the one opening of the test set."""
        best, test = self.best, load().test
        logits = {
            one.name: predict_logits(one.model(), test.images, one.experiment.data) for one in best
        }
        return test.labels, logits

    def test(self) -> WholeTable:
        """The two best by validation, on the test set, which is opened once for all of it."""
        labels, logits = self._tested
        predicted = {name: values.argmax(dim=1) for name, values in logits.items()}
        found = paired(labels, *predicted.values())
        alone = dict(zip(predicted, (found.only_first, found.only_second), strict=True))
        rows = {}
        for one in self.best:
            acc = (predicted[one.name] == labels).sum().item() / len(labels)
            rows[one.name] = {
                "val top-1 (%)": _percent(one.metrics["val_acc"]),
                "test top-1 (%)": _percent(acc),
                "test 95 % interval": _interval(acc, len(labels)),
                "test loss": f"{F.cross_entropy(logits[one.name], labels).item():.4f}",
                "only it is right": alone[one.name],
                "McNemar's p": f"{found.p_value:.2g}",
            }
        return WholeTable.of(rows)

    def confusion(self) -> Figure:
        """Confusion matrices of the two best on the test set, side by side."""
        labels, logits = self._tested
        with plots.style():
            figure, panels = plt.subplots(1, 2, figsize=(11.5, 5.6))
        for ax, (name, values) in zip(panels, logits.items(), strict=True):
            matrix = confusion_matrix(labels, values.argmax(dim=1), labels=range(10))
            plots.confusion(matrix, title=f"{name}, test images", ax=ax)
        figure.tight_layout()
        return figure

    def folds(self, kind: str = "stratified") -> WholeTable:
        """Five-fold cross-validation of the best model: a row per fold, then mean and interval.

        A fold's figures are those of its last epoch, on the images it was not trained on.
        """
        accs = [one.metrics["val_acc"] for one in cross_validate(self.best[0].experiment, kind)]
        mean = over_seeds(accs)  # Student's interval, here over folds
        rows = {f"fold {i}": _percent(acc) for i, acc in enumerate(accs, start=1)}
        rows["mean"] = _percent(mean.mean)
        rows["95 % interval"] = f"{_percent(mean.low)} to {_percent(mean.high)}"
        return WholeTable({f"{self.best[0].name}, val top-1 (%)": rows})

    def weights(self) -> WholeTable:
        """The five files of weights, with the start of their SHA-256, to check a download by."""
        rows = {}
        for one in self.runs:
            digest = one.provenance["sha256"][WEIGHTS][:16]
            rows[one.name] = [f"{one.folder.name}/{WEIGHTS}", digest]
        return WholeTable.of(rows, ["file in runs/", "SHA-256"])


def _percent(fraction: float) -> str:
    return f"{100 * fraction:.2f}"


def _interval(acc: float, images: int) -> str:
    low, high = accuracy_interval(acc, images)
    return f"{_percent(low)} to {_percent(high)}"
