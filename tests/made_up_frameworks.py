"""Members of the made-up class that hand in models of other frameworks: ONNX and ``models.csv``."""

import pickle
from functools import cache
from pathlib import Path

import numpy as np
from made_up_files import Runs
from made_up_networks import HOSTILE
from made_up_open import NAMES, Open, lenet
from torch import nn

import cnnlib
from cnnlib.support.limits import NETWORK_BYTES
from cnnlib.support.onnx_files import to_onnx

KERAS = Path(__file__).parent / "networks" / "keras-baseline.onnx"
REPORT_1 = ("baseline", "maxpool", "dropout", "lr-0.01", "adam-halved")
FIRST, LAST = NAMES[0], NAMES[-1]


# Networks as the frameworks write them -------------------------------------------------------


def plain(name):
    """The network of a stored run as a student writes it in plain torch; in eval mode."""
    one = cnnlib.run(name, train=False)
    arch, maps = one.experiment.arch, 1
    act = nn.ReLU if arch.activation == "relu" else nn.LeakyReLU
    pool = nn.MaxPool2d if arch.pool == "max" else nn.AvgPool2d
    layers = []
    for conv in arch.convs:
        layers.append(nn.Conv2d(maps, conv.filters, conv.kernel, padding=conv.padding))
        maps = conv.filters
        layers += [nn.BatchNorm2d(maps)] if arch.batch_norm else []
        layers += [act(), pool(2)]
    layers += [nn.Flatten(), nn.Linear(400, 120), act(), nn.Linear(120, 84), act()]
    made, weights = nn.Sequential(*layers, nn.Linear(84, 10)), one.model().state_dict()
    made.load_state_dict(dict(zip(made.state_dict(), weights.values(), strict=True)))
    return made.eval()


@cache
def exported(name):
    """By torch's own exporter, which takes seconds."""
    return to_onnx(plain(name))


def from_torch():
    """Written by torch's exporter, which folds batch norm into the convolutions."""
    made = Open(network=exported)
    for i, name in enumerate(NAMES):
        norm = cnnlib.run(name, train=False).experiment.arch.batch_norm
        made.row(i, folded="44" if norm else "0")
    return made


def by_keras(name):
    """Keras's own export of report 1's baseline, with the weights of a stored run in it."""
    import onnx

    one = cnnlib.run(name, train=False)
    model = onnx.load(KERAS)
    state = [tensor.numpy() for tensor in one.model().state_dict().values()]
    # torch flattens maps, rows, columns; Keras rows, columns, maps
    state[4] = state[4].reshape(120, 16, 5, 5).transpose(0, 2, 3, 1).reshape(120, 400)
    state[4::2] = [weight.T for weight in state[4::2]]
    keys = ("conv2d_1/conv", "conv2d_1/Squeeze", "conv2d_1_2/conv", "conv2d_1_2/Squeeze",
            "dense_1/Cast", "dense_1/Bias", "dense_1_2/Cast", "dense_1_2/Bias", "dense_2_1/Cast",
            "dense_2_1/Bias")  # fmt: skip
    for key, array in zip(keys, state, strict=True):
        (old,) = [t for t in model.graph.initializer if t.name.startswith(f"sequential_1/{key}")]
        assert tuple(old.dims) == array.shape
        old.CopyFrom(onnx.numpy_helper.from_array(np.ascontiguousarray(array), old.name))
    if one.experiment.arch.pool == "max":
        for node in model.graph.node:
            node.op_type = node.op_type.replace("AveragePool", "MaxPool")
    return model.SerializeToString()


def from_keras():
    """Report 1's star: images (N, 28, 28, 1), softmax at the end."""
    made = Open(REPORT_1, by_keras, "NHWC")
    for epochs in made.histories.values():  # as Keras calls them
        names = {"train_loss": "loss", "train_acc": "accuracy", "val_acc": "val_accuracy"}
        epochs[:] = [{names.get(key, key): value for key, value in one.items()} for one in epochs]
    return made


# Changes -------------------------------------------------------------------------------------


def file(name, content):
    """This file in the hand-in, in the place of one of its name."""

    def change(made):
        made[f"hand-in/{name}"] = content() if callable(content) else content
        return made

    return change


def hostile(name):
    return file(f"{FIRST}.onnx", HOSTILE[name][0])


def lacks(name):
    """Without this file."""

    def change(made):
        del (made.histories if name in made.histories else made)[name]
        return made

    return change


def pickles(made):
    """Networks as torch saves them, which are not opened."""
    for name in NAMES:
        made[f"hand-in/{name}.pt"] = made.pop(f"hand-in/{name}.onnx")
    made[f"hand-in/{FIRST}.pt"] = pickle.dumps(Runs())
    return made


def rosier(made):
    """A history that is better than the network it ends in."""
    for epoch in made.histories[FIRST]:
        epoch["val_acc"] += 0.03
    return made


def made_up_recipe(made):
    """Other batches and other changes than what was trained with."""
    return made.row(1, batch="128", what_changes="a learning rate of 0.002")


def trained_elsewhere(name, *, again=False):
    """Weights that are not the book's; ``again``: exported anew, so that the file is another."""
    import onnx

    model = onnx.load_model_from_string(lenet(name))
    (bias,) = [one for one in model.graph.initializer if one.name == "head.fc3.bias"]
    moved = onnx.numpy_helper.to_array(bias) + np.linspace(0, 0.003, 10, dtype=np.float32)
    bias.CopyFrom(onnx.numpy_helper.from_array(moved, bias.name))
    model.producer_name = "again" if again else ""
    return model.SerializeToString()


def copied(made):
    """The networks of another student, under other names and exported anew."""
    other = Open(network=lambda name: trained_elsewhere(name, again=True))
    for i, name in enumerate(NAMES):
        own = f"net-{i}"
        other[f"hand-in/{own}.onnx"] = other.pop(f"hand-in/{name}.onnx")
        other.histories[own] = other.histories.pop(name)
        before = other.rows[i]["compared with"] and f"net-{i - 1}"
        other.row(i, name=own, compared_with=before)
    return other


# The members ---------------------------------------------------------------------------------


def of(change=lambda made: made, mark=",", **settings):
    """How such a member is made; the others' honest hand-in, which it gets, it does not need."""
    return lambda files: change(Open(**settings)).files(mark)


OPEN = {  # name: (how, verdict, words of a failing fact, words of a question)
    "open-pytorch": (lambda f: from_torch().files(), "right", "", ""),
    "open-keras": (lambda f: from_keras().files(), "right", "", ""),
    "open-spreadsheet": (of(mark=";"), "right", "", ""),
    "open-unseen-recipe": (of(made_up_recipe), "right", "", ""),
    "open-best-epoch": (
        of(lambda o: o.histories[FIRST].reverse() or o), "right", "", "was the best one kept?",
    ),
    # wrong figures
    "open-val-acc": (
        lambda f: from_keras().row(0, val_acc="0.9013").files(),
        *("wrong", "baseline: val acc its network gives another figure", ""),
    ),
    "open-test-acc": (
        of(lambda o: o.row(4, test_acc="0.9120")), "wrong", "test acc its network gives anoth", "",
    ),
    "open-parameters": (
        of(lambda o: o.row(0, parameters="60,000")), "wrong", "its file holds another number", "",
    ),
    "open-history": (
        of(rosier), "wrong", "no epoch of its history has what its network gives", "",
    ),
    "open-scaling": (of(lambda o: o.row(2, std="1")), "wrong", "var2-mended: val acc its n", ""),
    # rules
    "open-30-epochs": (of(lambda o: o.row(0, epochs="30")), "wrong", "expected at most 15", ""),
    "open-batch-8": (of(lambda o: o.row(3, batch="8")), "wrong", "expected 32 to 256", ""),
    "open-worse-tested": (
        of(lambda o: o.row(4, test_acc="").row(0, test_acc="0.88")),
        *("wrong", "others are best by validation", ""),
    ),
    "open-four-models": (of(lambda o: o.rows.pop() and o), "wrong", "the assignment wants 5", ""),
    "open-network-twice": (
        of(lambda o: file(f"{FIRST}.onnx", o[f"hand-in/{LAST}.onnx"])(o)),
        *("wrong", "or are one network", "was each trained?"),
    ),
    # hostile files
    "open-external-data": (of(hostile("another file")), "wrong", "lies in another file", ""),
    "open-custom-operator": (of(hostile("custom operator")), "wrong", "evil.example.Fused", ""),
    "open-endless-loop": (of(hostile("endless loop")), "wrong", "it holds Loop, a loop or", ""),
    "open-40-gb": (of(hostile("40 GB by expanding")), "wrong", "it needs too much memory", ""),
    "open-nan": (of(hostile("not a number")), "wrong", "outputs that are not finite", ""),
    "open-no-onnx": (of(hostile("text")), "wrong", "it is no whole ONNX file", ""),
    "open-too-large": (
        of(file(f"{FIRST}.onnx", lambda: bytes(NETWORK_BYTES + 1))),
        *("wrong", "its file has more than 50,000,000 bytes", ""),
    ),
    # what is missing
    "open-no-network": (of(lacks(f"hand-in/{FIRST}.onnx")), "incomplete", "is not handed in", ""),
    "open-no-history": (of(lacks(FIRST)), "incomplete", "its history, a CSV file of its name", ""),
    "open-no-report": (of(lacks("hand-in/report.pdf")), "incomplete", "neither a PDF nor", ""),
    "open-pickles": (of(pickles), "incomplete", f"{FIRST}.onnx is not handed in", ""),
}  # fmt: skip
TOGETHER = {  # the same, verified with others or with training figures
    "open-forged-training": (
        of(lambda o: o.row(0, train_acc="0.9867")),
        *("wrong", "train acc its network gives another figure", ""),
    ),
    "open-copied-a": (of(network=trained_elsewhere), "right", "", "the same predictions as others"),
    "open-copied-b": (of(copied), "right", "", "net-4: the same predictions as others"),
}
