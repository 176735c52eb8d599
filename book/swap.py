"""A new book in the place of an old one, file by file: there is never a moment without one.

No system exchanges two folders in one step everywhere, and one who has a page open on Windows
holds the whole folder. So the folder stays: each new file takes the place of an old one in one
step, and what the last book had and this one has not goes last. What we did not make, such as
``my-report/``, is never touched.
"""

import json
import shutil
import tempfile
from pathlib import Path

from cnnlib.support.files import write_whole

LIST = ".made-by-report.json"  # which files of the folder are the book's, and what they show


def put_in_place(made: Path, target: Path, shows: str = "") -> None:
    """Bring the files of the folder ``made`` to ``target``; those of an older book go last.

    ``shows``: what the book is made from, as a hash, for ``is_current``. After an OSError each
    page is the old one or the new one, whole, and the next call completes it.
    """
    target.mkdir(parents=True, exist_ok=True)
    for left in target.glob(".writing-*"):  # of a call that was killed
        shutil.rmtree(left, ignore_errors=True)
    names = [path.relative_to(made).as_posix() for path in made.rglob("*") if path.is_file()]
    # what pages show comes before the pages, and the first page is the last
    names.sort(key=lambda name: (name.endswith(".html"), name == "index.html", name))
    gone = sorted(set(listed(target)[1]) - set(names))
    with tempfile.TemporaryDirectory(
        dir=target, prefix=".writing-", ignore_cleanup_errors=True
    ) as scratch:
        copy = shutil.copytree(made, Path(scratch) / "pages")
        _list(target, "", names + gone)
        for name in names:
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            (copy / name).replace(target / name)
    for name in gone:
        (target / name).unlink(missing_ok=True)
    _list(target, shows, names)


def is_current(target: Path, shows: str) -> bool:
    """Does the folder hold a whole book that shows this?"""
    said, names = listed(target)
    return said == shows and all((target / name).is_file() for name in ["index.html", *names])


def listed(target: Path) -> tuple[str, list[str]]:
    """What the book in the folder shows, and its files; of no list, or a damaged one, nothing."""
    try:
        found = json.loads((target / LIST).read_text("utf-8"))
        return str(found["shows"]), [str(name) for name in found["files"]]
    except (FileNotFoundError, ValueError, LookupError, TypeError, RecursionError):
        return "", []


def _list(target: Path, shows: str, names: list[str]) -> None:
    write_whole(target / LIST, json.dumps({"shows": shows, "files": names}, indent=1))
