"""`make report`: a chapter that fails, Ctrl-C, two at once, and what is kept for the next time."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import nbformat
import psutil
import pytest
import report_of
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from book import build, kept, notebooks

pytestmark = pytest.mark.slow  # starts kernels

HERE = Path(__file__).parent
DIE = "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"
FAULTS = {
    "an error cell": ("1 / 0", "cell 2 of 2 (1 / 0) stopped with ZeroDivisionError"),
    "a kernel that died": (DIE, "cell 2 of 2 (import os, signal) stopped with a kernel that died"),
    "damaged JSON": (b'{"cells": [', "02_middle.ipynb is not a notebook that can be read"),
    "an empty file": (b"", "02_middle.ipynb is not a notebook that can be read"),
    "not UTF-8": (b"\xff\xfe\x00", "02_middle.ipynb is not a notebook that can be read"),
    "a list": (b"[]", "02_middle.ipynb is not a notebook that can be read"),
    "a folder": (None, "02_middle.ipynb cannot be read: Is a directory"),
}


def write(path, code):
    if code is None:
        path.mkdir()
    elif isinstance(code, bytes):
        path.write_bytes(code)
    else:
        cells = [new_markdown_cell(f"# {path.stem}"), new_code_cell(code)]
        nbformat.write(new_notebook(cells=cells), path)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A workbook of two chapters, of which a report takes a few seconds."""
    (tmp_path / "notebooks").mkdir()
    write(tmp_path / "notebooks" / "01_first.ipynb", "print('first')")
    write(tmp_path / "notebooks" / "03_last.ipynb", "print('last')")
    for module, name, value in report_of.paths(tmp_path):
        monkeypatch.setattr(module, name, value)
    monkeypatch.setattr(build, "surroundings", lambda: "the same")
    return tmp_path


@pytest.mark.parametrize("fault", FAULTS)
def test_a_chapter_that_fails_is_named_and_the_others_go_on(fault, folder, capsys):
    code, words = FAULTS[fault]
    write(folder / "notebooks" / "02_middle.ipynb", code)
    assert build.report(target=folder / "report") == 1
    first, second = capsys.readouterr().err.splitlines()
    assert first == "error: 1 of 3 chapters failed:"
    assert second.startswith("  02_middle: ") and words in second
    pages = {p.stem: p.read_text("utf-8") for p in (folder / "report").glob("*.ipynb")}
    assert "first\\n" in pages["01_first"] and "last\\n" in pages["03_last"]
    assert "This chapter is not here" in pages["02_middle"]


@pytest.mark.parametrize("fault", ["damaged JSON", "a folder"])
def test_a_stored_chapter_that_fails_is_named_and_the_others_go_on(fault, folder, capsys):
    write(folder / "notebooks" / "02_middle.ipynb", FAULTS[fault][0])
    assert build.report(stored=True, target=folder / "report") == 1
    assert FAULTS[fault][1] in capsys.readouterr().err
    assert (folder / "report" / "03_last.ipynb").is_file()


def test_refreshing_leaves_a_chapter_that_fails_as_it_was(folder, capsys):
    write(folder / "notebooks" / "02_middle.ipynb", "1 / 0")
    before = (folder / "notebooks" / "02_middle.ipynb").read_bytes()
    assert build.refresh([]) == 1
    assert "  02_middle: cell 2 of 2 (1 / 0) stopped with" in capsys.readouterr().err
    assert (folder / "notebooks" / "02_middle.ipynb").read_bytes() == before
    assert "last\\n" in (folder / "notebooks" / "03_last.ipynb").read_text("utf-8")


def test_jupyters_copies_are_no_chapters(folder):
    for name in ("01_first-Copy1", "Untitled", "Untitled1", "02_", "2_second", "notes 01_first"):
        write(folder / "notebooks" / f"{name}.ipynb", "1 / 0")
    assert [path.stem for path in notebooks.chapters()] == ["01_first", "03_last"]


# Kept by content -----------------------------------------------------------------------------


@pytest.fixture
def executed(folder, monkeypatch):
    """The names of the chapters that a report executes."""
    names = []

    def execute(path, **settings):
        names.append(path.stem)
        return notebooks.read(path)

    monkeypatch.setattr(kept, "executed", execute)
    return names


def test_nothing_changed_executes_and_renders_nothing(folder, executed, monkeypatch):
    assert build.report(target=folder / "report") == 0 and executed == ["01_first", "03_last"]
    monkeypatch.setattr(build, "_rendered", lambda strict: pytest.fail("rendered again"))
    assert build.report(target=folder / "report") == 0 and len(executed) == 2
    (folder / "report" / "01_first.ipynb").unlink()  # a page that is gone is made again
    monkeypatch.setattr(build, "_rendered", report_of.rendered)
    assert build.report(target=folder / "report") == 0 and len(executed) == 2
    assert (folder / "report" / "01_first.ipynb").is_file()


def test_a_changed_chapter_alone_is_executed_and_only_the_latest_is_kept(folder, executed):
    for code in ("1", "2"):
        write(folder / "notebooks" / "01_first.ipynb", code)
        build.report(target=folder / "report")
    assert executed == ["01_first", "03_last", "01_first"]
    assert len(list(kept.KEPT.iterdir())) == 2
    assert '"2"' in (folder / "report" / "01_first.ipynb").read_text("utf-8")


@pytest.mark.parametrize("content", [b"", b"{", b'{"cells": [', b"\xff"])
def test_a_damaged_kept_notebook_is_executed_again(content, folder, executed):
    build.report(target=folder / "report")
    for file in kept.KEPT.glob("01_first-*"):
        file.write_bytes(content)
    assert build.report(target=folder / "report") == 0
    assert executed == ["01_first", "03_last", "01_first"]


def test_a_chapter_that_failed_is_not_kept(folder):
    write(folder / "notebooks" / "01_first.ipynb", "1 / 0")
    assert [build.report(target=folder / "report") for _ in range(2)] == [1, 1]
    assert [file.name[:8] for file in kept.KEPT.iterdir()] == ["03_last-"]


CHANGES = ["library", "record", "new run", "module beside", "package", "setting"]


@pytest.mark.parametrize("change", CHANGES)
def test_what_outputs_depend_on_is_in_the_key(change, tmp_path, monkeypatch):
    for name in ("cnnlib/a.py", "runs/net-seed0/run.json", "notebooks/helper.py"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text("before")
    monkeypatch.setattr(kept, "ROOT", tmp_path)
    monkeypatch.setattr(kept, "NOTEBOOKS", tmp_path / "notebooks")
    monkeypatch.setenv("CNNLIB_RUNS", str(tmp_path / "runs"))
    before = kept.surroundings()
    (tmp_path / "cnnlib" / "__pycache__").mkdir()
    (tmp_path / "cnnlib" / "__pycache__" / "a.pyc").write_text("made by Python")
    (tmp_path / "notebooks" / "Untitled.ipynb").write_text("another notebook")
    assert kept.surroundings() == before
    files = dict(zip(CHANGES, ("cnnlib/a.py", "runs/net-seed0/run.json"), strict=False))
    files |= {"new run": "runs/other-run.json", "module beside": "notebooks/helper.py"}
    if change in files:
        (tmp_path / files[change]).write_text("after")
    elif change == "setting":
        monkeypatch.setenv("CNNLIB_DPI", "37")
    else:
        monkeypatch.setattr(kept.importlib.metadata, "distributions", lambda: [])
    assert kept.surroundings() != before


# Ctrl-C, and two at once ---------------------------------------------------------------------


def start(folder):
    return subprocess.Popen(
        [sys.executable, HERE / "report_of.py", folder],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(HERE.parent), str(HERE)])},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def until(process, words):
    """Read what a process prints until it has printed these words."""
    said = ""
    while words not in said:
        said += (one := process.stdout.read(1))
        assert one, f"ended after {said} {process.stderr.read()}"


def until_there(path):
    while not path.exists():
        signal.sigtimedwait([], 0.05)


@pytest.mark.skipif(os.name == "nt", reason="Windows has other signals")
def test_ctrl_c_is_one_line_and_status_130(folder):
    there = folder / "there"
    write(
        folder / "notebooks" / "01_first.ipynb",
        f"import time, pathlib\npathlib.Path({str(there)!r}).touch()\ntime.sleep(600)",
    )
    process = start(folder)
    until_there(there)
    children = psutil.Process(process.pid).children(recursive=True)
    assert children  # the kernel
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=300)
    assert (process.returncode, said) == (130, "\nStopped. What was finished is kept.\n")
    assert not psutil.wait_procs(children, timeout=200)[1]


def test_the_second_of_two_waits_and_says_so(folder):
    there, go = folder / "there", folder / "go"
    code = (
        f"import time, pathlib\npathlib.Path({str(there)!r}).touch()\n"
        f"while not pathlib.Path({str(go)!r}).exists():\n    time.sleep(0.05)"
    )
    write(folder / "notebooks" / "01_first.ipynb", code)
    one = start(folder)
    until_there(there)
    two = start(folder)
    until(two, "Another report is being made in this folder; waiting until it is done.")
    assert one.poll() is None and two.poll() is None
    go.touch()
    assert [p.communicate(timeout=600)[1] for p in (one, two)] == ["", ""]
    assert (one.returncode, two.returncode) == (0, 0)


def test_jupyters_copies_are_not_tested(tmp_path):
    for name in ("23_your_report-Copy1.ipynb", "Untitled.ipynb", "05_own.ipynb"):
        write(tmp_path / name, "1")
    words = ["--collect-only", "-q", "--rootdir", HERE.parent, "-c", HERE.parent / "pyproject.toml"]
    words += ["--numprocesses=0", f"--confcutdir={tmp_path}", "-p", "conftest", tmp_path]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words],
        cwd=HERE.parent, capture_output=True, text=True, check=False,
    )  # fmt: skip
    collected = [line for line in done.stdout.splitlines() if "::" in line]
    assert len(collected) == 1 and "05_own.ipynb" in collected[0], done.stdout + done.stderr
