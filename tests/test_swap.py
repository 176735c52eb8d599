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
# full or broken disk does, or the process is killed there. For each n there is a process of its
# own, a fork where one is to be killed. Prints whether it failed, for each folder.
SCRIPT = """
import errno, os, signal, sys
from pathlib import Path
from book.swap import put_in_place

made, how = Path(sys.argv[1]), sys.argv[2]
EVENTS = {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.listdir", "os.scandir",
          "os.chmod", "os.utime", "shutil.copytree", "shutil.copyfile", "shutil.rmtree"}
count, last = 0, None

def hook(event, args):
    global count
    if last is not None and event in EVENTS:
        count += 1
        if count == last:
            if how == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            raise OSError(errno.EIO, "Input/output error", str(args[0]))

def failed(n, target):
    global count, last
    count, last = 0, n
    try:
        put_in_place(made, target, "this")
    except OSError:
        return True
    finally:
        last = None
    return False

def killed(n, target):
    if not (child := os.fork()):
        failed(n, target)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL

sys.addaudithook(hook)
for n, target in enumerate(map(Path, sys.argv[3:])):
    print(int((killed if n and how == "kill" else failed)(n, target)), count)
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


def run(made, how, targets):
    """For each target: did it fail at the operation of its number; and how many there were."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, made, how, *targets],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [tuple(map(int, line.split())) for line in done.stdout.splitlines()]


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
    made = folders[0]
    ((_, total),) = run(made, how, folders[1:])
    assert total > 30
    targets = [folders[1]]  # where nothing fails, and then one for each operation
    for n in range(1, total + 1):
        here = tmp_path / f"{how}-{n}"
        swap.put_in_place(fill(here / "older", OLD), here / "report")
        targets.append(fill(here / "report", MINE))
    failures = [failed for failed, _ in run(made, how, targets)]
    for failed, report in zip(failures, targets, strict=True):
        whole(report)
        if not failed or swap.is_current(report, "this"):
            assert found(report).keys() >= NEW.keys() | MINE.keys()
            assert "gone.html" not in found(report)
        swap.put_in_place(made, report, "this")  # the next one completes it
        assert found(report) == NEW | MINE
    assert not failures[0] and sum(failures) > total * 0.7  # of tidying up, an error does no harm


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
