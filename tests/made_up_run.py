"""The whole made-up class, verified as an instructor would: in one command, interrupted once.

``python tests/made_up_class.py FOLDER`` calls it; names behind the folder choose some. It says what
is not as expected, whether Ctrl-C lost anything, and what it took.
"""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
from made_up_class import problems, whole_class, write
from made_up_more import CANVAS, MOODLE, downloads

from instructors.verify.kept import FOLDER, Kept

JOBS, SOME = 2, 3  # processes; finished submissions before the first Ctrl-C


def main(folder, some=()):
    """Write the class, or some of it, verify it, say what is not as expected; 0 if all is."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's `&` has it ignored
    folder.mkdir(parents=True)
    names = some or [name for name in whole_class() if name not in {**MOODLE, **CANVAS}]
    paths = [write(name, folder) for name in names]
    for name, content in () if some else downloads().items():
        paths.append(folder / name)
        paths[-1].write_bytes(content)
    out = folder / "verified"
    words = [sys.executable, "-m", "instructors.verify", *map(str, paths), f"--jobs={JOBS}",
             "--output", str(out)]  # fmt: skip
    started = time.perf_counter()
    lost = interrupted(words, out / FOLDER)
    peak = measured(words)
    took = time.perf_counter() - started
    results = kept(paths, out)
    rows = {path: name for name, path in zip(names, paths, strict=False)}
    odd = [
        said for one, result in results
        if (said := problems(rows.get(one.path, one.name), result))
    ]  # fmt: skip
    missing = len(some or whole_class()) - len(results)
    seconds = sorted(result.seconds for _, result in results)
    print(*odd, sep="\n")
    each = took * JOBS / len(results)
    print(
        f"{len(results)} submissions, {len(odd)} not as expected, {missing} missing; {lost} lost "
        f"by Ctrl-C; {took:.0f} s: {each:.1f} s each on one of {JOBS} cores, the longest "
        f"{seconds[-1]:.1f} s; at most {peak / 2**30:.2f} GiB for one"
    )
    return bool(odd or missing or lost)


def interrupted(words, folder):
    """Ctrl-C at two moments; how many finished submissions are gone, or done once more."""
    ctrl_c(words, lambda: len(list(folder.glob("*.json"))) >= SOME, random.uniform(0, 20))
    before = {path: path.stat().st_mtime_ns for path in folder.glob("*.json")}
    print(f"interrupted: {len(before)} are kept", flush=True)
    ctrl_c(words, lambda: True, random.uniform(0, 15))  # while it starts, it may be
    return sum(not path.exists() or path.stat().st_mtime_ns != t for path, t in before.items())


def ctrl_c(words, ready, after):
    """Start it, press Ctrl-C so many seconds after it is ``ready``, and see it end."""
    process = subprocess.Popen(words, start_new_session=True, stdout=subprocess.DEVNULL)
    while not ready() and process.poll() is None:
        time.sleep(0.5)
    time.sleep(after)
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGINT)
    try:
        process.wait(timeout=60)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        sys.exit(f"Ctrl-C, {after:.1f} s after it was ready, did not end it within a minute")


def measured(words):
    """Run it to the end; the most bytes that one of its processes had in memory."""
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    peaks = [0]

    def watch():
        while process.poll() is None:
            try:
                below = psutil.Process(process.pid).children(recursive=True)
                peaks.extend(one.memory_info().rss for one in below)
            except psutil.Error:
                pass
            time.sleep(0.2)

    watcher = threading.Thread(target=watch)
    watcher.start()
    process.wait()
    watcher.join()
    return max(peaks)


def kept(paths, out):
    """What the command has found, compared as it does."""
    from instructors.verify.arrivals import hand_ins
    from instructors.verify.compare import compared

    store, given = Kept(out, train=True), hand_ins(paths)
    found = [(one, result) for one in given if (result := store.get(one))]
    return list(zip([one for one, _ in found], compared([one for _, one in found]), strict=True))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
