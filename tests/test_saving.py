"""What our JupyterLab saves; that nothing pops up in it is tested in a browser."""

import asyncio
import json
import os
import shutil
from pathlib import Path

import jupyterlab
import nbformat
import pytest
from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager
from jupyterlab_server.settings_utils import get_settings

from book.notebooks import chapters
from cnnlib.support import saving

LAB_NOTES = {  # of a kernel, in the notebook that it has open
    "language_info": {
        "name": "python",
        "version": "3.13.1",
        "codemirror_mode": {"name": "ipython", "version": 3},
        "mimetype": "text/x-python",
    },
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
}


def opened_and_saved(folder, name, notes):
    """The bytes of a notebook after Lab has opened it, noted something and saved it."""
    manager = AsyncLargeFileManager(root_dir=str(folder))
    manager.pre_save_hook = saving.steady

    async def act():
        model = await manager.get(name)
        model["content"]["metadata"].update(notes)
        await manager.save(model, name)

    asyncio.run(act())
    return (folder / name).read_bytes()


@pytest.mark.parametrize("path", chapters(), ids=lambda path: path.stem[:2])
def test_a_chapter_that_is_only_opened_stays_as_it_was(tmp_path, path):
    shutil.copy(path, tmp_path)
    assert opened_and_saved(tmp_path, path.name, LAB_NOTES) == path.read_bytes()


@pytest.mark.parametrize("notes", [{}, {"kernelspec": {"name": "ir", "display_name": "R"}}])
def test_other_kernels_keep_their_notes(tmp_path, notes):
    other = nbformat.v4.new_notebook(metadata={"language_info": {"name": "R", "version": "4"}})
    nbformat.write(other, tmp_path / "other.ipynb")
    before = json.loads((tmp_path / "other.ipynb").read_text("utf-8"))["metadata"]
    after = json.loads(opened_and_saved(tmp_path, "other.ipynb", notes))["metadata"]
    assert after == before | notes


def test_what_is_no_notebook_is_left_alone():
    model = {"type": "file", "content": "words"}
    saving.steady(model=model, path="a.txt", contents_manager=None)
    assert model == {"type": "file", "content": "words"}


@pytest.mark.parametrize("others", [None, os.pathsep.join(["/a", "/b"])])
def test_lab_reads_our_settings_and_those_of_others(monkeypatch, others):
    if others is None:
        monkeypatch.delenv("JUPYTER_CONFIG_PATH", raising=False)
    else:
        monkeypatch.setenv("JUPYTER_CONFIG_PATH", others)
    saving.with_settings()
    first, *rest = os.environ["JUPYTER_CONFIG_PATH"].split(os.pathsep)
    assert first == str(saving.SETTINGS) and rest == (others.split(os.pathsep) if others else [])


def test_news_are_not_asked_for(monkeypatch, tmp_path):
    """JupyterLab's own reading of the settings, from its schema on."""
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path))
    monkeypatch.delenv("JUPYTER_CONFIG_PATH", raising=False)
    share = str(Path(jupyterlab.__file__).parent / "schemas")
    name = "@jupyterlab/apputils-extension:notification"
    for asked in ("none", "false"):  # without our settings Lab asks; with them it does not
        found, _ = get_settings(str(tmp_path), share, str(tmp_path), schema_name=name)
        default = found["schema"]["properties"]["fetchNews"]["default"]
        assert default == asked
        saving.with_settings()
