"""`python -m cnnlib start`: the notebooks in a folder of the reader's, whose work is kept."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from book import my_report
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


def cells(path):
    return json.loads(path.read_text("utf-8"))["cells"]


def there(folder):
    return sorted(path.name for path in folder.iterdir())


def test_the_notebooks_are_copied_and_lab_opens_there(tmp_path, lab, capsys):
    folder = tmp_path / "of my own" / "cnn"
    assert main.main(["start", str(folder), "--port=8889", "--no-browser"]) == 0
    assert there(folder) == CHAPTERS and len(CHAPTERS) == 26
    for name in CHAPTERS:
        mine, theirs = (cells(path / name) for path in (folder, ROOT / "notebooks"))
        assert [one["id"] for one in mine] == [one["id"] for one in theirs]
    first = "--LabApp.default_url=/lab/tree/00_start_here.ipynb"
    words = ("jupyterlab", first, "--port=8889", "--no-browser")
    assert lab == ["data", (words, folder)]
    assert capsys.readouterr().out == f"Notebooks: 26 copied to {folder}\n"


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_copy_gives_nothing_away_after_the_first_prediction(name):
    theirs = cells(ROOT / "notebooks" / name)
    mine = json.loads(chapters.unseen((ROOT / "notebooks" / name).read_text("utf-8")))["cells"]
    asks = ["cnnlib.predict_first(" in "".join(one["source"]) for one in theirs].index(True)
    assert mine[: asks + 1] == theirs[: asks + 1]  # the question itself, and what leads to it
    code = [one for one in mine[asks + 1 :] if one["cell_type"] == "code"]
    assert code and all(one["outputs"] == [] and not one["execution_count"] for one in code)
    changed = [a["id"] for a, b in zip(mine, theirs, strict=True) if a["source"] != b["source"]]
    assert len(changed) == (name == "23_your_report.ipynb")


def test_running_all_of_chapter_23_opens_no_test_set():
    made = json.loads(chapters.unseen((ROOT / "notebooks" / CHAPTERS[23]).read_text("utf-8")))
    code = ["".join(one["source"]) for one in made["cells"] if one["cell_type"] == "code"]
    opening = [one for one in code if re.search(r"\.test\b|final\(|confusion\(", one)]
    assert len(opening) == 2  # the two best, and their confusion matrices, which is a choice
    for one in opening:
        switch = re.match(r"([A-Z]+) = False .*\nif \1:\n( .*\n?)+$", one)
        assert switch, one


@pytest.mark.parametrize(
    ("words", "opened", "of_lab"),
    [
        ([], "cnnlib-notebooks/00_start_here", ()),
        (["5"], "cnnlib-notebooks/05_max_pooling", ()),
        (["05", "--port", "8889"], "cnnlib-notebooks/05_max_pooling", ("--port", "8889")),
        (["--port", "8889"], "cnnlib-notebooks/00_start_here", ("--port", "8889")),
        (["--book"], "notebooks/00_start_here", ()),
        (["21", "--book", "--no-browser"], "notebooks/21_tsne", ("--no-browser",)),
        (["--book", "21"], "notebooks/21_tsne", ()),
    ],
)
def test_lab_opens_a_chapter_of_the_readers_copy(tmp_path, lab, monkeypatch, words, opened, of_lab):
    monkeypatch.setattr(main, "ROOT", tmp_path)
    assert main.main(["lab", *words]) == 0
    first = f"--LabApp.default_url=/lab/tree/{opened}.ipynb"
    assert lab == ["data", (("jupyterlab", first, *of_lab), tmp_path)]
    assert (tmp_path / "cnnlib-notebooks").exists() == ("--book" not in words)


@pytest.mark.parametrize("number", ["99", "26", "05_max_pooling", "five", "²"])
def test_a_chapter_that_is_none_is_named(tmp_path, lab, monkeypatch, capsys, number):
    monkeypatch.setattr(main, "ROOT", tmp_path)
    assert main.main(["lab", number]) == 1 and lab == [] and not list(tmp_path.iterdir())
    said = capsys.readouterr().err
    assert said == f"error: no chapter has the number {number!r}: 00 to 25 are\n"


def test_a_report_is_made_of_the_readers_copy(tmp_path, monkeypatch):
    monkeypatch.setattr(my_report, "made_in", lambda: tmp_path)
    assert my_report.usual() == my_report.CHAPTER
    chapters.copied(tmp_path / chapters.MINE)
    assert my_report.usual() == tmp_path / "cnnlib-notebooks" / my_report.CHAPTER.name
    copy = nbformat.read(my_report.usual(), as_version=4)
    assert ("test set", "it is not opened yet: set TEST to True") in my_report.chosen(copy)[1]


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
        "missing are copied; for a fresh one rename yours, for all fresh ones name another folder\n"
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
    monkeypatch.setattr(main, "ROOT", tmp_path)
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
