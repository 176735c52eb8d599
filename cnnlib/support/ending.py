"""How a command ends: Ctrl-C and what the system refuses are one line each, and a status.

``python -m cnnlib.support.ending MODULE …`` runs a module of ours so. Only the standard library is
imported here: the front door needs this before anything is installed.
"""

from __future__ import annotations  # an old Python must get as far as the message about versions

import errno
import os
import runpy
import sys
from collections.abc import Callable

STOPPED = 128 + 2  # what a shell says of a command that Ctrl-C ended
READER_GONE = 128 + 13  # and of one whose reader, such as ``head``, had enough
ADVICE = {
    errno.ENOSPC: "make room on that disk",
    errno.EDQUOT: "make room on that disk",
    errno.EROFS: "that disk can only be read: work in a copy elsewhere",
    errno.ENAMETOOLONG: "use a folder with a shorter path",
    errno.ENOENT: "see that it is there",
    errno.EEXIST: "move away what has that name",
    errno.ENOTDIR: "a folder is expected there: move the file away",
    errno.EISDIR: "a file is expected there: move the folder away",
    errno.ENOTEMPTY: "see that no other program works in it, and try again",
}
USUAL = "see that it is yours to read and write, and that no other program has it open"


def ended(call: Callable[[], int]) -> int:
    """The status of ``call()``; a Ctrl-C or an OSError becomes one line on the error stream."""
    try:
        return call()
    except KeyboardInterrupt:
        print("\nStopped. What was finished is kept.", file=sys.stderr)
        return STOPPED
    except BrokenPipeError:
        # else Python complains once more when it empties its buffers at the end
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return READER_GONE
    except OSError as error:
        print(f"error: {sentence(error)}", file=sys.stderr)
        return 1


def sentence(error: OSError) -> str:
    """What the system refused, with which file or folder, and what to do."""
    if error.errno is None:  # raised by a library, with words of its own
        return " ".join(str(error).split()) or type(error).__name__
    places = [
        os.fsdecode(n) for n in (error.filename, error.filename2) if isinstance(n, str | bytes)
    ]
    where = f"cannot use {' as '.join(places)}: " if places else ""
    return f"{where}{error.strerror}; {ADVICE.get(error.errno, USUAL)}"


def main() -> int:
    """Run the module that the first word names with the other words."""
    module = sys.argv.pop(1)

    def run() -> int:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        return 0

    return ended(run)


if __name__ == "__main__":
    sys.exit(main())
