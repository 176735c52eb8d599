"""A stranger's network as a torch module, computed in a process with limits of its own."""

import contextlib
import json
import subprocess
import sys
import threading
import time
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from cnnlib.support.layouts import Layout
from cnnlib.support.onnx_session import OnnxError

MEMORY, SECONDS = 2**30, 100.0  # bytes beyond what Python and ONNX Runtime map; of computing


class Jailed(nn.Module):
    """The network in an ONNX file's content: images (N, 1, 28, 28) → what it gives, (N, 10).

    ``inside`` says what the file holds. Raises OnnxError, in one sentence, for a file that is not
    to be computed (``onnx_session.looked_into``), for one that needs more than the limits, and
    for one that gives anything else.
    """

    def __init__(
        self, content: bytes, layout: Layout | None = None, black: float = 0.0,
        *, memory: int = MEMORY, seconds: float = SECONDS,
    ) -> None:  # fmt: skip
        super().__init__()
        # tells callers where the model is, as the parameters of other models do
        self.place = nn.Parameter(torch.empty(0), requires_grad=False)
        self.layout, self.black = layout or Layout(), black
        self.left, self.seconds, self.memory = seconds, seconds, memory
        limits = json.dumps({"memory": memory, "seconds": int(seconds) + 1})
        self.process = subprocess.Popen(
            # -P: the files beside it are no part of what it imports
            [sys.executable, "-P", str(Path(__file__).with_name("jailed.py")), limits],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the one that verifies
        )  # fmt: skip
        weakref.finalize(self, _stop, self.process)
        self.inside: dict[str, Any] = self._ask({"bytes": len(content)}, content)
        shape = tuple(self(torch.zeros(2, 1, 28, 28)).shape)
        if shape != (2, 10):
            raise OnnxError(f"its network gives the shape {shape} for 2 images; expected (2, 10)")

    def forward(self, images: Tensor) -> Tensor:
        pixels = self.layout.arranged(images, self.black).contiguous().numpy()
        said = self._ask({"shape": pixels.shape}, pixels.astype(np.float32).tobytes())
        return torch.from_numpy(said["outputs"])

    def _ask(self, words: dict[str, Any], more: bytes) -> dict[str, Any]:
        """Send, and wait for the answer: for as long as is left of its seconds."""
        watch = threading.Timer(max(self.left, 0.0), self.process.kill)
        given, out = self.process.stdin, self.process.stdout
        assert given and out
        started = time.monotonic()
        watch.start()
        try:
            given.write(json.dumps(words).encode() + b"\n" + more)
            given.flush()
            said = json.loads(out.readline())
            if "problem" in said:
                raise OnnxError(said["problem"])
            if "shape" in said:
                content = out.read(4 * int(np.prod(said["shape"])))
                outputs = np.frombuffer(content, np.float32).reshape(said["shape"])
                said["outputs"] = outputs.copy()
            return said
        except (OSError, ValueError) as error:  # it has ended, and said nothing, or half of it
            if time.monotonic() - started >= self.left:
                raise OnnxError(f"it takes more than {self.seconds:g} seconds") from error
            most = f"{self.memory // 2**20:,} MB"
            raise OnnxError(f"it needs more than {most}, or breaks ONNX Runtime") from error
        finally:
            watch.cancel()
            self.left -= time.monotonic() - started


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    process.wait()
    for end in (process.stdin, process.stdout):
        if end:
            with contextlib.suppress(OSError):  # what was not yet sent goes nowhere
                end.close()
