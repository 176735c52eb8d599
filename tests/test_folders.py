"""Folders that the environment names are the same ones in a shell, a kernel and a process."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from book import notebooks
from cnnlib import runs
from cnnlib.analysis import features
from cnnlib.support import folders, sources

ROOT = Path(__file__).parents[1]
ASKED = {
    "CNNLIB_DATA": sources.data_folder,
    "CNNLIB_RUNS": runs.runs_folder,
    "CNNLIB_CACHE": features.cache_folder,
}
SAY = (
    "from cnnlib.support.sources import data_folder; from cnnlib.store import runs_folder; "
    "from cnnlib.analysis.features import cache_folder; "
    "print(data_folder(), runs_folder(), cache_folder(), sep='\\n', flush=True)"
)
RELATIVE = dict(zip(ASKED, ("mine/data", "../runs", "./cache"), strict=True))


@pytest.fixture
def shell(tmp_path, monkeypatch):
    """A folder to work in, where each of the variables is relative; and what they mean there."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    for name, path in RELATIVE.items():
        monkeypatch.setenv(name, path)
    return [tmp_path / "here" / "mine" / "data", tmp_path / "runs", tmp_path / "here" / "cache"]


def test_every_variable_of_a_folder_is_known():
    assert set(ASKED) == set(folders.NAMES)


@pytest.mark.parametrize("settled_by", ["import", "use"])
def test_a_relative_folder_stays_where_it_was(settled_by, shell, tmp_path, monkeypatch):
    if settled_by == "import":
        folders.settle()
    else:
        assert [folder() for folder in ASKED.values()] == shell
    assert [Path(os.environ[name]) for name in ASKED] == shell
    monkeypatch.chdir(tmp_path)
    assert [folder() for folder in ASKED.values()] == shell


@pytest.mark.slow
def test_importing_the_library_settles_it(shell, tmp_path):
    code = f"import cnnlib, os; os.chdir({str(tmp_path)!r}); {SAY}"
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert [Path(line) for line in done.stdout.splitlines()] == shell


@pytest.mark.slow
@pytest.mark.parametrize("started_by", ["the front door", "a Jupyter from the shell"])
def test_a_kernel_sees_the_shells_folders(started_by, shell, tmp_path, monkeypatch):
    if started_by == "the front door":
        folders.settle()
        monkeypatch.delenv("PWD", raising=False)
    else:  # of which nobody has imported cnnlib yet
        monkeypatch.setenv("PWD", str(Path.cwd()))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    (tmp_path / "elsewhere").mkdir()
    path = tmp_path / "elsewhere" / "01_where.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(SAY)]), path)
    said = notebooks.execute(path).cells[0].outputs[0].text
    assert [Path(line) for line in said.splitlines()] == shell


@pytest.mark.parametrize("said", [None, ""])
def test_a_variable_that_says_nothing_means_the_usual_folder(said, tmp_path, monkeypatch):
    monkeypatch.delenv("CNNLIB_DATA", raising=False)
    if said is not None:
        monkeypatch.setenv("CNNLIB_DATA", said)
    assert folders.named_folder("CNNLIB_DATA", tmp_path) == tmp_path
    assert os.environ.get("CNNLIB_DATA") == said


def test_a_home_of_nobody_does_not_stop_the_import(monkeypatch):
    monkeypatch.setenv("CNNLIB_DATA", "~nobody-of-this-name/data")
    folders.settle()
    with pytest.raises(RuntimeError, match="home"):
        sources.data_folder()
