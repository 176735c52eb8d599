"""Set-up: whatever lies in .venv heals itself, or one sentence says what to delete.

The folders are real, and so is the Python in them; only pip is made up, so no network is needed.
"""

import importlib.metadata
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import venv
from pathlib import Path

import pytest

from cnnlib import __main__ as main
from cnnlib.support import environment

PIP = """
import os, pathlib, sys
if sys.argv[1] == "install":
    with open(os.environ["PIP_CALLS"], "a") as calls:
        calls.write("install\\n")
    for package in os.environ["PIP_GIVES"].split():
        folder = pathlib.Path(__file__).parents[1] / (package.replace("-", "_") + "-1.dist-info")
        folder.mkdir(exist_ok=True)
        (folder / "METADATA").write_text(f"Name: {package}\\nVersion: 1\\n")
    sys.exit(int(os.environ["PIP_ENDS"]))
"""


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """A folder with a pyproject.toml and no .venv, and a Python whose venvs get the made-up pip."""
    folder = tmp_path / "clone"
    folder.mkdir()
    (folder / "pyproject.toml").write_text("[project]")
    place(folder, monkeypatch)
    monkeypatch.setenv("PIP_CALLS", str(tmp_path / "calls"))
    monkeypatch.setenv("PIP_GIVES", " ".join(environment.NEEDED))
    monkeypatch.setenv("PIP_ENDS", "0")
    monkeypatch.delenv("PYTHONPATH", raising=False)
    monkeypatch.setattr(environment.venv, "create", create)
    return folder


def place(folder, monkeypatch):
    env = folder / ".venv"
    places = dict(ROOT=folder, ENV=env, STAMP=env / "installed-for", UNFINISHED=env / "installing")
    places["PYTHON"] = env / environment.PYTHON.relative_to(environment.ENV)
    places["DELETE"] = f"delete {env}"
    for name, value in places.items():
        monkeypatch.setattr(environment, name, value)


def create(env, clear, with_pip):
    venv.EnvBuilder(clear=clear, symlinks=os.name != "nt").create(env)
    pip = site_packages(env) / "pip"
    pip.mkdir()
    (pip / "__main__.py").write_text(PIP)


def site_packages(env):
    return next(env.rglob("site-packages"))


def installations():
    calls = Path(os.environ["PIP_CALLS"])
    return calls.read_text().count("install") if calls.exists() else 0


def set_up(code=0):
    """Set up from a Python outside, as the reader does; how often pip was called so far."""
    assert environment.set_up() == code
    return installations()


def test_setting_up_installs_once_and_again_for_a_changed_project(clone):
    assert set_up() == 1 and set_up() == 1
    (clone / "pyproject.toml").write_text("[project]  # changed")
    assert set_up() == 2
    assert environment.stamped()


def no_pip(env):
    shutil.rmtree(site_packages(env) / "pip")


def damaged_pip(env):
    (site_packages(env) / "pip" / "__main__.py").write_text("import nothing_there")


def no_packages(env):
    for folder in site_packages(env).glob("*.dist-info"):
        shutil.rmtree(folder)


def another_version(env):
    lib = site_packages(env).parent
    lib.rename(lib.with_name("python3.2"))


def no_python(env):
    environment.PYTHON.unlink()


def dead_python(env):
    environment.PYTHON.unlink()
    environment.PYTHON.symlink_to(env / "uninstalled")


def python_that_cannot_start(env):
    environment.PYTHON.unlink()
    environment.PYTHON.write_text("#!/bin/sh\nexit 127\n")
    environment.PYTHON.chmod(0o755)


def not_a_program(env):
    environment.PYTHON.unlink()
    environment.PYTHON.write_bytes(b"")


def killed_in_pip(env):
    (env / "installing").touch()
    (env / "installed-for").unlink()


def killed_before_anything(env):
    shutil.rmtree(env)
    env.mkdir()


def no_stamp(env):
    (env / "installed-for").unlink()


def damaged_stamp(env):
    (env / "installed-for").write_bytes(b"\xff\x00\n")


WOUNDS = (no_pip, damaged_pip, no_packages, another_version, no_python, dead_python)
WOUNDS += (python_that_cannot_start, not_a_program, killed_in_pip, killed_before_anything)
WOUNDS += (no_stamp, damaged_stamp)


@pytest.mark.slow
@pytest.mark.parametrize("wound", WOUNDS)
def test_a_half_made_environment_heals(clone, wound):
    set_up()
    wound(environment.ENV)
    if wound in (no_pip, damaged_pip):  # seen when pip is wanted: the rest works without it
        no_stamp(environment.ENV)
    assert set_up() == 2 and environment.stamped()
    assert not environment.lacks(*environment.NEEDED)
    assert set_up() == 2


def test_a_copied_clone_is_set_up_anew_and_the_first_one_is_left(clone, monkeypatch):
    set_up()
    copy = clone.with_name("copy")
    shutil.copytree(clone, copy, symlinks=True)
    (copy / ".venv" / "of-the-old-one").touch()
    place(copy, monkeypatch)
    assert not environment.stamped()
    assert set_up() == 2 and environment.stamped()
    assert not (copy / ".venv" / "of-the-old-one").exists()
    place(clone, monkeypatch)
    assert environment.stamped() and set_up() == 2


def test_a_moved_clone_is_set_up_anew(clone, monkeypatch):
    set_up()
    moved = clone.rename(clone.with_name("moved"))
    place(moved, monkeypatch)
    assert set_up() == 2 and environment.stamped()


@pytest.mark.parametrize("made", ["a file", "a folder of something else"])
def test_what_is_not_ours_is_named_and_kept(clone, made):
    thing = environment.ENV
    if made != "a file":
        thing.mkdir()
        thing /= "notes.txt"
    thing.write_text("mine")
    with pytest.raises(RuntimeError, match=r"cannot be used .*: delete .*\.venv"):
        environment.set_up()
    assert thing.read_text() == "mine"


def test_an_environment_does_not_delete_itself(clone, monkeypatch):
    set_up()
    killed_in_pip(environment.ENV)
    monkeypatch.setattr(sys, "prefix", str(environment.ENV))
    with pytest.raises(RuntimeError, match=r"\(its installation was interrupted\): delete"):
        environment.set_up()
    assert environment.PYTHON.exists()


def test_a_failed_installation_is_tried_again(clone, monkeypatch, capsys):
    monkeypatch.setenv("PIP_ENDS", "1")
    assert set_up(code=1) == 1 and not environment.stamped()
    assert "installation failed" in capsys.readouterr().err
    monkeypatch.setenv("PIP_ENDS", "0")
    assert set_up() == 2 and environment.stamped()


def test_an_installation_that_installs_nothing_is_named(clone, monkeypatch):
    monkeypatch.setenv("PIP_GIVES", "cnnlib")
    with pytest.raises(RuntimeError, match="torch is missing in it: delete"):
        environment.set_up()
    assert not environment.stamped()


@pytest.mark.parametrize("error", [OSError("disk full"), subprocess.CalledProcessError(1, "pip")])
def test_what_stops_the_making_of_the_folder_is_one_sentence(clone, monkeypatch, error):
    monkeypatch.setattr(environment.venv, "create", raising(error))
    with pytest.raises(RuntimeError, match="the set-up could not be made"):
        environment.set_up()


def test_an_interrupted_set_up_says_so_and_recovers(clone, monkeypatch, capsys):
    monkeypatch.setattr(environment.venv, "create", raising(KeyboardInterrupt()))
    assert environment.set_up() == 130
    assert capsys.readouterr().err == "\nStopped during the set-up; the next call makes it anew.\n"
    monkeypatch.setattr(environment.venv, "create", create)
    assert set_up() == 1 and environment.stamped()


INTERRUPTED = """
import os, sys
from pathlib import Path
sys.path[:0] = [{tests!r}, {root!r}]
import test_set_up
from cnnlib.support import environment, ending
folder = Path({clone!r})
environment.venv.create = test_set_up.create
class Places:
    setattr = staticmethod(setattr)
test_set_up.place(folder, Places)
sys.exit(ending.ended(environment.set_up))
"""
# as pip does it: a line of its own, and the status of any other error
SLOW_PIP = """
import os, pathlib, sys, time
if sys.argv[1] == "install":
    pathlib.Path(os.environ["PIP_CALLS"]).write_text("running")
    try:
        time.sleep(100)
    except KeyboardInterrupt:
        sys.exit(1)
"""


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals")
def test_ctrl_c_while_pip_runs_is_one_line_and_status_130(clone, tmp_path):
    environment.venv.create(environment.ENV, clear=True, with_pip=True)
    (site_packages(environment.ENV) / "pip" / "__main__.py").write_text(SLOW_PIP)
    here = Path(__file__).parent
    code = INTERRUPTED.format(tests=str(here), root=str(here.parent), clone=str(clone))
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # a job in the background is told to ignore Ctrl-C, and hands that on: undo it
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    deadline = time.monotonic() + 120
    while not (tmp_path / "calls").exists():
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 130
    assert said == "\nStopped during the set-up; the next call makes it anew.\n"
    assert not environment.stamped()


def raising(error):
    def stop(*words, **more):
        raise error

    return stop


class Installed:
    """A distribution that was installed from a folder."""

    def __init__(self, folder, editable=True):
        self.record = {"url": folder.as_uri(), "dir_info": {"editable": editable}}

    def read_text(self, name):
        return json.dumps(self.record) if name == "direct_url.json" else None


def test_another_clone_in_the_readers_own_environment_is_named(clone, monkeypatch, capsys):
    monkeypatch.setattr(importlib.metadata, "version", lambda package: "1")
    first = clone.with_name("the first clone, é")
    monkeypatch.setattr(importlib.metadata, "distributions", lambda name: [Installed(first)])
    assert main.main(["data"]) == 1
    said = capsys.readouterr().err
    assert str(first) in said and str(clone) in said and said.count("\n") == 1
    assert f'{sys.executable}" -m pip install -e' in said
    monkeypatch.setenv("PYTHONPATH", str(clone))  # that comes first for every import
    assert environment.environment_is_ready()


@pytest.mark.parametrize("editable", [True, False])
def test_this_clone_in_the_readers_own_environment_is_used(clone, monkeypatch, editable):
    monkeypatch.setattr(importlib.metadata, "version", lambda package: "1")
    installed = [Installed(clone, editable)]
    monkeypatch.setattr(importlib.metadata, "distributions", lambda name: installed)
    assert environment.environment_is_ready()


def test_an_environment_without_the_packages_is_not_ready(clone, monkeypatch):
    monkeypatch.setattr(
        importlib.metadata, "version", raising(importlib.metadata.PackageNotFoundError("torch"))
    )
    assert not environment.environment_is_ready()
