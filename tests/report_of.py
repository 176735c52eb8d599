"""A report of the notebooks in FOLDER/notebooks alone, not rendered: for tests of the front door.

``python tests/report_of.py FOLDER`` ends as ``make report`` does.
"""

import sys
from pathlib import Path

from book import build, kept, notebooks
from cnnlib.support.ending import ended


def rendered(strict):
    """The pages as they are, instead of Sphinx's."""
    (build.BUILD / "index.html").write_text("the first page")
    return build.BUILD


def paths(folder):
    """What is to be set, module by module, for a report of this folder."""
    return [
        (notebooks, "NOTEBOOKS", folder / "notebooks"),
        (kept, "NOTEBOOKS", folder / "notebooks"),
        (kept, "KEPT", folder / "build" / "executed"),
        (build, "BUILD", folder / "build" / "book"),
        (build, "page", lambda: "# API"),
        (build, "_rendered", rendered),
    ]


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    for module, name, value in paths(folder):
        setattr(module, name, value)
    sys.exit(ended(lambda: build.report(target=folder / "report")))
