"""What is printed reaches every console; one that cannot write ``→`` shows ``?`` in its place."""

from __future__ import annotations  # an old Python must get as far as the message about versions

import io
import sys


def lenient_output() -> None:
    """Let no character stop a program, neither here nor in scripts that import the library."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # what a notebook has in its place takes all
            stream.reconfigure(errors="replace")
