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
    assert set(ASKED) == set(folders.USUAL)


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
def test_a_variable_that_says_nothing_means_the_usual_folder(said, monkeypatch):
    monkeypatch.delenv("CNNLIB_DATA", raising=False)
    if said is not None:
        monkeypatch.setenv("CNNLIB_DATA", said)
    assert folders.named_folder("CNNLIB_DATA") == ROOT / "data"
    assert os.environ.get("CNNLIB_DATA") == said


def test_a_home_of_nobody_does_not_stop_the_import(monkeypatch):
    monkeypatch.setenv("CNNLIB_DATA", "~nobody-of-this-name/data")
    folders.settle()
    with pytest.raises(RuntimeError, match="home"):
        sources.data_folder()


# An installed wheel ---------------------------------------------------------------------------


@pytest.fixture
def wheel(monkeypatch, tmp_path):
    monkeypatch.setattr(folders, "INSTALLED", True)
    for name in (*ASKED, "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


@pytest.mark.skipif(sys.platform != "linux", reason="platformdirs knows the other systems' places")
def test_a_wheel_writes_to_the_users_own_folders(wheel, tmp_path):
    own = tmp_path / "home" / ".local" / "share" / "cnnlib"
    found = {name: folder() for name, folder in ASKED.items()}
    assert found == {
        "CNNLIB_DATA": own / "data",
        "CNNLIB_RUNS": own / "runs",
        "CNNLIB_CACHE": tmp_path / "home" / ".cache" / "cnnlib",
    }
    assert not set(ASKED) & set(os.environ) and not (tmp_path / "home").exists()


def test_named_folders_are_a_wheels_too(wheel, tmp_path, monkeypatch):
    for name, folder in ASKED.items():
        monkeypatch.setenv(name, str(tmp_path / name))
        assert folder() == tmp_path / name


@pytest.mark.parametrize("edition", ["raises", "gives it back as it is"])
@pytest.mark.parametrize("name", ASKED)
def test_a_user_without_a_home_gets_one_sentence(wheel, monkeypatch, name, edition):
    """Editions of platformdirs differ in what they make of a user whom the system does not know."""

    def unknown(self):
        if edition == "raises":
            raise RuntimeError("could not determine the home directory")
        return Path("~/.local/share/cnnlib")

    import platformdirs

    for place in ("user_data_path", "user_cache_path"):
        monkeypatch.setattr(platformdirs.PlatformDirs, place, property(unknown))
    with pytest.raises(RuntimeError, match=rf"knows no home folder of this user: set {name} to"):
        ASKED[name]()
    folders.settle()  # importing goes on
