"""The page of the library, name by name: made from ``cnnlib/__init__.pyi`` and the docstrings."""

import ast
import importlib
import inspect
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from sphinx.pycode import ModuleAnalyzer

import cnnlib
from cnnlib.analysis.readme import READING

STUB = Path(cnnlib.__file__).with_suffix(".pyi")
INTRODUCTION = """\
# The library, name by name

What a chapter imports from `cnnlib`, then the modules behind it, the core first and in the order \
in which to read it. All of it is made from the docstrings. The examples begin with \
`import cnnlib, torch`; the tests run them and compare what comes out.

## Names to import
"""


class Public(NamedTuple):
    """A name of the library: an object of a module, or (``name`` is empty) the module itself."""

    module: str
    name: str

    @property
    def shown(self) -> str:
        """What a chapter writes: ``cnnlib.build``, ``cnnlib.evidence``."""
        return f"cnnlib.{self.name or self.module.rpartition('.')[2]}"

    @property
    def target(self) -> str:
        """Its full name, which is also its anchor on the page."""
        return f"{self.module}.{self.name}" if self.name else self.module


def public_names() -> list[Public]:
    """Every name that the stub imports, in its order. Raises ValueError for one from elsewhere."""
    found = []
    for line in ast.walk(ast.parse(STUB.read_text("utf-8"))):
        if not isinstance(line, ast.ImportFrom):
            continue
        if line.level != 1:
            raise ValueError(f"{STUB.name}, line {line.lineno}: expected 'from .module import …'")
        source = ".".join(filter(None, ("cnnlib", line.module)))
        for alias in line.names:
            full = f"{source}.{alias.name}"
            is_module = isinstance(getattr(importlib.import_module(source), alias.name), ModuleType)
            found.append(Public(full, "") if is_module else Public(source, alias.name))
    return found


def page() -> str:
    """The page in Markdown: a table of the names, then a section for each module."""
    names = public_names()
    parts = [INTRODUCTION, "| name | what it is |", "|---|---|"]
    for one in sorted(names, key=lambda one: (not one.name, one.shown.lower())):
        kind = "obj" if one.name else "mod"
        parts.append(f"| {{py:{kind}}}`{one.shown} <{one.target}>` | {first_sentence(one)} |")
    whole = {one.module for one in names if not one.name}
    core = [f"cnnlib.{name}" for name in READING]
    others = sorted({one.module for one in names} - set(core))
    for module in [*core, *others]:
        inside = [one.name for one in names if one.name and one.module == module]
        parts += ["", f"## {module}", "", *_section(module, inside, whole=module in whole)]
    return "\n".join(parts) + "\n"


def first_sentence(one: Public) -> str:
    """The first line of its docstring, or of the ``#:`` comment of a value.

    Raises ValueError where there is none: a public name says what it is.
    """
    module = importlib.import_module(one.module)
    thing = getattr(module, one.name) if one.name else module
    if isinstance(thing, ModuleType) or inspect.isclass(thing) or inspect.isroutine(thing):
        text = inspect.getdoc(thing) or ""
    else:
        text = "\n".join(_value_docs(one.module).get(one.name, []))
    if not text.strip():
        raise ValueError(f"{one.target} has no docstring; a value has a comment that begins '#:'")
    return " ".join(text.split("\n\n")[0].split()).replace("|", "\\|")


def _value_docs(module: str) -> dict[str, list[str]]:
    """The ``#:`` comments of a module's values, by their names, as autodoc reads them."""
    docs = ModuleAnalyzer.for_module(module).find_attr_docs()
    return {name: lines for (owner, name), lines in docs.items() if not owner}


def _section(name: str, inside: list[str], *, whole: bool) -> list[str]:
    """The directives of one module: all that has a docstring, or only the names ``inside``."""
    module, documented = importlib.import_module(name), _value_docs(name)
    if whole:
        here = getattr(module, "__all__", None) or [
            key for key, thing in vars(module).items() if getattr(thing, "__module__", "") == name
        ]
        inside = [key for key in here if not key.startswith("_") and _has_docstring(module, key)]
        inside += [key for key in documented if key not in inside]
    members = [key for key in inside if key not in documented]
    lines = ["```{eval-rst}", f".. automodule:: {name}"]
    if members:  # by name: autodoc also tries what a module imports, and stumbles over scipy
        lines += [f"   :members: {', '.join(members)}", "   :imported-members:"]
    for key in filter(inside.__contains__, documented):
        # without its value: the catalogue's would fill the page
        lines += ["", f".. autodata:: {name}.{key}", "   :no-value:"]
    return [*lines, "```"]


def _has_docstring(module: ModuleType, key: str) -> bool:
    """Is it a class or a function with a docstring?"""
    thing = getattr(module, key)
    return (inspect.isclass(thing) or inspect.isroutine(thing)) and bool(thing.__doc__)
