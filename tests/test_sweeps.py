import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import Executor, Future, ThreadPoolExecutor

import psutil  # the kernel's package needs it too
import pytest
import torch
from distributed import Client, LocalCluster

import cnnlib
from cnnlib import CATALOGUE, cross_validate, run, sweep, vary
from cnnlib.experiment import identity
from cnnlib.parallel.sweeps import fold_experiments
from cnnlib.runs import RECORD
from cnnlib.support.sources import ROOT

pytestmark = pytest.mark.slow  # trains, renders or starts processes

QUICK = vary(CATALOGUE["maxpool"], "quick", recipe=dict(epochs=2))
TWIN = vary(CATALOGUE["baseline"], "twin", recipe=dict(epochs=2))
# an epoch of all 48,000 images: long enough to be interrupted
SHORT = vary(CATALOGUE["convolution"], "short", recipe=dict(epochs=1, batch_size=256))
OTHER = vary(SHORT, "other", arch=dict(pool="max"))


def contents(folder):
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def timeless(one):
    return [{k: v for k, v in epoch.items() if k != "seconds"} for epoch in one.history]


@pytest.fixture
def empty(tmp_path, monkeypatch):
    """An empty run store on the whole data, and one thread, as the workers have."""
    monkeypatch.setenv("CNNLIB_RUNS", str(tmp_path))
    torch.set_num_threads(1)
    return tmp_path


@pytest.fixture(scope="module")
def trained_here(tmp_path_factory):
    """The histories of SHORT and OTHER, trained in this process, without any executor."""
    torch.set_num_threads(1)
    with pytest.MonkeyPatch.context() as here:
        here.setenv("CNNLIB_RUNS", str(tmp_path_factory.mktemp("here")))
        return {one.name: timeless(run(one, verbose=False)) for one in (SHORT, OTHER)}


class Backwards(Executor):
    """Does its jobs when the first result is asked for, the last job first."""

    def __init__(self):
        self.jobs = []

    def submit(self, job, *args):
        self.jobs.append((Future(), job, args))
        if len(self.jobs) == 4:
            for future, task, given in reversed(self.jobs):
                future.set_result(task(*given))
        return self.jobs[-1][0]


def test_a_sweep_equals_single_runs_and_goes_on_where_it_was(store):
    alone = {seed: timeless(run(QUICK, seed, verbose=False)) for seed in (0, 1)}
    with ThreadPoolExecutor(1) as executor:
        swept = sweep([QUICK, TWIN], seeds=(0, 1), executor=executor)
        assert executor.submit(int).result() == 0  # it is not ours to shut down
    assert [(one.name, one.seed) for one in swept] == [
        *(("quick", 0), ("quick", 1), ("twin", 0), ("twin", 1))
    ]
    assert [timeless(one) for one in swept[:2]] == [alone[0], alone[1]]
    stamps = {one.folder: (one.folder / RECORD).stat().st_mtime_ns for one in swept}
    again = sweep([QUICK, TWIN], seeds=(0, 1))  # nothing to do: no process is started
    assert {one.folder: (one.folder / RECORD).stat().st_mtime_ns for one in again} == stamps


def test_results_may_arrive_in_any_order(store):
    swept = sweep([QUICK, TWIN], seeds=iter((0, 1)), executor=Backwards())
    assert [(one.name, one.seed) for one in swept] == [
        *(("quick", 0), ("quick", 1), ("twin", 0), ("twin", 1))
    ]
    assert all(timeless(o) == timeless(run(o.experiment, o.seed, retrain=True)) for o in swept)


def test_a_failed_run_is_named_and_the_others_are_kept(store):
    wild = vary(CATALOGUE["lr-0.1"], "wild", recipe=dict(lr=1e25))
    with (
        ThreadPoolExecutor(1) as executor,
        pytest.raises(RuntimeError, match=r"1 of 2 runs failed: wild seed 0 \(.*step 2 of epoch 1"),
    ):
        sweep([wild, QUICK], executor=executor)
    assert contents(store) == [f"quick-seed0-{identity(QUICK, 0)}"]


class Away(ThreadPoolExecutor):
    """Does its jobs with a run store of its own, as another machine would."""

    def __init__(self, folder, monkeypatch):
        super().__init__(1)
        self.folder, self.monkeypatch = folder, monkeypatch

    def submit(self, job, *args):
        with self.monkeypatch.context() as here:
            here.setenv("CNNLIB_RUNS", str(self.folder))
            future = super().submit(job, *args)
            future.result()
        return future


def test_a_run_that_was_trained_elsewhere_is_stored_here(store, tmp_path, monkeypatch):
    with Away(tmp_path / "away", monkeypatch) as executor:
        (swept,) = sweep([QUICK], executor=executor)
    assert contents(tmp_path / "away") == contents(store) == [swept.folder.name]
    assert swept.folder.parent == store.resolve() and swept.model()


def test_a_killed_worker_loses_its_run_only(empty, trained_here):
    victims = []

    def kill_one():
        while not victims:
            victims.extend(multiprocessing.active_children()[:1])
            time.sleep(0.05)
        time.sleep(2)
        victims[0].kill()

    killer = threading.Thread(target=kill_one)
    killer.start()
    message = r"1 of 2 runs failed: (short|other) seed 0 \(its process was killed\)"
    with pytest.raises(RuntimeError, match=message) as error:
        sweep([SHORT, OTHER])
    killer.join()
    lost = SHORT if "short seed" in str(error.value) else OTHER
    kept = OTHER if lost is SHORT else SHORT
    assert contents(empty) == [f"{kept.name}-seed0-{identity(kept, 0)}"]
    again = sweep([SHORT, OTHER])  # goes on from there
    assert [timeless(one) for one in again] == [trained_here[name] for name in ("short", "other")]


def test_a_dask_cluster_survives_the_loss_of_a_worker(empty, trained_here):
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        first, _ = client.run(os.getpid).values()
        killer = threading.Timer(6, os.kill, (first, signal.SIGTERM))
        killer.start()
        swept = sweep([SHORT, OTHER], executor=client.get_executor())
        killer.join()
    assert [timeless(one) for one in swept] == [trained_here[name] for name in ("short", "other")]


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals")
@pytest.mark.parametrize("later", [0, 20], ids=["workers start", "workers train"])
def test_ctrl_c_stops_a_sweep_at_once_and_stores_nothing(later, tmp_path):
    environment = {**os.environ, "CNNLIB_RUNS": str(tmp_path), "CNNLIB_PROGRESS": "off"}
    words = [sys.executable, "-m", "cnnlib", "train", "baseline", "maxpool", "filters"]
    process = subprocess.Popen(
        words,
        cwd=ROOT,
        env=environment,
        stderr=subprocess.PIPE,
        start_new_session=True,
        # a job in the background is told to ignore Ctrl-C, and hands that on: undo it
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    parent, deadline = psutil.Process(process.pid), time.monotonic() + 120
    while not any("spawn_main" in word for c in parent.children() for word in command_of(c)):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.05)
    time.sleep(later)
    assert process.poll() is None
    os.killpg(process.pid, signal.SIGINT)
    said = process.communicate(timeout=30)[1].decode()
    assert process.returncode == 130, said
    assert "Traceback" not in said and "Stopped." in said
    assert contents(tmp_path) == []


KILLED = """
import multiprocessing, time
from concurrent.futures import ProcessPoolExecutor
from cnnlib.parallel.sweeps import _start_worker


if __name__ == "__main__":
    spawn = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(1, spawn, initializer=_start_worker)
    pool.submit(time.sleep, 0).result()  # by now it runs
    pool.submit(time.sleep, 600)
    print(*(worker.pid for worker in multiprocessing.active_children()), flush=True)
    time.sleep(600)
"""


@pytest.mark.skipif(os.name == "nt", reason="looks for processes the POSIX way")
def test_no_worker_outlives_a_sweep_that_was_killed(tmp_path):
    script = tmp_path / "killed.py"
    script.write_text(KILLED)
    parent = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE)
    worker = int(parent.stdout.readline())
    assert alive(worker)
    parent.kill()
    parent.communicate()
    for _ in range(200):
        if not alive(worker):
            return
        time.sleep(0.1)
    pytest.fail(f"process {worker} goes on after its parent was killed")


def command_of(process):
    """Its command line; none when it ended just now."""
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:  # or a zombie
        return []


def alive(pid):
    """Does the process run? One that has ended and waits to be fetched does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


# Cross-validation ---------------------------------------------------------------------------


def test_fold_experiments_differ_in_their_fold_only():
    folds = fold_experiments("lenet5", "plain")
    assert [fold.name for fold in folds] == [f"lenet5-plain-{k}" for k in range(1, 6)]
    for k, fold in enumerate(folds, start=1):
        assert cnnlib.diff(CATALOGUE["lenet5"], fold) == f"data.split: holdout → plain-{k}"
    with pytest.raises(ValueError, match="kind is 'loo'; expected one of stratified, plain"):
        cross_validate("lenet5", "loo")


def test_cross_validation_trains_each_fold_on_its_own_images(store):
    quick = vary(CATALOGUE["convolution"], "quick-cv", recipe=dict(epochs=1))
    with ThreadPoolExecutor(1) as executor:
        found = cross_validate(quick, executor=executor)
    assert [one.experiment.data.split for one in found] == [f"stratified-{k}" for k in range(1, 6)]
    assert len({one.folder.name for one in found}) == 5
