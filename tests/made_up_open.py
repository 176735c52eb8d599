"""Open hand-ins made up: report 2's networks with the weights of stored runs, and their tables."""

import csv
import io
from itertools import pairwise

from made_up_networks import model, node, values

import cnnlib
from cnnlib.exercises.hand_in import COLUMNS

NAMES = ("lenet5-mended", "lenet5-var1-mended", "lenet5-var2-mended", "lenet5-var3-mended")
NAMES += ("lenet5-var4-mended",)
TESTED = {"lenet5-var2-mended": "0.8947", "lenet5-var4-mended": "0.9020",
          "baseline": "0.8866", "maxpool": "0.8945"}  # fmt: skip


def looked(files, train=False):
    """The result of a hand-in, given as its files' bytes by name."""
    from instructors.verify.intake import TakenIn
    from instructors.verify.one import look

    return look("x", TakenIn(dict(files)), train)


def facts(result):
    return {fact.name: fact for fact in result.facts}


def told(result):
    """What is not right, in words."""
    return " | ".join(f"{fact.name} {fact.why}" for fact in result.facts if fact.fails)


def lenet(name):
    """The network of a stored run, batch norm as an operator of its own."""
    one = cnnlib.run(name, train=False)
    arch = one.experiment.arch
    tensors = [values(key, tensor.numpy()) for key, tensor in one.model().state_dict().items()]
    act = "Relu" if arch.activation == "relu" else "LeakyRelu"
    pool = "MaxPool" if arch.pool == "max" else "AveragePool"
    nodes, at = [], "x"

    def then(kind, *more, **settings):
        nonlocal at
        nodes.append(node(kind, [at, *more], [f"{at}+"], **settings))
        at = f"{at}+"

    for i, conv in enumerate(arch.convs, start=1):
        block = f"features.block{i}"
        then("Conv", f"{block}.conv.weight", f"{block}.conv.bias", pads=[conv.padding] * 4)
        if arch.batch_norm:
            parts = ("weight", "bias", "running_mean", "running_var")
            then("BatchNormalization", *(f"{block}.norm.{part}" for part in parts))
        then(act)
        then(pool, kernel_shape=[2, 2], strides=[2, 2])
    then("Flatten")
    for i in (1, 2, 3):
        then("Gemm", f"head.fc{i}.weight", f"head.fc{i}.bias", transB=1)
        if i < 3:
            then(act)
    nodes.append(node("Identity", [at], ["y"]))
    return model(nodes, tensors)


def rows(names=NAMES, layout="NCHW"):
    """The rows of the table, as an honest student writes them: report 2 is a chain, 1 a star."""
    made = []
    for before, name in pairwise(("", *names)):
        one = cnnlib.run(name, train=False)
        accs = [f"{one.metrics[key]:.4f}" for key in ("train_acc", "val_acc")]
        before = before and (before if names == NAMES else names[0])
        scaled = one.experiment.data.mean, one.experiment.data.std
        row = [name, before, before and "one thing", 15, 64, *scaled, layout, *accs]
        row += [TESTED.get(name, ""), one.metrics["parameters"], ""]
        made.append(dict(zip(COLUMNS, map(str, row), strict=True)))
    return made


def table(made, mark=","):
    """Dicts as the bytes of a CSV file."""
    text = io.StringIO()
    columns = list(dict.fromkeys(key for one in made for key in one))
    writer = csv.DictWriter(text, columns, delimiter=mark)
    writer.writeheader()
    writer.writerows(made)
    return text.getvalue().encode()


class Open(dict):
    """An open hand-in: the bytes of its files by name; ``rows`` and ``histories`` to change."""

    def __init__(self, names=NAMES, network=lenet, layout="NCHW"):
        super().__init__()
        self.rows = rows(names, layout)
        keys = ("epoch", "train_loss", "train_acc", "val_loss", "val_acc")
        self.histories = {
            name: [{key: epoch[key] for key in keys} for epoch in run.history]
            for name in names
            if (run := cnnlib.run(name, train=False))
        }
        self["hand-in/report.pdf"] = b"%PDF-1.7 and so on"
        for name in names:
            self[f"hand-in/{name}.onnx"] = network(name)

    def row(self, i, **fields):
        """Change fields of the row of model ``i``, given with _ for blanks."""
        self.rows[i] |= {key.replace("_", " "): value for key, value in fields.items()}
        return self

    def files(self, mark=","):
        """All files, the tables among them."""
        tables = {f"hand-in/{name}.csv": table(rows) for name, rows in self.histories.items()}
        return {"hand-in/models.csv": table(self.rows, mark)} | tables | self
