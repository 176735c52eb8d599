"""A model of any framework, handed in as data: its network as ONNX, its history, its row.

What is in such a folder is said on the book's page *From any framework*. ``verify`` evaluates the
networks on images of its own, without the code that made them.
"""

import copy
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import torch
from torch import nn

from ..data import LabelledImages, load
from ..experiment import Data
from ..models import count_parameters
from ..network import device_of
from ..support.files import write_whole
from ..support.layouts import Layout
from ..support.layouts import layout as layout_of
from ..support.limits import NETWORK_BYTES, PARAMETERS
from ..support.onnx_files import OnnxError, OnnxNetwork, to_onnx
from ..support.onnx_session import looked_into
from ..support.values import settled, wrong
from ..training import evaluate
from .assignment import LARGEST_BATCH, MOST_EPOCHS, SMALLEST_BATCH

MODELS_FILE, VALIDATION_FILE = "models.csv", "validation.csv"
COLUMNS = (
    "name", "compared with", "what changes", "epochs", "batch", "mean", "std", "layout",
    "train acc", "val acc", "test acc", "parameters", "folded",
)  # fmt: skip
EPOCH = ("epoch", "train_loss", "train_acc", "val_loss", "val_acc")
# as Keras calls them
ALIASES = {"loss": "train_loss", "accuracy": "train_acc", "acc": "train_acc",
           "val_accuracy": "val_acc", "sparse_categorical_accuracy": "train_acc",
           "val_sparse_categorical_accuracy": "val_acc"}  # fmt: skip
IMAGES = 60_000  # for training and validation


class Made(NamedTuple):
    """The network as it is handed in."""

    content: bytes  # of the ONNX file
    parameters: int
    folded: int  # of these, how many the exporter has folded into others


def hand_in(
    model: nn.Module | str | Path,
    name: str,
    history: Any,
    *,
    batch_size: int,
    compared_with: str = "",
    changes: str = "",
    mean: float = 0.0,
    std: float = 1.0,
    layout: str = "NCHW",
    parameters: int | None = None,
    validation: Any = None,
    test: bool = False,
    folder: str | Path = "hand-in",
) -> dict[str, Any]:
    """Write a model into a folder that can be handed in; gives its row of ``models.csv``.

    ``model`` is a trained module of torch, or the path of an ONNX file that another framework
    wrote. ``history`` has a figure per epoch: a list of dicts, a table, Keras's
    ``history.history``, or a CSV file's path. The network gets ``(x / 255 - mean) / std``; one
    that takes grey levels from 0 to 255 says ``std=1/255``. ``layout`` is ``"NCHW"``, ``"NHWC"``
    or ``"NHW"``, with ``"32×32"`` behind it for a black frame of 2 pixels. ``parameters`` is
    their number, where the file does not tell. ``validation`` has the positions of your
    validation images among the 60,000, if they are not the workbook's. ``test=True``, for the two
    best, opens the test set. A first model has neither ``compared_with`` nor ``changes``.

    Raises ValueError, in one sentence, for what cannot be handed in.
    """
    at = Path(folder)
    _check_names(name, compared_with, changes)
    batch_size = settled("batch_size", batch_size, int)
    if not SMALLEST_BATCH <= batch_size <= LARGEST_BATCH:
        raise ValueError(
            f"batch_size is {batch_size}; expected {SMALLEST_BATCH} to {LARGEST_BATCH} images"
        )
    data, wanted, table = Data(mean=mean, std=std), layout_of(layout), epochs_of(history)
    made = _made(model, wanted, data, parameters)
    network = OnnxNetwork(made.content, wanted, black=-data.mean / data.std)
    parts = _parts(validation, at, test)
    accs = {part: evaluate(network, images, data)["acc"] for part, images in parts.items()}
    values = [
        name, compared_with, changes, len(table), batch_size, data.mean, data.std, str(wanted),
        *(accs.get(part, "") for part in ("train", "val", "test")), made.parameters, made.folded,
    ]  # fmt: skip
    row = dict(zip(COLUMNS, values, strict=True))
    rows = _rows(at, row)
    at.mkdir(parents=True, exist_ok=True)
    write_whole(at / f"{name}.onnx", made.content)
    write_whole(at / f"{name}.csv", table.to_csv(index=False))
    if validation is not None:
        write_whole(at / VALIDATION_FILE, "\n".join(map(str, positions(validation).tolist())))
    write_whole(at / MODELS_FILE, pd.DataFrame(rows, columns=COLUMNS).to_csv(index=False))
    return row


def _check_names(name: Any, compared_with: Any, changes: Any) -> None:
    for word, text in (("name", name), ("compared_with", compared_with), ("changes", changes)):
        if not isinstance(text, str):
            raise wrong(word, text, "text in quotes")
    if not re.fullmatch(r"[\w.-]+", name) or name.startswith("."):  # it becomes a file's name
        raise ValueError(f"name is {name!r}; expected letters, digits, '.', '-' and '_'")
    if f"{name}.csv".lower() in (MODELS_FILE, VALIDATION_FILE):
        raise ValueError(f"name is {name!r}, as a file of the hand-in is; give the model another")
    if bool(compared_with) != bool(changes):
        lacks = "changes" if compared_with else "compared_with"
        raise ValueError(f"{name!r} lacks {lacks}; give both, or neither for your first model")
    if compared_with == name:
        raise ValueError(f"{name!r} is compared with itself; give the model that it varies")


def _made(model: Any, wanted: Layout, data: Data, parameters: int | None) -> Made:
    """The model as an ONNX file's content; ValueError where it cannot be one."""
    own = isinstance(model, nn.Module)
    content = _read(model) if isinstance(model, str | Path) else _exported(model, wanted)
    called = type(model).__name__ if own else str(model)
    _check_size(called, len(content))
    try:
        inside = looked_into(content)
        OnnxNetwork(content, wanted, black=-data.mean / data.std)
    except OnnxError as error:
        raise ValueError(f"{called} cannot be handed in: {error}") from None
    if parameters is None:
        parameters = count_parameters(model) if own else inside.numbers
    parameters = settled("parameters", parameters, int)
    return Made(content, parameters, max(parameters - inside.numbers - inside.single, 0))


def _read(path: str | Path) -> bytes:
    try:
        _check_size(str(path), Path(path).stat().st_size)
        return Path(path).read_bytes()
    except OSError as error:
        raise ValueError(
            f"{path} cannot be read ({error.strerror}); expected a module, or the path of an ONNX "
            "file"
        ) from None


def _exported(model: Any, wanted: Layout) -> bytes:
    device_of(model)  # says what is no module
    called = type(model).__name__
    # before the export, which takes long, and gives up at 2 GB
    _check_size(called, sum(one.nbytes for one in (*model.parameters(), *model.buffers())))
    try:
        return to_onnx(copy.deepcopy(model).cpu().eval(), wanted)
    except OnnxError as error:
        raise ValueError(f"{called} cannot be handed in: {error}") from None


def _check_size(called: str, size: int) -> None:
    """ValueError for a network that ``verify`` would not load."""
    if size > NETWORK_BYTES:
        raise ValueError(
            f"{called} cannot be handed in: it has {size:,} bytes; expected at most "
            f"{NETWORK_BYTES:,}, some {PARAMETERS:,} parameters"
        )


def epochs_of(history: Any) -> pd.DataFrame:
    """A row for each epoch with the columns ``EPOCH``; ValueError where it cannot be one."""
    wanted = "a figure per epoch: a list of dicts, a dict of lists, a table or a CSV file's path"
    if isinstance(history, str | Path):
        try:
            history = pd.read_csv(history)
        except (OSError, ValueError) as error:
            raise ValueError(f"history {history} cannot be read ({error})") from None
    if not isinstance(history, pd.DataFrame | Mapping | Sequence) or not len(history):
        raise wrong("history", history, wanted)
    try:
        table = pd.DataFrame(history).rename(columns=ALIASES)
    except (TypeError, ValueError) as error:
        raise ValueError(f"history is no table ({error}); expected {wanted}") from None
    if lacking := [name for name in EPOCH[1:] if name not in table]:
        raise ValueError(
            f"history lacks {', '.join(lacking)}; it has {', '.join(map(str, table.columns))}"
        )
    if len(table) > MOST_EPOCHS:
        raise ValueError(f"history has {len(table)} epochs; expected at most {MOST_EPOCHS}")
    table["epoch"] = range(1, len(table) + 1)
    for name in EPOCH[1:]:
        numbers = pd.to_numeric(table[name], errors="coerce")
        if numbers.isna().any() or not numbers.abs().lt(float("inf")).all():
            odd = table[name][numbers.isna() | ~numbers.abs().lt(float("inf"))].iloc[0]
            said = repr(odd) if isinstance(odd, str) else odd
            raise ValueError(f"history has {said} in {name}; expected finite numbers")
        if name.endswith("acc") and not numbers.between(0, 1).all():
            raise ValueError(f"history has {numbers.max():g} in {name}; expected fractions, 0 to 1")
    return table[list(EPOCH)]


def positions(validation: Any) -> torch.Tensor:
    """Positions of validation images among the 60,000, int64, sorted; else ValueError."""
    try:
        found = torch.as_tensor(validation).flatten()
        whole = found.long()
    except (TypeError, ValueError, RuntimeError):
        raise wrong("validation", validation, f"positions from 0 to {IMAGES - 1}") from None
    if not len(whole) or not torch.equal(whole.to(found.dtype), found) or found.dtype == torch.bool:
        raise wrong("validation", validation, f"positions from 0 to {IMAGES - 1}")
    if len(whole) != len(whole.unique()) or whole.min() < 0 or whole.max() >= IMAGES:
        raise ValueError(
            f"validation has {len(whole):,} positions, {len(whole.unique()):,} of them different, "
            f"from {whole.min()} to {whole.max()}; expected different ones from 0 to {IMAGES - 1:,}"
        )
    if len(whole) == IMAGES:
        raise ValueError("validation has all images; expected some to be left for training")
    return whole.sort().values


def divided(validation: Any = None) -> dict[str, LabelledImages]:
    """``train`` and ``val``: the workbook's, or those that positions of validation images give."""
    images = load()
    if validation is None:
        return {"train": images.train, "val": images.val}
    both, at = load("all").train, positions(validation)
    others = torch.ones(len(both), dtype=torch.bool)
    others[at] = False
    return {"train": both[others.nonzero()[:, 0]], "val": both[at]}


def _parts(validation: Any, folder: Path, test: bool) -> dict[str, LabelledImages]:
    """The images that a model is evaluated on. All models of a folder have the same."""
    stored = folder / VALIDATION_FILE
    others = (folder / MODELS_FILE).exists()
    before = stored.read_text().split() if stored.exists() else None
    now = None if validation is None else [str(one) for one in positions(validation).tolist()]
    if others and before != now:
        raise ValueError(
            f"the models in {folder} were validated on other images; give all five the same "
            "validation, or another folder"
        )
    return divided(validation) | ({"test": load().test} if test else {})


def _rows(folder: Path, row: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of ``models.csv`` with this one, in the place of an earlier one of its name."""
    path = folder / MODELS_FILE
    if not path.exists():
        return [row]
    try:
        before = pd.read_csv(path, dtype=str, keep_default_na=False)
        rows = before[list(COLUMNS)].to_dict("records")
    except (KeyError, ValueError) as error:
        raise ValueError(f"{path} is no table of models ({error}); delete it") from None
    names = [one["name"] for one in rows]
    if row["name"] in names:
        rows[names.index(row["name"])] = row
        return rows
    return [*rows, row]
