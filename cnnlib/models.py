"""LeNet-5 and all its variants: one class, told what to build by an ``Arch``."""

import contextlib
import copy
import io
import re
from collections import OrderedDict
from collections.abc import Callable

import pandas as pd
import torch
import torchsummary
from torch import Tensor, nn

from .catalogue import find
from .experiment import Arch, Experiment, checked_seed
from .network import CLASSES, built

POOLS = {"avg": nn.AvgPool2d, "max": nn.MaxPool2d}
ACTIVATIONS: dict[str, type[nn.Module]] = {"relu": nn.ReLU, "leaky_relu": nn.LeakyReLU}
ACTIVATIONS |= {"tanh": nn.Tanh, "elu": nn.ELU, "gelu": nn.GELU, "silu": nn.SiLU}
# gain √2 for ReLU (He et al. 2015) and gain 1 (Glorot and Bengio 2010, Keras's default)
INITS: dict[str, Callable[[Tensor], Tensor]] = {
    "kaiming_uniform": nn.init.kaiming_uniform_,
    "glorot_uniform": nn.init.xavier_uniform_,
}


class LeNet(nn.Module):
    """Images (N, 1, 28, 28) → logits (N, 10); with ``arch.softmax``, probabilities instead.

    Layers have names to talk about: ``features.block1.conv``, ``head.fc1``.
    The default architecture is LeNet-5 (LeCun et al. 1998) with ReLU; its third convolution
    C5 is written as the fully connected layer it equals, 400 → 120.
    """

    def __init__(self, arch: Arch | None = None) -> None:
        super().__init__()
        self.arch = arch = arch or Arch()
        channels = [1] + [conv.filters for conv in arch.convs]
        self.features = nn.Sequential(
            OrderedDict(
                (f"block{i}", block(arch, i, inputs=channels[i - 1]))
                for i in range(1, len(channels))
            )
        )
        *_, side = arch.sides()
        if arch.global_pool:
            side = 1
            self.features.add_module("mean", nn.AdaptiveAvgPool2d(1))
        self.head = head(arch, inputs=channels[-1] * side * side)
        initialise(self, arch.init)

    def forward(self, images: Tensor) -> Tensor:
        maps = self.features(images)  # (N, filters, side, side)
        return self.head(maps.flatten(start_dim=1))  # keeps the N samples apart


def block(arch: Arch, number: int, inputs: int) -> nn.Sequential:
    """Convolution → (batch norm) → activation → (2×2 pooling, stride 2 → (dropout))."""
    conv = arch.convs[number - 1]
    layers: OrderedDict[str, nn.Module] = OrderedDict(
        conv=nn.Conv2d(inputs, conv.filters, conv.kernel, padding=conv.padding)
    )
    if arch.batch_norm:
        layers["norm"] = nn.BatchNorm2d(conv.filters)
    layers["act"] = ACTIVATIONS[arch.activation]()
    if not arch.pools(number):
        return nn.Sequential(layers)
    layers["pool"] = POOLS[arch.pool](kernel_size=2, stride=2)
    if arch.dropout_pool:
        layers["drop"] = nn.Dropout(arch.dropout_pool)
    return nn.Sequential(layers)


def head(arch: Arch, inputs: int) -> nn.Sequential:
    """Fully connected layers ``fc1``, ``fc2``, …; the last one gives the 10 logits."""
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    for i, units in enumerate(arch.hidden, start=1):
        layers[f"fc{i}"] = nn.Linear(inputs, units)
        layers[f"act{i}"] = ACTIVATIONS[arch.activation]()
        if i == 1 and arch.dropout_first:
            layers["drop_first"] = nn.Dropout(arch.dropout_first)
        inputs = units
    if arch.dropout_last:
        layers["drop_last"] = nn.Dropout(arch.dropout_last)
    layers[f"fc{len(arch.hidden) + 1}"] = nn.Linear(inputs, CLASSES)
    if arch.softmax:
        layers["softmax"] = nn.Softmax(dim=1)
    return nn.Sequential(layers)


def initialise(model: nn.Module, init: str) -> None:
    """Draw the weights of convolutions and fully connected layers; set their biases to 0."""
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            INITS[init](layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


def build(experiment: str | Experiment, seed: int | None = None) -> nn.Module:
    """An untrained model of an experiment, given by name or as itself.

    With a ``seed``, the same weights every time, and the global random state is untouched.
    A network of your own is tried with two images first: see ``network.built``.

    >>> model = cnnlib.build("maxpool", seed=0)
    >>> tuple(model(torch.zeros(2, 1, 28, 28)).shape)
    (2, 10)
    """
    experiment = find(experiment)
    with contextlib.nullcontext() if seed is None else torch.random.fork_rng():
        if seed is not None:
            torch.manual_seed(checked_seed(seed))
        if experiment.model:
            return built(experiment.model)
        return with_fast_layout(LeNet(experiment.arch))


def with_fast_layout(model: LeNet) -> LeNet:
    """The same model, its maps kept with the channels side by side in memory.

    Shapes and results are the same; on a CPU an epoch takes about nine tenths of the time,
    and two thirds with the 64 filters of ``filters``. Not with the batch norm of the small
    networks: in that layout torch adds up its means and variances in single precision, and is
    off by 2e-4. A stack of more than three convolutions uses it all the same: there an
    epoch takes a third less time.
    """
    small = len(model.arch.convs) <= 3
    if model.arch.batch_norm and small:
        return model
    return model.to(memory_format=torch.channels_last)


def count_parameters(model: nn.Module) -> int:
    """How many numbers the training can change.

    >>> cnnlib.count_parameters(cnnlib.build("filters"))
    255230
    """
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


def summary(model: nn.Module) -> None:
    """Print torchsummary's table: a row per layer, parameters, estimated sizes in MB.

    Says so where torchsummary miscounts; ValueError for a network that it cannot show.
    """
    printed = _summarised(model)
    print(printed)
    total = int(re.findall(r"Total params: ([\d,]+)", printed)[0].replace(",", ""))
    if total != (counted := sum(p.numel() for p in model.parameters())):
        print(
            f"torchsummary counts {total:,} parameters, the network has {counted:,}: it counts a "
            "layer anew each time that it runs, and only layers' weights and biases."
        )


def layer_table(model: nn.Module) -> pd.DataFrame:
    """The same as a table: a row per layer, then the total and the estimated size in MB."""
    text = _summarised(model)
    found = re.findall(r"^ *(\S+-\d+) +\[-1, ([\d, ]+)\] +([\d,]+)$", text, re.M)
    rows = {layer: (shape.replace(", ", "×"), count) for layer, shape, count in found}
    for row, line in (("total", "Total params"), ("size (MB)", r"Estimated Total Size \(MB\)")):
        rows[row] = "", re.findall(rf"{line}: ([\d,.]+)", text)[0]
    return pd.DataFrame.from_dict(rows, orient="index", columns=["output shape", "parameters"])


def _summarised(model: nn.Module) -> str:
    """What torchsummary prints; it gives nothing back."""
    printed = io.StringIO()
    # torchsummary runs random images through the model: on a copy, so that batch norm's
    # running statistics stay as they are, and with the global random state kept.
    with torch.random.fork_rng(), contextlib.redirect_stdout(printed):
        try:
            torchsummary.summary(copy.deepcopy(model).cpu(), (1, 28, 28), device="cpu")
        except Exception as error:  # it asks every layer for one tensor, and some give more
            raise ValueError(
                f"torchsummary cannot show {type(model).__name__} ({type(error).__name__}: "
                f"{error}); it needs layers that take and give one tensor each. print(model) "
                "shows the layers"
            ) from error
    return printed.getvalue().rstrip("\n")
