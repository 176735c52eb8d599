"""`python -m cnnlib start`: the notebooks in a folder of the reader's, whose work is kept."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cnnlib import __main__ as main
from cnnlib.support import chapters

ROOT = Path(__file__).parents[1]
CHAPTERS = sorted(path.name for path in (ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))


@pytest.fixture
def lab(tmp_path_factory, monkeypatch):
    """What JupyterLab would have been started with; the data are there."""
    calls = []
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
    monkeypatch.setattr(main, "prepare", lambda: calls.append("data"))
    monkeypatch.setattr(main, "ours", lambda *words, folder: calls.append((words, folder)) or 0)
    monkeypatch.setattr(main, "environment_is_ready", lambda: True)
    return calls


def there(folder):
    return sorted(path.name for path in folder.iterdir())


def test_the_notebooks_are_copied_and_lab_opens_there(tmp_path, lab, capsys):
    folder = tmp_path / "of my own" / "cnn"
    assert main.main(["start", str(folder), "--port=8889", "--no-browser"]) == 0
    assert there(folder) == CHAPTERS and len(CHAPTERS) == 26
    for name in CHAPTERS:
        assert (folder / name).read_bytes() == (ROOT / "notebooks" / name).read_bytes()
    first = "--LabApp.default_url=/lab/tree/00_start_here.ipynb"
    words = ("jupyterlab", first, "--port=8889", "--no-browser")
    assert lab == ["data", (words, folder)]
    assert capsys.readouterr().out == f"Notebooks: 26 copied to {folder}\n"


def test_without_a_name_the_folder_is_made_where_the_reader_is(tmp_path, lab, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main.main(["start", "--no-lab"]) == 0 and lab == []
    assert there(tmp_path / "cnnlib-notebooks") == CHAPTERS


@pytest.mark.parametrize("kind", ["edited", "emptied", "a link to nothing", "a folder"])
def test_a_readers_work_is_never_overwritten(tmp_path, lab, capsys, kind):
    main.main(["start", str(tmp_path), "--no-lab"])
    mine, gone = tmp_path / CHAPTERS[5], tmp_path / CHAPTERS[6]
    mine.unlink()
    gone.unlink()
    if kind == "a folder":
        mine.mkdir()
    elif kind == "a link to nothing":
        mine.symlink_to(tmp_path / "elsewhere")
    else:
        mine.write_text("my answers" if kind == "edited" else "")
    (tmp_path / "notes.txt").write_text("mine")
    before = os.lstat(mine).st_mtime_ns
    capsys.readouterr()
    assert main.main(["start", str(tmp_path)]) == 0
    assert os.lstat(mine).st_mtime_ns == before and gone.is_file()
    assert there(tmp_path) == sorted([*CHAPTERS, "notes.txt"])
    assert capsys.readouterr().out == (
        f"Notebooks: {tmp_path} has 25 of them, which are left as they are, and 1 that were "
        "missing are copied; for fresh ones name another folder\n"
    )
    assert lab[-1][1] == tmp_path  # and the reader goes on there


def test_without_jupyter_the_notebooks_are_copied_all_the_same(tmp_path, lab, capsys, monkeypatch):
    monkeypatch.setattr(chapters, "lacks", lambda package: package == "jupyterlab")
    assert main.main(["start", str(tmp_path)]) == 0
    assert there(tmp_path) == CHAPTERS and lab == []
    said = capsys.readouterr().out.splitlines()
    assert said[1:] == [
        f"JupyterLab is not installed here: open {tmp_path / CHAPTERS[0]} in what you have"
    ]


@pytest.mark.parametrize("kind", ["a file", "below a file", "a name that is too long", "/proc"])
def test_a_folder_that_cannot_be_is_one_sentence(tmp_path, lab, capsys, kind):
    (tmp_path / "file").write_text("mine")
    folder = {
        "a file": tmp_path / "file",
        "below a file": tmp_path / "file" / "below",
        "a name that is too long": tmp_path / ("x" * 300),
        "/proc": Path("/proc/notebooks"),
    }[kind]
    assert main.main(["start", str(folder)]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"error: the notebooks cannot be copied to {folder} (")
    assert said.endswith("name another folder: python -m cnnlib start FOLDER\n")
    assert said.count("\n") == 1 and lab == [] and (tmp_path / "file").read_text() == "mine"


def test_a_copy_that_is_interrupted_leaves_no_half_of_a_notebook(tmp_path, lab, monkeypatch):
    real = Path.write_bytes

    def full(path, content):
        if path.name == CHAPTERS[3]:
            real(path, content[:100])
            raise OSError(28, "No space left on device")
        return real(path, content)

    monkeypatch.setattr(Path, "write_bytes", full)
    assert main.main(["start", str(tmp_path)]) == 1
    assert there(tmp_path) == CHAPTERS[:3]
    monkeypatch.undo()
    assert "3 of them" in chapters.copied(tmp_path) and there(tmp_path) == CHAPTERS


def test_copying_needs_only_the_standard_library(tmp_path):
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); from pathlib import Path; "
        "from cnnlib.support import chapters; print(chapters.copied(Path(sys.argv[2])))"
    )
    subprocess.run([sys.executable, "-I", "-S", "-c", code, ROOT, tmp_path], check=True)
    assert there(tmp_path) == CHAPTERS


@pytest.mark.parametrize("words", [["lab"], ["start", "FOLDER"]], ids=["lab", "start"])
def test_a_user_for_whom_jupyter_has_no_place_is_told_so(tmp_path, lab, capsys, monkeypatch, words):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "file" / "runtime"))
    monkeypatch.chdir(tmp_path)
    assert main.main(words) == 1 and lab == ["data"]
    said = capsys.readouterr().err
    assert said.startswith("error: JupyterLab cannot keep its own files in ")
    assert "set HOME or JUPYTER_RUNTIME_DIR" in said and said.count("\n") == 1


# What holds for a wheel alone ------------------------------------------------------------------


def test_a_wheel_offers_what_it_can_do(monkeypatch, capsys):
    monkeypatch.setattr(main, "INSTALLED", True)
    main.main([])
    listed = capsys.readouterr().out
    assert all((f"  {name} " in listed) == (name in main.OF_A_WHEEL) for name in main.COMMANDS)
    for name in sorted(set(main.COMMANDS) - set(main.OF_A_WHEEL)):
        assert main.main([name]) == 1
        said = capsys.readouterr().err
        assert said.startswith(f"error: {name} needs a clone") and said.count("\n") == 1


def test_a_wheel_sets_nothing_up(monkeypatch, tmp_path):
    monkeypatch.setattr(main, "INSTALLED", True)
    monkeypatch.setattr(main, "environment_is_ready", lambda: pytest.fail("asked"))
    assert main.main(["start", str(tmp_path), "--no-lab"]) == 0


def test_a_report_without_its_packages_says_which_to_install(monkeypatch, capsys):
    monkeypatch.setattr(main, "INSTALLED", True)
    monkeypatch.setattr(chapters, "lacks", lambda package: package == "typst")
    assert main.main(["my-report"]) == 1
    assert '-m pip install "cnnlib[book]"\n' in capsys.readouterr().err
