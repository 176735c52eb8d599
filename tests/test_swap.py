"""A report takes the place of an older one: at every file operation there is one of the two."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from book import swap

ROOT = Path(__file__).parents[1]
OLD = {"index.html": "old", "gone.html": "old", "_images/a.png": "old"}
NEW = {"index.html": "new", "more.html": "new", "_images/a.png": "new", "_static/b.css": "new"}
MINE = {"my-report/hand-in.zip": "mine", "my-report/my-report.pdf": "mine", "notes.txt": "mine"}

# Python tells its audit hooks of each file operation before it is done: the n-th is refused, as a
# full or broken disk does, or the process is killed there.
SCRIPT = """
import errno, os, signal, sys
from pathlib import Path
from book.swap import put_in_place

made, target, n, how = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
EVENTS = {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.listdir", "os.scandir",
          "os.chmod", "os.utime", "shutil.copytree", "shutil.copyfile", "shutil.rmtree"}
count = 0
on = True

def hook(event, args):
    global count
    if on and event in EVENTS:
        count += 1
        if count == n:
            if how == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            raise OSError(errno.EIO, "Input/output error", str(args[0]))

sys.addaudithook(hook)
try:
    put_in_place(made, target, "this")
finally:
    on = False
    print(count)
"""


def fill(folder, files):
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    return folder


def found(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in folder.rglob("*")
        if path.is_file() and path.name != swap.LIST
    }


@pytest.fixture
def folders(tmp_path):
    swap.put_in_place(fill(tmp_path / "older", OLD), tmp_path / "report")
    fill(tmp_path / "report", MINE)
    return fill(tmp_path / "made", NEW), tmp_path / "report"


def test_the_new_is_there_the_old_is_gone_and_what_is_not_ours_stays(folders):
    swap.put_in_place(*folders, "this")
    assert found(folders[1]) == NEW | MINE
    assert swap.is_current(folders[1], "this") and not swap.is_current(folders[1], "that")


def run(folders, n, how):
    return subprocess.run(
        [sys.executable, "-c", SCRIPT, *folders, str(n), how],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip


def whole(report):
    """Each page is there, the old or the new, and nothing of a reader's is lost."""
    there = found(report)
    assert there["index.html"] in ("old", "new") and there["_images/a.png"] in ("old", "new")
    assert {name: there[name] for name in MINE} == MINE
    if there["index.html"] == "new":  # the first page comes last: all that it leads to is there
        assert there.items() >= NEW.items()
    return there


@pytest.mark.slow
@pytest.mark.parametrize("how", ["error", "kill"])
def test_every_file_operation_may_fail(how, folders, tmp_path):
    if how == "kill" and sys.platform == "win32":
        pytest.skip("Windows has no SIGKILL")
    total, failures = int(run(folders, 0, how).stdout), 0
    assert total > 30
    for n in range(1, total + 1):
        here = tmp_path / f"{how}-{n}"
        swap.put_in_place(fill(here / "older", OLD), here / "report")
        fill(here / "report", MINE)
        done = run((folders[0], here / "report"), n, how)
        failures += done.returncode != 0
        whole(here / "report")
        if done.returncode == 0 or swap.is_current(here / "report", "this"):
            assert found(here / "report").keys() >= NEW.keys() | MINE.keys()
            assert "gone.html" not in found(here / "report")
        swap.put_in_place(folders[0], here / "report", "this")  # the next one completes it
        assert found(here / "report") == NEW | MINE
    assert failures > total * 0.7  # some errors, such as of tidying up, do no harm


@pytest.mark.parametrize("content", ["", "[]", "{", '{"shows": 1}', "[" * 100_000])
def test_a_damaged_list_is_that_of_no_book(content, folders):
    (folders[1] / swap.LIST).write_text(content)
    assert not swap.is_current(folders[1], "this")
    swap.put_in_place(*folders, "this")
    assert found(folders[1]).items() >= (NEW | MINE).items()
    assert json.loads((folders[1] / swap.LIST).read_text())["shows"] == "this"


def test_a_report_from_before_there_was_a_list_is_replaced(tmp_path):
    made, report = fill(tmp_path / "made", NEW), fill(tmp_path / "report", OLD | MINE)
    swap.put_in_place(made, report, "this")
    assert found(report).items() >= (NEW | MINE).items()
