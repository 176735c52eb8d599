"""Exercises of chapter 25 that are answered by writing a function or a class."""

import torch
from torch import nn

from ..judging import Written


class Widening(nn.Module):
    """A residual block, (N, inputs, H, W) → (N, outputs, H, W); no bias anywhere."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        # 1×1: mixes the channels place by place, and gives as many as are added to it
        self.shortcut = nn.Conv2d(inputs, outputs, 1, bias=False)

    def forward(self, maps):
        change = self.conv2(torch.relu(self.conv1(maps)))
        return torch.relu(self.shortcut(maps) + change)


class _NotAdded(Widening):
    def forward(self, maps):
        return torch.relu(self.conv2(torch.relu(self.conv1(maps))))


class _AddedAfter(Widening):
    def forward(self, maps):
        return self.shortcut(maps) + torch.relu(self.conv2(torch.relu(self.conv1(maps))))


class _NoInnerReLU(Widening):
    def forward(self, maps):
        return torch.relu(self.shortcut(maps) + self.conv2(self.conv1(maps)))


class _WithBias(Widening):
    def __init__(self, inputs, outputs):
        super().__init__(inputs, outputs)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1)
        self.shortcut = nn.Conv2d(inputs, outputs, 1)


def _oracle(inputs, outputs):
    """ResNet's block (He and others, 2016), without its batch norm."""
    from torchvision.models.resnet import BasicBlock  # slow to import

    widen = nn.Conv2d(inputs, outputs, 1, bias=False)
    return BasicBlock(inputs, outputs, downsample=widen, norm_layer=lambda count: nn.Identity())


def _with_known_weights(made, inputs, outputs, maps):
    """The block's answer when each weight is known by its shape; and the shapes."""
    block = made(inputs, outputs)
    with torch.no_grad():
        for weight in block.parameters():
            drawn = torch.Generator().manual_seed(weight.numel())
            weight.copy_(torch.randn(weight.shape, generator=drawn) / 4)
        result = block(maps)
    shapes = sorted(tuple(weight.shape) for weight in block.parameters())
    return " ".join(map(str, shapes)), result


def _cases() -> list[tuple]:
    drawn = torch.Generator().manual_seed(25)
    return [
        (3, 8, torch.randn(2, 3, 6, 6, generator=drawn)),
        (1, 4, torch.randn(1, 1, 5, 7, generator=drawn)),
    ]


EXERCISES: dict[str, Written] = {
    "25.3": Written(
        hints=(
            "Maps of 3 channels cannot be added to maps of 8. Which layer changes the number of "
            "channels and nothing else?",
            "A convolution of 1×1 pixels in the shortcut; the sum is made before the last ReLU.",
        ),
        solution=Widening,
        oracle=_oracle,
        cases=_cases,
        use=_with_known_weights,
        mistakes=(
            (_NotAdded, "the shortcut is built, and what it gives is added to nothing."),
            (_AddedAfter, "the last ReLU comes after the sum, so that it sees both ways together."),
            (_NoInnerReLU, "without a ReLU between them, two convolutions are only one."),
            (_WithBias, "a layer has a bias; the exercise asks for none: bias=False."),
        ),
    ),
}
