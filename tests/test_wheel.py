"""`pip install .`, not editable: one wheel with library, runs and notebooks, used from elsewhere.

The wheel is built without a network from a copy of what it needs, installed in a folder of its
own, and used by processes of which only that folder is known: no clone, no Git, no make.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import pytest

from cnnlib.support import sources
from cnnlib.support.chapters import unseen

pytestmark = pytest.mark.slow


def for_others() -> bool:
    """May other users run this Python? Not where it lies in a closed folder, such as /root."""
    python = Path(sys.executable).resolve()
    return all(place.stat().st_mode & 0o001 for place in (python, *python.parents))


AS_ROOT = pytest.mark.skipif(
    getattr(os, "geteuid", int)() != 0 or os.name == "nt" or not for_others(),
    reason="changes the user, who has to be allowed to run this Python",
)
ROOT = Path(__file__).parents[1]
DATA = str(sources.data_folder())
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "-q")
NOBODY, UNKNOWN = 65534, 12345  # numbers of users
TRAINED_HERE = ("weights.safetensors", "network.onnx")  # of seeds other than 0
OWN = ("CNNLIB_DATA", "CNNLIB_RUNS", "CNNLIB_CACHE", "PYTHONPATH", "XDG_DATA_HOME", "MPLCONFIGDIR")

ASK = """
import json, cnnlib
from cnnlib.analysis.features import cache_folder
from cnnlib.store import check_writable, listed, runs_folder
from cnnlib.support.sources import fetch
def said(call):
    try:
        return str(call())
    except Exception as error:
        return str(error)
one = cnnlib.run("maxpool", train=False)
one.model()
print(json.dumps({
    "library": cnnlib.__file__, "run": str(one.folder), "acc": one.metrics["val_acc"],
    "seeds": cnnlib.stored_seeds("maxpool"), "runs": len(listed()), "store": said(runs_folder),
    "cache": said(cache_folder), "writable": said(check_writable),
    "fetched": said(lambda: fetch(say=str))}))
"""

TRAIN = """
import json
from types import SimpleNamespace
import cnnlib
from cnnlib import runs
from cnnlib.analysis.finals import final
data = cnnlib.load()
runs.load = lambda split="holdout": SimpleNamespace(train=data.train[:64], val=data.val[:50])
again = cnnlib.run("maxpool", retrain=True, verbose=False)
tested = cnnlib.run("dropout", train=False)
figures = final(tested)
print(json.dumps({
    "again": str(again.folder), "later": str(cnnlib.run("maxpool").folder),
    "other": str(cnnlib.run("maxpool", 1).folder), "tested": str(tested.folder),
    "same": final(tested).acc == final(cnnlib.run("dropout")).acc == figures.acc,
    "openings": data.test_openings}))
"""

# where training would store, and where a run is found
LOOK = """
from cnnlib import store
store.check_writable()
(name,) = [name for name, parts in store.listed().items() if parts[:2] == ("{}", 0)]
print(store.found(name))
"""


@pytest.fixture(scope="module")
def place():
    """A folder that other users can see, which pytest's own are not."""
    with tempfile.TemporaryDirectory(prefix="wheel-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder).resolve()


@pytest.fixture(scope="module")
def wheel(place):
    """The wheel, from a copy of the sources: building writes beside them."""
    copy = place / "sources"
    for name in ("cnnlib", "book", "notebooks", "runs"):
        ignored = shutil.ignore_patterns("__pycache__", ".*")
        shutil.copytree(ROOT / name, copy / name, ignore=ignored)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    # weights that were trained here, and what a crash left, are not to be shipped
    (one,) = copy.glob("runs/baseline-seed1-*")
    (one / "weights.safetensors").write_bytes(b"mine")
    shutil.copytree(one, one.with_name(f".old-{one.name}@1"))
    (copy / "notebooks" / "Untitled.ipynb").write_text("{}")
    offline = ("--no-build-isolation", "--no-deps", "--no-index")
    subprocess.run([*PIP, "wheel", *offline, "-w", place / "made", copy], check=True)
    (made,) = (place / "made").iterdir()
    return made


@pytest.fixture(scope="module")
def installed(wheel, place):
    words = ("install", "--no-deps", "--no-index", "--target", place / "installed", wheel)
    subprocess.run([*PIP, *words], check=True)
    return place / "installed" / "cnnlib"


@pytest.fixture
def elsewhere(place):
    """A folder to work in that has nothing to do with a clone, and a home beside it."""
    folder = Path(tempfile.mkdtemp(dir=place))
    folder.chmod(0o755)
    for name in ("home", "work"):
        (folder / name).mkdir()
    return folder


def called(installed, elsewhere, *words, user=None, **own):
    """A process that knows the installed package alone; a value of None takes a variable away."""
    env = {name: value for name, value in os.environ.items() if name not in OWN}
    env |= {"PYTHONPATH": str(installed.parent), "HOME": str(elsewhere / "home"), **own}
    env = {name: value for name, value in env.items() if value is not None}
    identity = {} if user is None else dict(user=user, group=user, extra_groups=[])
    return subprocess.run(
        [sys.executable, "-P", *words], cwd=elsewhere / "work", env=env, check=False,
        capture_output=True, text=True, errors="replace", **identity,
    )  # fmt: skip


def answers(done):
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


MAXPOOL_SEEDS = sorted(int(p.name.split("-")[1][4:]) for p in (ROOT / "runs").glob("maxpool-seed*"))


def files(pattern):
    """Names of files of the clone, as in the wheel."""
    found = {p.relative_to(ROOT).as_posix() for p in ROOT.glob(pattern) if p.is_file()}
    return {name for name in found if not re.search(r"__pycache__|/\.", name)}


def test_a_wheel_carries_library_runs_and_notebooks(wheel):
    assert wheel.name.endswith("-py3-none-any.whl") and wheel.stat().st_size < 35e6
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    shipped = {name for name in names if name.startswith("cnnlib/shipped/")}
    runs = {
        name
        for name in files("runs/*-seed*-*/*")
        if "-seed0-" in name or not name.endswith(TRAINED_HERE)
    }
    notebooks, book = files("notebooks/[0-9][0-9]_*.ipynb"), files("book/**/*")
    assert len(runs) > 700 and len(notebooks) == 26
    of_pages = re.compile(r"\.(md|toml)$|^book/templates/")  # these are rendered in a clone alone
    expected = runs | notebooks | {name for name in book if not of_pages.search(name)}
    assert {name.removeprefix("cnnlib/shipped/") for name in shipped} == expected
    assert names - shipped == files("cnnlib/**/*")


def test_an_installed_package_finds_its_runs_and_the_users_folders(installed, elsewhere):
    found = answers(called(installed, elsewhere, "-c", ASK, CNNLIB_DATA=DATA))
    shipped, own = installed / "shipped" / "runs", elsewhere / "home" / ".local" / "share"
    assert Path(found["library"]) == installed / "__init__.py"
    assert Path(found["run"]).parent == shipped and found["acc"] > 0.9
    assert found["seeds"] == MAXPOOL_SEEDS
    assert found["runs"] == len(list(shipped.iterdir())) > 200
    if sys.platform == "linux":
        assert Path(found["store"]) == own / "cnnlib" / "runs"
        assert Path(found["cache"]) == elsewhere / "home" / ".cache" / "cnnlib"
    assert found["writable"] == "None" and Path(found["fetched"]).is_relative_to(DATA)


def test_new_and_retrained_runs_go_to_the_store(installed, elsewhere):
    store, shipped = elsewhere / "my runs", installed / "shipped" / "runs"
    before = {path: path.stat().st_mtime_ns for path in installed.rglob("*")}
    own = dict(CNNLIB_DATA=DATA, CNNLIB_RUNS=str(store), PYTHONDONTWRITEBYTECODE="1")
    found = answers(called(installed, elsewhere, "-c", TRAIN, **own))
    assert found["again"] == found["later"] and Path(found["again"]).parent == store
    assert Path(found["other"]).parent == Path(found["tested"]).parent == shipped
    assert found["same"] and found["openings"] == 1  # kept in a copy of the run, in the store
    assert {path.name.split("-seed")[0] for path in store.iterdir()} == {"maxpool", "dropout"}
    assert {path: path.stat().st_mtime_ns for path in installed.rglob("*")} == before


def test_the_front_door_of_an_installed_package(installed, elsewhere):
    done = called(installed, elsewhere, "-m", "cnnlib", PYTHONIOENCODING="ascii")
    assert done.returncode == 0 and "  start " in done.stdout and "  report " not in done.stdout
    done = called(installed, elsewhere, "-m", "cnnlib", "start", "--no-lab")
    folder = elsewhere / "work" / "cnnlib-notebooks"
    assert (done.returncode, done.stdout) == (0, f"Notebooks: 26 copied to {folder}\n")
    chapters = {path.name: path.read_bytes() for path in folder.iterdir()}
    shipped = ROOT.glob("notebooks/[0-9][0-9]_*.ipynb")
    assert chapters == {p.name: unseen(p.read_text("utf-8")).encode() for p in shipped}
    done = called(installed, elsewhere, "-m", "cnnlib", "report")
    assert done.returncode == 1 and done.stderr.startswith("error: report needs a clone")


def test_my_report_is_made_where_the_reader_is(installed, elsewhere):
    called(installed, elsewhere, "-m", "cnnlib", "start", ".", "--no-lab")
    notebook = elsewhere / "work" / "23_your_report.ipynb"
    words = json.loads(notebook.read_text("utf-8"))
    words["cells"] = [cell for cell in words["cells"] if cell["cell_type"] == "markdown"]
    notebook.write_text(json.dumps(words), "utf-8")
    own = dict(CNNLIB_DATA=DATA, PYTHONIOENCODING="ascii")
    done = called(installed, elsewhere, "-m", "cnnlib", "my-report", **own)
    assert done.returncode == 0, done.stderr
    made = elsewhere / "work" / "report" / "my-report"
    assert {path.name for path in made.iterdir()} >= {"my-report.html", "my-report.pdf"}


@AS_ROOT
@pytest.mark.parametrize("user, home", [(NOBODY, "/root"), (NOBODY, None), (UNKNOWN, None)])
def test_another_user_reads_the_runs_and_is_told_what_to_set(installed, elsewhere, user, home):
    """A container's user often has no home, or another one's, or is unknown to the system."""
    own = dict(HOME=home, PYTHONIOENCODING="ascii", PYTHONDONTWRITEBYTECODE="1")
    found = answers(called(installed, elsewhere, "-c", ASK, user=user, **own))
    assert Path(found["library"]) == installed / "__init__.py"
    assert found["acc"] > 0.9 and found["seeds"] == MAXPOOL_SEEDS
    for said, name in ((found["writable"], "CNNLIB_RUNS"), (found["fetched"], "CNNLIB_DATA")):
        assert f"set {name} to a folder " in said and "\n" not in said
    done = called(installed, elsewhere, "-m", "cnnlib", "start", user=user, **own)
    assert done.returncode == 1 and done.stderr.startswith("error: the notebooks cannot be copied")
    own["CNNLIB_RUNS"] = str(given_to(user, elsewhere / "runs"))
    done = called(installed, elsewhere, "-c", LOOK.format("maxpool"), user=user, **own)
    assert Path(done.stdout.strip()).parent == installed / "shipped" / "runs"


@AS_ROOT
def test_a_clone_that_may_only_be_read_is_used_with_a_store_elsewhere(wheel, place, elsewhere):
    package, runs = place / "sources" / "cnnlib", place / "sources" / "runs"
    own = dict(PYTHONDONTWRITEBYTECODE="1", CNNLIB_RUNS=None)
    done = called(package, elsewhere, "-c", LOOK.format("maxpool"), user=NOBODY, **own)
    assert f"runs cannot be stored in {runs} (Permission denied)" in done.stderr
    own["CNNLIB_RUNS"] = str(given_to(NOBODY, elsewhere / "runs"))
    done = called(package, elsewhere, "-c", LOOK.format("maxpool"), user=NOBODY, **own)
    assert Path(done.stdout.strip()).parent == runs


def given_to(user, folder):
    folder.mkdir()
    os.chown(folder, user, user)
    return folder
