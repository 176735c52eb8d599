"""How a command ends: what the system refuses, Ctrl-C and SIGTERM."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from cnnlib import __main__ as main

ROOT = Path(__file__).parents[1]
POSIX = pytest.mark.skipif(os.name == "nt", reason="Windows has other signals")


def refused(number, *places):
    return OSError(number, os.strerror(number), *places)


@pytest.mark.parametrize(
    "error, words",
    {
        "full": (refused(errno.ENOSPC, "/a/b"), "/a/b: No space left on device; make room"),
        "read-only": (refused(errno.EROFS, "/a"), "/a: Read-only file system; that disk can"),
        "another's": (refused(errno.EACCES, "/a"), "/a: Permission denied; see that it is yours"),
        "a folder": (refused(errno.EISDIR, "/a"), "/a: Is a directory; a file is expected"),
        "too long": (refused(errno.ENAMETOOLONG, "/a"), "File name too long; use a folder"),
        "two places": (refused(errno.EXDEV, "/a", None, "/b"), "cannot use /a as /b: "),
        "bytes": (refused(errno.EIO, b"/a"), "cannot use /a: Input/output error; see"),
        "no place": (refused(errno.EIO), "error: Input/output error; see that"),
        "a library's": (OSError("no such\nhost"), "error: no such host\n"),
        "no words": (OSError(), "error: OSError\n"),
    }.values(),
)
def test_what_the_system_refuses_is_one_sentence(error, words, monkeypatch, capsys):
    def refuse(args):
        raise error

    monkeypatch.setitem(main.COMMANDS, "data", refuse)
    assert main.main(["data"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("error: ") and words in said and said.count("\n") == 1


@pytest.mark.parametrize(
    "code, status, said",
    {
        "refused": ("open('/nowhere/at/all')", 1, "error: cannot use /nowhere/at/all: No such"),
        "Ctrl-C": ("raise KeyboardInterrupt", 130, "\nStopped."),
        "nobody reads": ("raise BrokenPipeError", 141, ""),
        "a status": ("import sys; sys.exit(7)", 7, ""),
        "all is well": ("import sys; assert sys.argv[1:] == ['word']", 0, ""),
    }.values(),
)
def test_a_module_of_ours_ends_in_one_line(code, status, said, tmp_path):
    (tmp_path / "ours.py").write_text(code)
    done = subprocess.run(
        [sys.executable, "-m", "cnnlib.support.ending", "ours", "word"],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(tmp_path)])},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == status and done.stderr.startswith(said)
    assert len(done.stderr.strip().splitlines()) == bool(said)


LAB = """
import sys
from cnnlib import __main__ as main
main.prepare = lambda: None
own = ["--book", "--no-browser"]
sys.exit(main.main(["lab", *own, "--allow-root", "--port=0", "--ServerApp.token=none"]))
"""
CHILD = """
import sys
from pathlib import Path
from cnnlib.support.environment import python
words = "import time, pathlib; pathlib.Path(%r).touch(); time.sleep(600)"
sys.exit(python("-c", "import sys; from cnnlib.support.environment import python; "
                "sys.exit(python('-c', sys.argv[1]))", words % sys.argv[1]))
"""


def ended_by_sigterm(process):
    """SIGTERM to a process: its status; asserts that nothing that it started still runs."""
    children = psutil.Process(process.pid).children(recursive=True)
    assert children
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=300)
    left = psutil.wait_procs(children, timeout=200)[1]
    for one in left:
        one.kill()
    assert not left
    return process.returncode


@POSIX
@pytest.mark.slow
def test_sigterm_goes_on_to_the_child_and_its_child(tmp_path):
    there = tmp_path / "there"
    process = subprocess.Popen([sys.executable, "-c", CHILD, there], cwd=ROOT)
    while not there.exists():
        assert process.poll() is None
        signal.sigtimedwait([], 0.05)
    assert ended_by_sigterm(process) == 128 + signal.SIGTERM


@POSIX
@pytest.mark.slow
def test_sigterm_ends_jupyterlab(tmp_path):
    own = dict.fromkeys(("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR"), str(tmp_path))
    process = subprocess.Popen(
        [sys.executable, "-c", LAB],
        cwd=ROOT, env=os.environ | own, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    said = ""
    while "is running at" not in said:
        said += (line := process.stderr.readline())
        assert line, said
    ended_by_sigterm(process)


def test_sigterm_is_ours_again_afterwards():
    from cnnlib.support.environment import python

    before = signal.getsignal(signal.SIGTERM)
    assert python("-c", "import sys; sys.exit(3)") == 3
    assert signal.getsignal(signal.SIGTERM) is before
