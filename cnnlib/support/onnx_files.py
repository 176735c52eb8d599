"""Networks as data: ONNX files, which are computed without the code that made them."""

import contextlib
import io
import warnings

import torch
from torch import Tensor, nn

from .layouts import SIDE, Layout
from .onnx_session import OnnxError, Session

__all__ = ["OnnxError", "OnnxNetwork", "to_onnx"]


def to_onnx(model: nn.Module, layout: Layout | None = None) -> bytes:
    """A model in eval mode as the content of an ONNX file: images (N, 1, 28, 28) → logits.

    ``layout``: that of its images, if it is another. The weights are inside. Written by torch's
    own exporter; raises OnnxError for what it cannot express, such as Python's ``if`` on the
    values of an image.
    """
    example = ((layout or Layout()).arranged(torch.zeros(2, 1, SIDE, SIDE)),)
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the exporter's, about its own parts
            program = torch.onnx.export(
                model,
                example,
                dynamo=True,
                dynamic_shapes=({0: torch.export.Dim.DYNAMIC},),
                input_names=["images"],
                output_names=["logits"],
                verbose=False,
            )
    except Exception as error:  # of many kinds, some of them torch's private ones
        told = (str(error).strip().splitlines() or ["no message"])[0]
        raise OnnxError(f"torch cannot write it as ONNX ({type(error).__name__}: {told})") from None
    if program is None:
        raise OnnxError("torch cannot write it as ONNX")
    proto = program.model_proto
    for node in [*proto.graph.node, *(n for f in proto.functions for n in f.node)]:
        del node.metadata_props[:]  # names of this machine's folders
    return proto.SerializeToString(deterministic=True)


class OnnxNetwork(nn.Module):
    """The network in an ONNX file's content, in eval mode; it cannot be trained.

    Computed by ONNX Runtime on one thread, so the same on each call. ``layout``: how it wants its
    images, and ``black``, what a black pixel is to it. Raises OnnxError for content that is no
    network from images (N, 1, 28, 28) to (N, 10).
    """

    def __init__(self, content: bytes, layout: Layout | None = None, black: float = 0.0) -> None:
        super().__init__()
        # tells callers where the model is, as the parameters of other models do
        self.place = nn.Parameter(torch.empty(0), requires_grad=False)
        self.layout, self.black = layout or Layout(), black
        try:
            self.session = Session(content)
            shape = self(torch.zeros(2, 1, SIDE, SIDE)).shape
        except Exception as error:  # onnxruntime's kinds share no base
            told = (str(error).strip().splitlines() or ["no message"])[0]
            raise OnnxError(f"it holds no network for these images ({told})") from None
        if tuple(shape) != (2, 10):
            raise OnnxError(f"its network gives the shape {tuple(shape)}; expected (2, 10)")

    def forward(self, images: Tensor) -> Tensor:
        pixels = self.layout.arranged(images.cpu(), self.black).contiguous()
        return torch.from_numpy(self.session.run(pixels.numpy()))
