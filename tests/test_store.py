"""The store: at every file operation, a crash or an error leaves a whole run, old or new.

An audit hook counts what Python does to files in the store, and stops it at the n-th operation, for
every n: by an error of the disk, or by ending the process as ``kill -9`` does.
"""

import errno
import hashlib
import multiprocessing
import os
import sys
import threading
import time

import pytest

from cnnlib import store
from cnnlib.store import SUMS, StoreError, check_writable, found, keep_whole, listed, recover

NAME = "quick-seed0-0123456789ab"
OLD = {"run.json": b"old record", "weights.safetensors": b"old weights" * 1000}
NEW = {"run.json": b"new record", "weights.safetensors": b"new weights" * 1000}
WATCHED = {"open", "os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.chmod", "os.scandir",
           "os.listdir", "shutil.rmtree", "tempfile.mkdtemp", "os.fsync"}  # fmt: skip


class Watch:
    """Counts operations on files below a folder, and stops the one with the number ``at``."""

    def __init__(self):
        self.folder, self.at, self.how, self.count = None, 0, None, 0
        sys.addaudithook(self.seen)  # hooks stay: this one sleeps without a folder

    def seen(self, event, arguments):
        if self.folder is None or event not in WATCHED:
            return
        if event != "os.fsync" and not any(self.folder in str(one) for one in arguments[:2]):
            return
        self.count += 1
        if self.count == self.at:
            self.how()

    def start(self, folder, at, how):
        self.folder, self.at, self.how, self.count = str(folder), at, how, 0

    def stop(self):
        self.folder = None


WATCH = Watch()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("CNNLIB_RUNS", str(tmp_path / "runs"))
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda number: (sys.audit("os.fsync", number), real(number)))
    yield tmp_path / "runs"
    WATCH.stop()


def read(path):
    """The files of a run, which must be those of its checksums."""
    files = {one.name: one.read_bytes() for one in path.iterdir()}
    assert files.pop(SUMS) == store.sums(files)
    return files


def disk_error():
    raise OSError(errno.EIO, os.strerror(errno.EIO))


def killed():
    os._exit(9)


def start_anew(folder, old):
    if folder.exists():
        for path in folder.iterdir():
            store._remove(path)
    if old:
        keep_whole(NAME, OLD, replace=True)


def whole_afterwards(monkeypatch, old):
    """One of the two runs is there, whole; also after what was left is cleared away."""
    for _ in range(2):
        path = found(NAME)
        assert path is not None or not old
        if path is not None:
            assert read(path) in ((OLD, NEW) if old else (NEW,))
            assert list(listed()) == [NAME]
        monkeypatch.setattr(store, "_STALE", -1)
        recover()
    assert list(store.runs_folder().glob(".*")) == []
    monkeypatch.undo()


@pytest.mark.parametrize("old", [True, False], ids=["replaced", "first"])
def test_an_error_at_any_operation_leaves_a_whole_run(folder, monkeypatch, old):
    reached = 0
    for at in range(1, 200):
        start_anew(folder, old)
        WATCH.start(folder, at, disk_error)
        told = ""
        try:
            keep_whole(NAME, NEW, replace=True)
        except StoreError as error:
            told = str(error)
        WATCH.stop()
        if WATCH.count < at:
            break
        reached = at
        if told:  # then the new run is in the folder that the message names
            assert "kept in" in told and "\n" not in told
            place = told.split("kept in ")[1].split(": move")[0]
            assert read(type(folder)(place)) == NEW
        else:
            assert read(found(NAME)) == NEW
        with monkeypatch.context() as patch:
            patch.setenv("CNNLIB_RUNS", str(folder))
            for kept in folder.glob("*.not-stored*"):
                store._remove(kept)
            whole_afterwards(patch, old)
            monkeypatch.setenv("CNNLIB_RUNS", str(folder))
    assert reached >= 10 and read(found(NAME)) == NEW


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("old", [True, False], ids=["replaced", "first"])
def test_a_kill_at_any_operation_leaves_a_whole_run(folder, monkeypatch, old):
    reached = 0
    for at in range(1, 200):
        start_anew(folder, old)
        child = multiprocessing.get_context("fork").Process(target=_store_until, args=(folder, at))
        child.start()
        child.join()
        if child.exitcode == 0:
            break
        reached = at
        with monkeypatch.context() as patch:
            patch.setenv("CNNLIB_RUNS", str(folder))
            whole_afterwards(patch, old)
    assert reached >= 10 and child.exitcode == 0 and read(found(NAME)) == NEW


def _store_until(folder, at):
    WATCH.start(folder, at, killed)
    keep_whole(NAME, NEW, replace=True)
    WATCH.stop()


def test_a_reader_always_sees_a_run(folder):
    keep_whole(NAME, OLD, replace=True)
    seen, done = [], threading.Event()

    def look():
        while not done.is_set():
            path = found(NAME)
            seen.append(path is not None)

    reader = threading.Thread(target=look)
    reader.start()
    for i in range(100):
        keep_whole(NAME, NEW if i % 2 else OLD, replace=True)
    done.set()
    reader.join()
    assert len(seen) > 50 and all(seen)


def test_a_run_that_cannot_be_replaced_is_no_silent_success(folder, monkeypatch):
    keep_whole(NAME, OLD, replace=True)
    real = store.rename

    def refused(source, target):  # a file of it is open, on Windows; or it is another user's
        if source.name == NAME:
            raise PermissionError(errno.EACCES, "Permission denied")
        real(source, target)

    monkeypatch.setattr(store, "rename", refused)
    with pytest.raises(StoreError, match=r"could not be replaced .*new run is kept in") as error:
        keep_whole(NAME, NEW, replace=True)
    assert read(found(NAME)) == OLD
    assert read(folder / f"{NAME}.not-stored") == NEW and NAME in str(error.value)


def test_only_another_processs_newer_run_is_taken_instead(folder, monkeypatch):
    keep_whole(NAME, OLD, replace=True)
    real, theirs = store._written, {"run.json": b"theirs"}

    def another_is_first(*arguments):
        scratch = real(*arguments)
        monkeypatch.setattr(store, "_written", real)
        keep_whole(NAME, theirs, replace=True)
        return scratch

    monkeypatch.setattr(store, "_written", another_is_first)
    assert read(keep_whole(NAME, NEW, replace=True)) == theirs
    assert read(keep_whole(NAME, NEW, replace=True)) == NEW
    assert read(keep_whole(NAME, OLD, replace=False)) == NEW


def test_a_store_that_cannot_be_written_is_found_before(folder, tmp_path, monkeypatch):
    blocked = tmp_path / "a-file"
    blocked.write_text("no folder")
    places = [blocked, blocked / "below", tmp_path / ("x" * 300)]
    places += ["/proc/runs"] if sys.platform == "linux" else []
    for place in places:
        monkeypatch.setenv("CNNLIB_RUNS", str(place))
        with pytest.raises(StoreError, match=r"nothing was trained. Make room or set CNNLIB_RUNS"):
            check_writable()
        assert listed() == {} and found(NAME) is None


def test_a_store_that_fills_up_meanwhile_loses_no_run(folder, tmp_path, monkeypatch):
    real = store.put

    def full(path, content):
        if str(folder) in str(path):
            raise OSError(errno.ENOSPC, "No space left on device")
        real(path, content)

    monkeypatch.setattr(store, "put", full)
    monkeypatch.setattr(store.tempfile, "tempdir", str(tmp_path))
    with pytest.raises(StoreError, match=r"No space left .* it is kept in .*: move that folder"):
        keep_whole(NAME, NEW, replace=True)
    (kept,) = tmp_path.glob(f"{NAME}-*")
    assert read(kept) == NEW and not list(folder.iterdir())


def test_leftovers_wait_until_no_process_can_still_be_at_them(folder):
    keep_whole(NAME, OLD, replace=True)
    young = folder / f".writing-{NAME}@1"
    young.mkdir()
    recover()
    assert young.exists() and time.time() - young.stat().st_ctime < store._STALE


def test_checksums_are_what_sha256sum_reads(folder):
    path = keep_whole(NAME, OLD, replace=True)
    lines = (path / SUMS).read_text().splitlines()
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in OLD.items()}
    assert lines == [f"{digests[name]}  {name}" for name in sorted(OLD)]
    store.add(path, "test.safetensors", b"figures")
    assert read(path) == {**OLD, "test.safetensors": b"figures"}


# Runs that were shipped apart from the store -----------------------------------------------------

OTHER = "quick-seed1-0123456789ab"


@pytest.fixture
def shipped(folder, tmp_path, monkeypatch):
    """An empty store, and a folder of two shipped runs, only to be read."""
    for name in (NAME, OTHER):
        keep_whole(name, OLD, replace=True)
    folder.rename(tmp_path / "shipped")
    monkeypatch.setattr(store, "SHIPPED", tmp_path / "shipped")
    return tmp_path / "shipped"


def test_a_run_is_looked_for_in_the_store_and_then_in_what_was_shipped(folder, shipped):
    assert list(listed()) == [NAME, OTHER] and found(NAME) == shipped / NAME
    assert found("quick-seed2-0123456789ab") is None and not folder.exists()
    keep_whole(NAME, NEW, replace=True)
    keep_whole("own-seed0-0123456789ab", NEW, replace=True)
    assert list(listed()) == ["own-seed0-0123456789ab", NAME, OTHER]
    assert read(found(NAME)) == NEW and read(found(OTHER)) == OLD
    (folder / NAME).rename(folder / f".old-{NAME}@1")  # as a crash between two renames leaves it
    assert read(found(NAME)) == NEW


def stamps(folder):
    return {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in folder.rglob("*")}


def test_what_was_shipped_is_never_changed(folder, shipped):
    before = stamps(shipped)
    keep_whole(NAME, NEW, replace=True)
    store.remove(OTHER)
    store.remove(NAME)
    assert read(found(NAME)) == OLD and found(OTHER) == shipped / OTHER
    added = store.add(found(OTHER), "test.safetensors", b"figures")
    assert added == folder / OTHER / "test.safetensors"
    assert read(found(OTHER)) == {**OLD, "test.safetensors": b"figures"}
    assert stamps(shipped) == before


def test_without_a_home_what_was_shipped_is_found(shipped, monkeypatch):
    def unknown(name):
        raise RuntimeError("the system knows no home folder of this user")

    monkeypatch.setattr(store, "named_folder", unknown)
    assert list(listed()) == [NAME, OTHER] and found(NAME) == shipped / NAME
    with pytest.raises(RuntimeError, match="no home"):
        check_writable()
