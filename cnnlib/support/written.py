"""The source of functions and classes that a reader writes, in a notebook or a file."""

import ast
import builtins
import inspect
import io
import linecache
import symtable
import sys
import sysconfig
import textwrap
import tokenize
from collections.abc import Iterator
from typing import Any

_LIBRARIES = tuple(sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib"))
_PLAIN = (bool, int, float, str, type(None))


def source_of(written: Any) -> str:
    """The source of a function or class, without the indentation it stands in.

    ``inspect.getsource`` finds no class that a notebook's cell defines (before Python 3.13), so a
    class is looked up through its methods. Raises OSError where there is no source to be had: a
    built-in, or something typed into a plain interpreter.
    """
    if inspect.isclass(written):
        for method in vars(written).values():
            if inspect.isfunction(method) and (found := _class_around(method, written)):
                return found
    try:
        return textwrap.dedent(inspect.getsource(written))
    except TypeError as error:  # a built-in, or a class of a cell that has no method of its own
        raise OSError(str(error)) from None


def _class_around(method: Any, owner: type) -> str | None:
    """The source of the class ``owner``, in which ``method`` stands."""
    if method.__qualname__ != f"{owner.__qualname__}.{method.__name__}":
        return None  # taken over from elsewhere
    lines = linecache.getlines(method.__code__.co_filename)
    line = method.__code__.co_firstlineno
    try:
        tree = ast.parse("".join(lines))
    except SyntaxError:  # the file was changed meanwhile
        return None
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and node.name == owner.__name__:
            first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
            last = node.end_lineno or first
            if first <= line <= last:
                return textwrap.dedent("".join(lines[first - 1 : last]))
    return None


def is_unfinished(written: Any) -> bool:
    """Does a function or class still have a ``...`` where its author should write?

    Found are a ``...`` that stands alone, is returned, or is given to a name; not the one of
    ``x[..., 0]``, nor an annotation's.
    """
    try:
        tree = ast.parse(source_of(written))
    except (OSError, SyntaxError):  # a lambda inside an expression, say
        return False
    kinds = (ast.Expr, ast.Return, ast.Assign, ast.AugAssign)
    found = (node.value for node in ast.walk(tree) if isinstance(node, kinds))
    return any(isinstance(value, ast.Constant) and value.value is ... for value in found)


def whole_source(written: Any) -> str:
    """The source of a class or function, after that of all it uses that its reader wrote too.

    That is: other functions and classes that are not part of an installed package, and
    constants (numbers, text, and lists, tuples and dicts of them) by value. What a name means is
    looked up when the source is read. Raises OSError as ``source_of``.
    """
    parts: dict[str, str] = {}
    _collect(written, parts, set())
    return "\n\n".join(part.rstrip() for part in parts.values()) + "\n"


def _collect(written: Any, parts: dict[str, str], seen: set[int]) -> None:
    if id(written) in seen:
        return
    seen.add(id(written))
    source = source_of(written)
    known = _names_around(written)
    for name in _names_from_outside(source):
        if name not in known:
            continue
        value = known[name]
        if inspect.isfunction(value) or inspect.isclass(value):
            if _is_readers_own(value):
                _collect(value, parts, seen)
        elif _is_plain(value) and not hasattr(builtins, name):
            parts.setdefault(name, f"{name} = {value!r}")
    parts[f"{written.__qualname__} in {written.__module__}"] = source


def _names_from_outside(source: str) -> list[str]:
    """Names that the source uses and does not itself bind: neither locals nor parameters."""
    found, tables = set(), [symtable.symtable(source, "source", "exec")]
    while tables:
        table = tables.pop()
        tables += table.get_children()
        found |= {s.get_name() for s in table.get_symbols() if s.is_global() and s.is_referenced()}
    return sorted(found)


def _names_around(written: Any) -> dict[str, Any]:
    """What the names mean that a function, or the methods of a class, find around them."""
    found = dict(vars(sys.modules.get(written.__module__, builtins)))
    members = [written, *(vars(written).values() if inspect.isclass(written) else ())]
    for member in members:
        if inspect.isfunction(member):
            found |= member.__globals__ | dict(inspect.getclosurevars(member).nonlocals)
    return found


def _is_readers_own(written: Any) -> bool:
    if written.__module__.partition(".")[0] == __name__.partition(".")[0]:
        return False  # this library's
    try:
        return not str(inspect.getsourcefile(written) or "").startswith(_LIBRARIES)
    except (TypeError, OSError):  # a built-in; or a class of a notebook's cell, which has no file
        return written.__module__ == "__main__"


def _is_plain(value: Any) -> bool:
    if isinstance(value, dict):
        return all(map(_is_plain, (*value, *value.values())))
    return isinstance(value, _PLAIN) or (
        isinstance(value, list | tuple) and all(map(_is_plain, value))
    )


def essence(source: str) -> str:
    """Source without comments, blank lines and the width of its indentation: what it does."""
    return "\n".join(_tokens(source))


def _tokens(source: str) -> Iterator[str]:
    skipped = (tokenize.COMMENT, tokenize.NL, tokenize.ENDMARKER)
    named = {tokenize.INDENT: "indent", tokenize.DEDENT: "dedent", tokenize.NEWLINE: "end"}
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in skipped:
            yield named.get(token.type, token.string)
