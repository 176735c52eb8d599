"""Files that are written whole or not at all: a crash leaves the old content, or the new."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole_file(target: Path) -> Iterator[Path]:
    """A path to write to, which becomes ``target`` in one step when the block ends well.

    It lies in a scratch folder beside ``target``, whose folder is made if need be. After an
    error, ``target`` is as it was. Two processes may do this at once: one of them is last.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".writing-") as scratch:
        made = Path(scratch) / target.name
        yield made
        made.replace(target)


def write_whole(target: Path, content: str | bytes) -> None:
    """Write ``content`` (text as UTF-8, lines ending in a line feed) whole or not at all."""
    with whole_file(target) as made:
        # what no encoding has, half of a pair of surrogates, becomes a question mark
        made.write_bytes(
            content.encode("utf-8", "replace") if isinstance(content, str) else content
        )
