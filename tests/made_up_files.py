"""What made-up submissions are made of: an honest one, and ways to forge and spoil it."""

import copy
import hashlib
import io
import json
import pickle
import re
import tempfile
import zipfile
from itertools import pairwise
from pathlib import Path

import torch
from safetensors.torch import load, save

from cnnlib.runs import PREDICTIONS, RECORD, WEIGHTS, runs_folder

ROOT = Path(__file__).resolve().parents[1]
CHAPTER = ROOT / "notebooks" / "23_your_report.ipynb"
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5E"
    "rkJggg=="
)
NOTEBOOK = "hand-in/report.ipynb"
PICKLE_RAN = Path(tempfile.gettempdir()) / "a-pickle-ran"  # made only if a pickle is opened
NAMES = ("my-baseline", "my-dropout", "my-batch-norm", "my-leaky-relu", "my-average")


class Files(dict):
    """A submission as its files' bytes by name, with what the forgeries below need."""

    def notebook(self, change):
        """Change the notebook, given as nested dicts and lists."""
        content = json.loads(self[NOTEBOOK])
        change(content)
        self[NOTEBOOK] = json.dumps(content).encode()
        return self

    def run(self, i):
        """The folder of the run of model ``i``."""
        return self.folders[i]

    def record(self, i, change):
        """Change the run.json of model ``i``."""
        name = f"{self.run(i)}/{RECORD}"
        content = json.loads(self[name])
        change(content)
        self[name] = json.dumps(content).encode()
        return self

    def weights(self, i, change, sign=True):
        """Change the weights of model ``i``; ``sign``: and put the new checksum in its record."""
        name = f"{self.run(i)}/{WEIGHTS}"
        tensors = load(self[name])
        change(tensors)
        self[name] = save(tensors)
        if sign:
            told = hashlib.sha256(self[name]).hexdigest()
            self.record(i, lambda run: run["provenance"]["sha256"].update({WEIGHTS: told}))
        return self

    def says(self, old, new):
        """Replace a text in the tables of the notebook."""
        for kind in (old, new):
            assert "\n" not in kind
        before = self[NOTEBOOK]
        self[NOTEBOOK] = before.replace(old.encode(), new.encode())
        assert self[NOTEBOOK] != before, f"{old} is not in the notebook"
        return self


def honest():
    """The example of chapter 23, with every field written."""
    content = json.loads(CHAPTER.read_text("utf-8"))
    for cell in content["cells"]:
        tags = cell["metadata"].get("tags", [])
        fields = [tag for tag in tags if tag.startswith("field-")]
        if fields and not any(tag.startswith("choice-") for tag in tags):
            cell["source"] = "### Words\n\nBecause. The weights: https://a.example/weights"
    files = Files({NOTEBOOK: json.dumps(content).encode()})
    files.folders = []
    for name in told_folders(content):
        files.folders.append(f"hand-in/runs/{name}")
        for part in (RECORD, WEIGHTS, PREDICTIONS):
            path = runs_folder() / name / part
            files[f"hand-in/runs/{name}/{part}"] = path.read_bytes()
    return files


def told_folders(content):
    """The folders of the five runs, as the table of weights says."""
    from instructors.verify.reading import notebook

    for cell in notebook(json.dumps(content).encode(), "n"):
        for table in cell.tables:
            if found := table.column("file in runs/"):
                return [path.split("/")[0] for path in found.values()]
    raise AssertionError("the chapter has no table of weights")


def cell_of(content, words):
    """The first cell whose source has these words."""
    for cell in content["cells"]:
        if words in "".join(cell["source"]):
            return cell
    raise AssertionError(f"no cell says {words}")


def without(files, *ends):
    """Leave out the files whose names end so."""
    for name in [name for name in files if name.endswith(ends)]:
        del files[name]
    return files


def drop_cell(files, words):
    """Leave out a cell of the notebook."""
    return files.notebook(lambda nb: nb["cells"].remove(cell_of(nb, words)))


def set_in(path, value):
    """A change of nested dicts: put ``value`` at ``path``."""

    def change(content):
        *outer, last = path
        for key in outer:
            content = content[key]
        content[last] = value

    return change


def swap(files):
    """The weights of two models with the same layers, exchanged; the records fit the files."""
    one, two = (f"{files.run(i)}/{WEIGHTS}" for i in (2, 3))
    files[one], files[two] = files[two], files[one]
    for i in (2, 3):
        files.weights(i, lambda tensors: None)
    return files


def swap_alone(nb):
    """The two counts of the table of the test set, exchanged."""
    data = cell_of(nb, "mine.test()")["outputs"][-1]["data"]
    html = "".join(data["text/html"])
    counts = re.findall(r"<td>(\d+)</td>", html)[::-1]
    data["text/html"] = re.sub(r"<td>\d+</td>", lambda _: f"<td>{counts.pop(0)}</td>", html)


def rosy(run):
    """A history whose last epoch and metrics are better than the truth."""
    run["metrics"]["val_acc"] = run["history"][-1]["val_acc"] = 0.95


def noisy(tensors):
    """Weights moved a little."""
    tensors["head.fc1.weight"] += 0.05 * torch.randn(tensors["head.fc1.weight"].shape)


def with_nan(tensors):
    tensors["head.fc1.bias"][0] = float("nan")


def cut(tensors):
    tensors["head.fc1.bias"] = tensors["head.fc1.bias"][:-1].contiguous()


def star_of_chain(nb):
    """The table says that all are compared with the first: not what the chain declares."""
    for parent, child in pairwise(NAMES[1:]):
        source = cell_of(nb, "mine.differences()")["outputs"][0]["data"]
        html = "".join(source["text/html"])
        old = f"<th>{child}</th>\n      <td>{parent}</td>"
        assert old in html
        source["text/html"] = html.replace(old, f"<th>{child}</th>\n      <td>{NAMES[0]}</td>")


def opens_early(nb):
    """A cell before the training asks the test set."""
    early = copy.deepcopy(cell_of(nb, "mine.train()"))
    early["source"], early["outputs"] = "data.test.labels[:3]", []
    nb["cells"].insert(nb["cells"].index(cell_of(nb, "mine.train()")), early)


def scripts(nb):
    """Scripts in outputs, texts, names and tags: to be shown as words, or not at all."""
    bad = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    cell = cell_of(nb, "mine.settings()")
    cell["outputs"].append(
        {"output_type": "display_data", "metadata": {"image/png": {"alt": f'"{bad}'}},
         "data": {"text/html": bad, "application/javascript": "alert(1)", "image/png": PIXEL}}
    )  # fmt: skip
    cell_of(nb, "Because")["source"] += f"\n{bad}"


def choices(nb):
    """Two choice tasks, displayed and written."""
    picture = {"output_type": "display_data", "data": {"image/png": PIXEL}, "metadata": {}}
    for cell in nb["cells"]:
        tags = cell["metadata"].get("tags", [])
        if {"choice-confusion", "choice-tsne"} & set(tags):
            if cell["cell_type"] == "code":
                cell["outputs"] = [picture]
            else:
                cell["source"] = "### Task\n\nShirts."


def many_cells(nb):
    filler = {"cell_type": "markdown", "metadata": {}, "source": "words", "id": "x"}
    nb["cells"] += [filler] * 10_000


# Notebooks as they really arrive -------------------------------------------------------------


def field_twice(nb):
    """A second cell with the tag of the text about the test set, as copying a cell makes it."""
    at = next(i for i, c in enumerate(nb["cells"]) if "field-test" in c["metadata"].get("tags", []))
    nb["cells"][at]["source"] = "A long answer."
    nb["cells"].insert(at + 1, nb["cells"][at] | {"source": "- see also below"})


def untagged(nb):
    for cell in nb["cells"]:
        cell["metadata"].pop("tags", None)


def scratch(where, tagged=False):
    """Tables of another try, above the training or at the end."""

    def change(nb):
        extra = []
        for words in ("mine.differences()", "mine.results()", "mine.test()"):
            text = json.dumps(cell_of(nb, words))
            for name in NAMES:
                text = text.replace(name, name.replace("my-", "try-"))
            own = {"metadata": {"tags": ["report"] if tagged else []}, "source": words[:0] + "old"}
            extra.append(json.loads(text) | own)
        at = (
            nb["cells"].index(cell_of(nb, "mine.train()")) if where == "above" else len(nb["cells"])
        )
        nb["cells"][at:at] = extra
        renumbered(nb)

    return change


def at_the_end(source, text=""):
    """One more cell, run after all others; ``text``: what it printed."""

    def change(nb):
        said = [{"output_type": "stream", "name": "stdout", "text": text}] if text else []
        nb["cells"].append({"cell_type": "code", "metadata": {}, "outputs": said,
                            "execution_count": 99, "source": source})  # fmt: skip
        renumbered(nb)

    return change


def renumbered(nb):
    """As if all had been run from top to bottom."""
    for i, cell in enumerate([c for c in nb["cells"] if c["cell_type"] == "code"], start=1):
        cell["execution_count"] = i


# Zip files that are not honest ones ----------------------------------------------------------


def zipped(files, *, more=()):
    """The bytes of a zip file; ``more``: ZipInfo and content, as they are."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (*files.items(), *more):
            archive.writestr(name, content)
    return made.getvalue()


def linked():
    info = zipfile.ZipInfo("runs/link.json")
    info.external_attr = 0o120777 << 16
    return [(info, "/etc/passwd")]


class Runs:
    """A pickle that would run code."""

    def __reduce__(self):
        return (Path.touch, (PICKLE_RAN,))


def pickled(files):
    """Weights as a pickle in the place of safetensors."""
    without(files, WEIGHTS)
    files[f"{files.run(0)}/weights.pt"] = pickle.dumps(Runs())
    return files


def nested(depth=100_000):
    return b"[" * depth
