"""How a network wants its images: the order of their axes, and 28×28 or framed to 32×32."""

import re
from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor

SIDE, FRAMED = 28, 32
#: Orders of the axes: N images, C channels (one, of grey), H rows, W columns.
AXES = ("NCHW", "NHWC", "NHW")


@dataclass(frozen=True)
class Layout:
    """``axes`` is one of ``AXES``; ``side`` is 28, or 32 with a black frame of 2 pixels."""

    axes: str = "NCHW"
    side: int = SIDE

    def __str__(self) -> str:
        return self.axes if self.side == SIDE else f"{self.axes} {self.side}×{self.side}"

    def arranged(self, images: Tensor, black: float = 0.0) -> Tensor:
        """Images (N, 1, 28, 28) → as the network wants them; ``black`` is what a black pixel is."""
        frame = (self.side - SIDE) // 2
        framed = F.pad(images, (frame,) * 4, value=black) if frame else images
        if self.axes == "NHW":
            return framed.squeeze(1)
        return framed.permute(0, 2, 3, 1) if self.axes == "NHWC" else framed


def layout(text: str) -> Layout:
    """The layout that a text such as ``"NHWC"`` or ``"NCHW 32×32"`` names; else ValueError."""
    plain = str(text).strip().upper().replace("*", "×").replace("X", "×")
    if match := re.fullmatch(r"(NCHW|NHWC|NHW)[ ,:]*(28|32)?(×(28|32))?", plain):
        axes, side, _, other = match.groups()
        if not other or other == side:
            return Layout(axes, int(side or SIDE))
    raise ValueError(
        f"layout is {str(text)[:40]!r}; expected {', '.join(AXES[:-1])} or {AXES[-1]}, followed by "
        "32×32 if the images get a black frame of 2 pixels"
    )
