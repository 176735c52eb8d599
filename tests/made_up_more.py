"""More of the made-up class: what is asked about, what nobody can see, copies, downloads.

``FLAGGED`` and ``UNSEEN`` are right in every figure. Of the former the instructor is asked, in
these words; the latter are what no check can see.
"""

import base64
import copy
import hashlib
import io
import json

import torch
from made_up_files import (
    NOTEBOOK,
    at_the_end,
    cell_of,
    choices,
    field_twice,
    honest,
    opens_early,
    renumbered,
    rosy,
    scratch,
    set_in,
    without,
    zipped,
)
from made_up_frameworks import from_torch
from PIL import Image

from cnnlib.runs import RECORD, WEIGHTS

LONG = (
    "Dropout raised the loss on the training images and lowered that on the validation images, so "
    "it did what it is for: the units can no longer rely on one another, and what remains is less "
    "tuned to single garments. Of the difference in accuracy a good part may be luck of the draw."
)


def retouched(files, i=1, by=1e-6):
    """Other weights than the book's that give the same figures, and all that names them."""
    name = f"{files.run(i)}/{WEIGHTS}"
    before = hashlib.sha256(files[name]).hexdigest()
    files.weights(i, lambda tensors: tensors["head.fc1.bias"].add_(by))
    return files.says(before[:16], hashlib.sha256(files[name]).hexdigest()[:16])


def writes(field, text):
    """This text in a field."""

    def change(nb):
        for cell in nb["cells"]:
            if f"field-{field}" in cell["metadata"].get("tags", []):
                cell["source"] = f"### Words\n\n{text}"

    return change


def other_graph(nb):
    """The graph of the losses is of something else."""
    blank = io.BytesIO()
    Image.new("L", (900, 500), 255).save(blank, "PNG")
    for output in cell_of(nb, "mine.losses()")["outputs"]:
        if "image/png" in output.get("data", {}):
            output["data"]["image/png"] = base64.b64encode(blank.getvalue()).decode()


def opens_then_trains(nb):
    """The test set is read, and then a model is trained, as the call says."""
    opens_early(nb)
    said = {"output_type": "stream", "name": "stdout", "text": "my-average: trained, 99 s\n"}
    cells = [cell for cell in nb["cells"] if cell["source"] == "data.test.labels[:3]"]
    after = nb["cells"][nb["cells"].index(cells[0]) + 1]
    after["outputs"] = [*after["outputs"], said]
    renumbered(nb)


def hides_an_opening(nb):
    """The test set is read before the training, by a name that is put together."""
    early = copy.deepcopy(cell_of(nb, "mine.train()"))
    early["source"], early["outputs"] = 'getattr(data, "te" + "st").labels[:3]', []
    nb["cells"].insert(nb["cells"].index(cell_of(nb, "mine.train()")), early)
    renumbered(nb)


def smoother(run):
    """One epoch's training accuracy, by 480 of the 48,000 images."""
    run["history"][4]["train_acc"] += 480 / 48_000


def tag(name):
    return lambda nb: cell_of(nb, "mine.settings()")["metadata"].setdefault("tags", []).append(name)


def without_identity(files):
    """The folder of a run, under another name, and the notebook's table with it."""
    old, new = files.run(2), "hand-in/runs/third"
    for name in [name for name in files if name.startswith(f"{old}/")]:
        files[f"{new}/{name.rsplit('/', 1)[1]}"] = files.pop(name)
    return files.says(old.rsplit("/", 1)[1], "third")


def forged_training(files):
    """Better figures on the training images; one model alone has weights, to be quick."""
    files.record(4, set_in(("metrics", "train_acc"), 0.99))
    return without(files, *(f"{files.run(i)}/{WEIGHTS}" for i in range(4)))


def tuned(files):
    """Weights trained on the validation images; all else stays as it was, so figures are wrong."""
    import cnnlib
    from cnnlib.training import normalise

    images = cnnlib.load().val
    stored = cnnlib.run("lenet5-var4-mended", train=False)
    model, pixels = stored.model(), normalise(images.images, stored.experiment.data)
    optimiser = torch.optim.Adam(model.parameters(), 1e-3)
    torch.manual_seed(0)
    for _ in range(4):
        for part in torch.randperm(len(images)).split(128):
            optimiser.zero_grad()
            loss = torch.nn.functional.cross_entropy(model(pixels[part]), images.labels[part])
            loss.backward()
            optimiser.step()
    files.weights(4, lambda tensors: tensors.update(model.state_dict()))
    return files


FLAGGED = {  # name: (how, words of a question)
    "asks-opens-early": (lambda f: f.notebook(opens_then_trains), "could models still be changed?"),
    "asks-opened-twice": (
        lambda f: f.notebook(at_the_end("1", "The test set is opened (opening 3 in this run).")),
        "it was opened 3 times or more",
    ),
    "asks-another-graph": (lambda f: f.notebook(other_graph), "is it of these runs?"),
    "asks-another-page": (
        lambda f: f | {"hand-in/my-report.html": b"<main>Five better networks.</main>"},
        "which of them do you read?",
    ),
    "asks-two-texts": (lambda f: f.notebook(field_twice), "have its tag: all their texts"),
    "asks-unknown-task": (lambda f: f.notebook(tag("choice-magic")), "is of no choice task"),
    "asks-no-identity": (without_identity, "was the declaration edited?"),
    "asks-two-notebooks": (
        lambda f: f | {"hand-in/old.ipynb": f[NOTEBOOK]}, "is it the one meant?",
    ),
}  # fmt: skip
UNSEEN = {  # name: how
    "unseen-opening": lambda f: f.notebook(hides_an_opening),
    "unseen-history": lambda f: f.record(2, smoother),
    "unseen-writer": lambda f: f.notebook(writes("pairs", f"{LONG} I did not write this.")),
    "unseen-task": lambda f: f.notebook(choices),  # pictures of one pixel, and a word each
}
# The rest is for the whole class, verified together and with training figures ------------------
ALONE = {  # name: (how, verdict, words of a failing fact, words of a question)
    "forged-training": (forged_training, "wrong", "train_acc in run.json", ""),
    "tuned-on-validation": (tuned, "wrong", "another figure", "trained on the validation images?"),
    "copied-runs-a": (retouched, "right", "", "my-dropout: the same weights as others"),
    "copied-runs-b": (retouched, "right", "", "my-dropout: the same weights as others"),
    "copied-text-a": (
        lambda f: f.notebook(writes("pairs", LONG)), "right", "", "nearly that of others",
    ),
    "copied-text-b": (
        lambda f: f.notebook(writes("test", f"We think so: {LONG.lower()}")),
        *("right", "", "nearly that of others"),
    ),
    "own-runs": (lambda f: retouched(f, 3, 2e-6), "right", "", "runs of the book"),
    "environment-beside": (
        lambda f: f | {"venv/pyvenv.cfg": b"", "venv/lib/a.json": b"{", "venv/b.ipynb": b"{"},
        *("right", "", ""),
    ),
    "plain-pytorch": (
        lambda f: type(f)({"report.ipynb": plain_pytorch(), "net.pt": b"\x80"}),
        *("incomplete", "no cell has the tag", ""),
    ),
}  # fmt: skip
MOODLE = {  # student: (how, verdict, words), each in a folder of the platform's
    "Doe Ada (101)": (lambda f: f, "right", ""),
    "Roe Bo (102)": (lambda f: f.notebook(choices), "right", ""),
    "Łęcka Zoë (103)": (lambda f: f.notebook(scratch("below")), "right", ""),
    "Poe Cy (104)": (lambda f: f.record(4, rosy), "wrong", "the weights give another figure"),
    "Loe Di (105)": (lambda f: without(f, RECORD), "incomplete", "no run of"),
    "Koe Ef (106)": (lambda f: from_torch().files(), "right", ""),
}
CANVAS = {  # the same; a file each
    "doeada (201)": (lambda f: f, "right", ""),
    "roebo (202)": (lambda f: f.says("<td>91.15</td>", "<td>92.15</td>"), "wrong", "another fig"),
    "poecy (203)": (lambda f: without(f, WEIGHTS), "incomplete", "has no weights.safetensors"),
}


def plain_pytorch():
    """A notebook of somebody's own, in plain torch."""
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": f"# My networks\n\n{LONG[::-1]}"},
        {"cell_type": "code", "metadata": {}, "source": "import torch\nnet = torch.nn.Linear(1, 1)",
         "execution_count": 1, "outputs": []},
    ]  # fmt: skip
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}).encode()


def downloads():
    """The platforms' downloads, by name of the file: bytes."""
    moodle = {
        f"{who.rsplit(' ', 1)[0]}_{who[-4:-1]}_assignsubmission_file_/hand-in.zip": zipped(
            how(honest())
        )
        for who, (how, _, _) in MOODLE.items()
    }
    canvas = {
        f"{who.split()[0]}_{who[-4:-1]}_9{who[-4:-1]}_hand-in.zip": zipped(how(honest()))
        for who, (how, _, _) in CANVAS.items()
    }
    return {"moodle.zip": zipped(moodle), "canvas.zip": zipped(canvas)}
