import re
import subprocess
import sys
from pathlib import Path

import pytest

from cnnlib import __main__ as main
from cnnlib.support import environment

ROOT = Path(__file__).parents[1]


def call(*words, **more):
    return subprocess.run(
        [sys.executable, "-m", "cnnlib", *words],
        cwd=ROOT, capture_output=True, text=True, check=False, **more,
    )  # fmt: skip


def test_help_lists_every_command():
    done = call()
    assert done.returncode == 0
    assert all(f"  {name} " in done.stdout for name in main.COMMANDS)


def test_an_unknown_command_is_refused():
    done = call("reprot")
    assert done.returncode == 2 and "'reprot'" in done.stderr


@pytest.mark.slow
def test_an_unknown_experiment_is_one_clear_line():
    done = call("train", "maxpol")
    assert done.returncode == 1
    assert done.stderr == "error: no experiment is named 'maxpol'; did you mean 'maxpool'?\n"


@pytest.mark.slow
def test_an_unknown_kind_of_folds_is_one_clear_line():
    done = call("train", "lenet5", "--folds", "loo")
    assert done.returncode == 1
    assert done.stderr == "error: kind is 'loo'; expected one of stratified, plain, holdout\n"


def test_make_and_python_offer_the_same():
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = re.search(r"^TARGETS := (.+)$", makefile, re.M)[1].split()
    assert sorted(targets) == sorted(main.COMMANDS)


def test_ci_runs_the_readmes_test_command():
    assert "exec make test\n" in (ROOT / ".ci" / "run").read_text("utf-8")
    assert "\nmake test" in (ROOT / "README.md").read_text("utf-8")


def test_starting_needs_only_the_standard_library():
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); before = set(sys.modules); "
        "import cnnlib.__main__; "
        "print({m.split('.')[0] for m in set(sys.modules) - before} - sys.stdlib_module_names)"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code, str(ROOT)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "{'cnnlib'}\n"


def test_the_browser_test_installs_its_extra_once(monkeypatch):
    calls = []
    monkeypatch.setattr(main, "prepare", lambda: calls.append("prepare"))
    for module in (main, environment):
        monkeypatch.setattr(module, "python", lambda *words, **more: calls.append(words[1]) or 0)
    monkeypatch.setattr(environment.importlib.metadata, "version", _nothing_is_installed)
    assert main.test_browser(main.argparse.Namespace(rest=[])) == 0
    assert calls == ["prepare", "pip", "pytest"]
    monkeypatch.setattr(environment.importlib.metadata, "version", lambda package: "1")
    assert main.test_browser(main.argparse.Namespace(rest=[])) == 0
    assert calls[3:] == ["prepare", "pytest"]


def _nothing_is_installed(package):
    raise environment.importlib.metadata.PackageNotFoundError(package)


def test_names_are_loaded_when_used():
    import cnnlib

    assert set(dir(cnnlib)) >= {*cnnlib.__all__, "training", "plots", "features", "evidence"}
    assert all(getattr(cnnlib, name) is not None for name in cnnlib.__all__)
    with pytest.raises(AttributeError, match="attribute nothing"):
        cnnlib.nothing  # noqa: B018
