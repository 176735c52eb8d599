"""environment.yml and pyproject.toml say the same, and every dependency has its reason."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from rattler import MatchSpec

ROOT = Path(__file__).parents[1]
PROJECT = (ROOT / "pyproject.toml").read_text("utf-8")
DECLARED = tomllib.loads(PROJECT)["project"]
# `make test-browser` fetches the browser's extra itself; two are for those who ask for them
APART = ("browser", "bench", "nbgrader")
EXTRAS = ",".join(name for name in DECLARED["optional-dependencies"] if name not in APART)
ENVIRONMENT = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))
THE_LIST = ("torch", "torchvision", "jupyter", "nbval", "matplotlib", "seaborn")
THE_LIST += ("scikit-learn", "torchsummary")


def name_of(requirement):
    return re.match(r"[\w-]+", requirement)[0]


def test_conda_environment_is_python_pip_and_this_package():
    *conda, through_pip = ENVIRONMENT["dependencies"]
    assert [MatchSpec(spec, strict=True).name.normalized for spec in conda] == ["python", "pip"]
    assert conda[0].removeprefix("python") == DECLARED["requires-python"]
    assert through_pip == {"pip": [f"-e .[{EXTRAS}]"]}
    assert ENVIRONMENT["name"] == DECLARED["name"]


def test_the_front_door_installs_the_same_extras():
    from cnnlib.support import environment

    assert environment.EXTRAS == EXTRAS


def test_every_dependency_has_a_bound_and_a_reason():
    for part in (DECLARED["dependencies"], *DECLARED["optional-dependencies"].values()):
        for requirement in part:
            assert ">=" in requirement, requirement
            assert re.search(rf'"{re.escape(requirement)}",\s+# \w', PROJECT), requirement


def test_nothing_is_pinned_from_above():
    assert not [r for r in DECLARED["dependencies"] if re.search(r"==|<|~=", r)]


@pytest.mark.parametrize("package", THE_LIST)
def test_the_list_is_declared_and_used(package):
    assert package in map(name_of, DECLARED["dependencies"])
    used_as = {"scikit-learn": "sklearn", "jupyter": "jupyterlab", "nbval": "--nbval"}
    used_as["seaborn"] = 'load("seaborn")'
    sources = [*ROOT.glob("cnnlib/**/*.py"), ROOT / "pyproject.toml"]
    assert any(used_as.get(package, f"import {package}") in p.read_text("utf-8") for p in sources)
