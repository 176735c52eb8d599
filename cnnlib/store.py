"""Where stored runs lie, and how a folder gets there whole or not at all."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .support.folders import named_folder
from .support.sources import ROOT


def runs_folder() -> Path:
    """``$CNNLIB_RUNS``, or ``runs/`` beside the notebooks."""
    return named_folder("CNNLIB_RUNS", ROOT / "runs")


def put(path: Path, content: bytes) -> None:
    """Write one file."""
    path.write_bytes(content)


@contextmanager
def written_whole(target: Path) -> Iterator[Path]:
    """A scratch folder that becomes ``target`` in one step, or disappears on any error."""
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(dir=target.parent, prefix=".writing-"))
    try:
        scratch.chmod(0o755)
        yield scratch
        old = Path(tempfile.mkdtemp(dir=target.parent, prefix=".old-"))
        try:
            if target.exists():
                target.replace(old / "run")
            scratch.replace(target)
        except OSError:
            if not target.exists():
                raise  # else another process stored the same run first: keep that one
        finally:
            shutil.rmtree(old)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
