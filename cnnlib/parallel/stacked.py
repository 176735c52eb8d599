"""Several models of one architecture side by side, as one network.

Small models leave a processor half idle: their few filters do not fill its vector registers, and
a call costs as much for little work as for more. A stacked network does the work of S models in
one call. Each of its tensors is those of the models, one below the other. A convolution has S
groups, which do not see one another; a fully connected layer is a batch of S matrix products;
batch norm, pooling and activations treat each map by itself anyway.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..models import LeNet


class Streams:
    """Each seed's random numbers: those that it would draw on its own, in ``fit``."""

    def __init__(self, seeds: Sequence[int], device: torch.device) -> None:
        self.seeds = list(seeds)
        self.shufflers = [torch.Generator().manual_seed(seed) for seed in seeds]
        self.states = [torch.Generator(device).manual_seed(seed).get_state() for seed in seeds]
        # the generator that dropout and augmentation draw from; they take no other
        gpus = torch.cuda.default_generators
        self.shared = gpus[device.index] if device.type == "cuda" else torch.default_generator

    def orders(self, images: int) -> Tensor:
        """A new random order of the images for each seed: (S, images)."""
        return torch.stack([torch.randperm(images, generator=one) for one in self.shufflers])

    def each(self, draw: Callable[[int], Tensor]) -> list[Tensor]:
        """``draw(0)`` with the random numbers of the first seed, ``draw(1)`` with the second's…"""
        drawn = []
        for i, state in enumerate(self.states):
            self.shared.set_state(state)
            drawn.append(draw(i))
            self.states[i] = self.shared.get_state()
        return drawn


class Stacked(nn.Module):
    """S models side by side: images (N, S, 28, 28), one for each, → logits (N, S, 10).

    Images (N, 1, 28, 28) go to all the models.
    """

    def __init__(self, model: LeNet, streams: Streams) -> None:
        super().__init__()
        self.streams = streams
        self.features = widened(model.features, streams, dim=1)
        self.head = widened(model.head, streams, dim=0)

    def forward(self, images: Tensor) -> Tensor:
        maps = self.features(images)  # (N, S·filters, side, side)
        values = maps.unflatten(1, (len(self.streams.seeds), -1)).flatten(start_dim=2)
        return self.head(values.transpose(0, 1)).transpose(0, 1)  # (S, N, inputs) inside


class StackedConv(nn.Conv2d):
    """Maps (N, S·C, H, W) → (N, S·filters, H', W'): a group for each model, or one for all."""

    def forward(self, maps: Tensor) -> Tensor:
        groups = maps.shape[1] // self.in_channels
        return F.conv2d(maps, self.weight, self.bias, padding=self.padding, groups=groups)


class StackedNorm(nn.BatchNorm2d):
    """Batch norm, map by map: channels last, torch adds up too coarsely (``with_fast_layout``)."""

    def forward(self, maps: Tensor) -> Tensor:
        return super().forward(maps.contiguous())


class StackedLinear(nn.Linear):
    """Values (S, N, inputs) → (S, N, outputs)."""

    def forward(self, values: Tensor) -> Tensor:
        weights = self.weight.view(len(values), -1, self.in_features)
        return torch.baddbmm(self.bias.view(len(values), 1, -1), values, weights.mT)


class StackedDropout(nn.Dropout):
    """Dropout with each seed's own draws; the models follow one another along ``dim``."""

    def __init__(self, p: float, streams: Streams, dim: int) -> None:
        super().__init__(p)
        self.streams, self.dim = streams, dim

    def forward(self, values: Tensor) -> Tensor:
        if not self.training:
            return values
        parts = values.chunk(len(self.streams.seeds), self.dim)
        return torch.cat(self.streams.each(lambda i: F.dropout(parts[i], self.p)), self.dim)


def widened(layer: nn.Module, streams: Streams, dim: int) -> nn.Module:
    """The layer that does for S models what ``layer`` does for one."""
    many = len(streams.seeds)
    match layer:
        case nn.Sequential():
            inner = OrderedDict((n, widened(x, streams, dim)) for n, x in layer.named_children())
            # The largest of four is the same before and after an activation that only rises:
            # pooling first leaves it a quarter of the work. Dropout between them has to be of
            # one mind with it, too: a ReLU hands a factor on, others do not.
            if isinstance(inner.get("pool"), nn.MaxPool2d) and isinstance(
                layer.act, nn.ReLU | nn.LeakyReLU
            ):
                inner.move_to_end("act")
            return nn.Sequential(inner)
        case nn.Conv2d():
            outputs = many * layer.out_channels
            side, padding = layer.kernel_size[0], layer.padding[0]  # all are square
            return StackedConv(layer.in_channels, outputs, side, padding=int(padding))
        case nn.BatchNorm2d():
            return StackedNorm(many * layer.num_features)
        case nn.Linear():
            return StackedLinear(layer.in_features, many * layer.out_features)
        case nn.Dropout():
            return StackedDropout(layer.p, streams, dim)
        case nn.ReLU():
            return nn.ReLU(inplace=True)  # takes no memory of its own
        case nn.LeakyReLU():
            return nn.LeakyReLU(layer.negative_slope, inplace=True)
        case nn.Tanh() | nn.ELU() | nn.GELU() | nn.SiLU():
            return layer
        case nn.MaxPool2d() | nn.AvgPool2d() | nn.AdaptiveAvgPool2d():
            return layer
        case nn.Softmax():
            return nn.Softmax(dim=-1)
    raise TypeError(
        f"fit_many cannot put {type(layer).__name__} layers side by side; train these models "
        "one by one, with fit"
    )


def stack(models: Sequence[LeNet], streams: Streams) -> Stacked:
    """One network that holds a copy of the models' weights and batch-norm statistics."""
    with torch.device("meta"):  # shapes only: the weights are the models'
        network = Stacked(models[0], streams)
    states = [model.state_dict() for model in models]
    tensors = {
        name: torch.cat([state[name] for state in states]) if one.dim() else one.clone()
        for name, one in states[0].items()
    }
    network.load_state_dict(tensors, assign=True)
    return network.to(memory_format=torch.channels_last)


def unstack(network: Stacked, models: Sequence[LeNet]) -> None:
    """Copy weights and batch-norm statistics back into the models that ``stack`` was given."""
    for i, model in enumerate(models):
        tensors = network.state_dict().items()
        model.load_state_dict({n: t.chunk(len(models))[i] if t.dim() else t for n, t in tensors})
