"""A process of its own that computes one stranger's network, within limits; no torch in it.

``jail.Jailed`` starts it by the file's path. It takes a line of JSON and the file, says what is in
it, and then gives outputs for images, batch by batch, until nothing more comes.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any, BinaryIO

if __name__ == "__main__":  # the package around this file would import torch
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np

from cnnlib.support.limits import limit
from cnnlib.support.onnx_session import OnnxError, Session, looked_into

AT_A_TIME = 100  # images: what they become stays in a CPU's cache, and takes a sixth less time


def answer(given: BinaryIO, out: BinaryIO) -> None:
    """Serve one network, from its first line to the end of what comes in."""
    first = json.loads(given.readline())
    content = given.read(first["bytes"])
    try:
        found = looked_into(content)
        session = Session(content)
    except Exception as error:  # a stranger's file: whatever is raised is told
        say(out, {"problem": told(error)})
        return
    inside = {"numbers": found.numbers, "single": found.single, "channels": found.channels}
    say(out, inside | {"operators": found.operators})
    while line := given.readline():
        shape = json.loads(line)["shape"]
        images = np.frombuffer(given.read(4 * int(np.prod(shape))), np.float32).reshape(shape)
        try:
            outputs = computed(session, images)
        except Exception as error:  # as above
            say(out, {"problem": told(error)})
            return
        if outputs.size > 1000 * len(images):  # not to be sent
            say(out, {"problem": f"it gives the shape {outputs.shape} for {len(images)} images"})
            return
        say(out, {"shape": outputs.shape}, np.ascontiguousarray(outputs).tobytes())


def computed(session: Session, images: np.ndarray) -> np.ndarray:
    """What the network gives for images (N, …), in parts unless its file says how many at once."""
    fixed = session.shape and isinstance(session.shape[0], int)
    step = len(images) if fixed else AT_A_TIME
    parts = [session.run(images[i : i + step]) for i in range(0, len(images), step)]
    return np.concatenate(parts)


def told(error: Exception) -> str:
    """One line that says what was raised; ONNX Runtime's begin with their kind."""
    if isinstance(error, MemoryError) or re.search(r"[Aa]lloc|more than \d+ bytes", str(error)):
        return "it needs too much memory"
    words = (str(error).strip().splitlines() or [type(error).__name__])[0]
    kind = r"\[ONNXRuntimeError\] : \d+ : \w+ : "
    return words if isinstance(error, OnnxError) else re.sub(kind, "", words)[:300]


def say(out: BinaryIO, words: dict[str, Any], more: bytes = b"") -> None:
    out.write(json.dumps(words).encode() + b"\n" + more)
    out.flush()


if __name__ == "__main__":
    asked = json.loads(sys.argv[1])
    import onnx  # noqa: F401  before the limits, which are for the file
    import onnxruntime  # noqa: F401

    limit(asked["memory"], asked["seconds"])
    answer(sys.stdin.buffer, sys.stdout.buffer)
