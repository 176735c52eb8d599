"""What a process that looks at a stranger's file may take. Only the standard library is needed."""

import contextlib
from pathlib import Path

PARAMETERS = 10_000_000  # of a network that is handed in: five of them fit into one hand-in
NETWORK_BYTES = 4 * PARAMETERS + 10_000_000  # so large is the file of so many parameters


def limit(memory: int, seconds: int | None = None) -> None:
    """Limit what this process may add to its memory, in bytes, and its CPU time, in seconds.

    Where the system can do so: not on Windows.
    """
    try:
        import resource
    except ImportError:  # Windows
        return
    with contextlib.suppress(OSError, ValueError):
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        most = pages * resource.getpagesize() + memory
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    if seconds is not None:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
