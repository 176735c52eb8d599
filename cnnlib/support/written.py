"""The source of functions and classes that a reader writes, in a notebook or a file."""

import ast
import inspect
import linecache
import textwrap
from typing import Any


def source_of(written: Any) -> str:
    """The source of a function or class, without the indentation it stands in.

    ``inspect.getsource`` finds no class that a notebook's cell defines (before Python 3.13), so a
    class is looked up through its methods. Raises OSError where there is no source to be had: a
    built-in, or something typed into a plain interpreter.
    """
    if not inspect.isclass(written):
        try:
            return textwrap.dedent(inspect.getsource(written))
        except TypeError as error:  # a built-in, or no function at all
            raise OSError(str(error)) from None
    methods = [one for one in vars(written).values() if inspect.isfunction(one)]
    own = [one for one in methods if one.__qualname__ == f"{written.__qualname__}.{one.__name__}"]
    for method in own:
        found = _class_around(method, written.__name__)
        if found:
            return found
    try:  # a class without methods of its own
        return textwrap.dedent(inspect.getsource(written))
    except TypeError as error:
        raise OSError(str(error)) from None


def _class_around(method: Any, name: str) -> str | None:
    """The source of the class ``name`` in which ``method`` stands."""
    lines = linecache.getlines(method.__code__.co_filename)
    line = method.__code__.co_firstlineno
    try:
        tree = ast.parse("".join(lines))
    except SyntaxError:  # a cell with a magic command, as IPython keeps it: transformed already
        return None
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and node.name == name:
            first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
            if first <= line <= (node.end_lineno or first):
                return textwrap.dedent("".join(lines[first - 1 : node.end_lineno]))
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
