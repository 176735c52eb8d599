"""Saving in our JupyterLab: who only opens a notebook does not change its file."""

import os
from pathlib import Path
from typing import Any

SETTINGS = Path(__file__).with_name("lab")
LANGUAGE = {"name": "python"}
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def with_settings() -> None:
    """Have the Lab that is started next read our settings, before those of the reader's system."""
    others = os.environ.get("JUPYTER_CONFIG_PATH")
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join([str(SETTINGS), *filter(None, [others])])


def steady(model: dict[str, Any], **_: Any) -> None:
    """Before a notebook is saved: leave out what Lab notes of the kernel that happens to run.

    Else the version of Python, the kernel's display name and the editor's mode stand in the file,
    and opening a chapter on another machine changes it.
    """
    if model.get("type") != "notebook":
        return
    metadata = model["content"]["metadata"]
    if metadata.get("language_info", {}).get("name") == LANGUAGE["name"]:
        metadata["language_info"] = dict(LANGUAGE)
    if metadata.get("kernelspec", {}).get("name") == KERNEL["name"]:
        metadata["kernelspec"] = dict(KERNEL)
