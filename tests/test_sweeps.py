import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import Executor, Future, ThreadPoolExecutor

import psutil  # the kernel's package needs it too
import pytest
import slow_jobs
from distributed import Client, LocalCluster
from slow_jobs import GATE, OPEN, wait_for

import cnnlib
from cnnlib import CATALOGUE, cross_validate, run, sweep, vary
from cnnlib.parallel import sweeps
from cnnlib.parallel.sweeps import fold_experiments
from cnnlib.records import identity
from cnnlib.runs import RECORD
from cnnlib.store import StoreError
from cnnlib.support.folders import ROOT

pytestmark = pytest.mark.slow  # trains, renders or starts processes

QUICK = vary(CATALOGUE["maxpool"], "quick", recipe=dict(epochs=2))
TWIN = vary(CATALOGUE["baseline"], "twin", recipe=dict(epochs=2))


def contents(folder):
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def timeless(one):
    return [{k: v for k, v in epoch.items() if k != "seconds"} for epoch in one.history]


@pytest.fixture
def gate(tmp_path, monkeypatch):
    """The folder in which the jobs of a sweep say that they run; they wait for ``OPEN`` in it."""
    folder = tmp_path / "gate"
    folder.mkdir()
    monkeypatch.setenv(GATE, str(folder))
    monkeypatch.setattr(sweeps, "_job", slow_jobs.gated)
    return folder


def kill_once_all_run(gate):
    """In a thread: when QUICK and TWIN both run, kill the process of QUICK and let TWIN go on."""

    def kill():
        victim, _ = (int(wait_for(gate / one.name)) for one in (QUICK, TWIN))
        psutil.Process(victim).kill()
        (gate / OPEN).write_text("now")

    killer = threading.Thread(target=kill)
    killer.start()
    return killer


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


def test_a_store_that_cannot_be_written_is_found_before_any_training(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("CNNLIB_RUNS", str(tmp_path / "file"))
    monkeypatch.setattr(sweeps, "load", lambda: pytest.fail("went on"))
    with pytest.raises(StoreError, match="nothing was trained"):
        sweep(["baseline", "maxpool"], [0])


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
        pytest.raises(
            RuntimeError, match=r"1 of 2 runs failed: wild seed 0 \(wild: in epoch 1, .*step 2"
        ),
    ):
        sweep([wild, QUICK], executor=executor)
    assert contents(store) == [f"quick-seed0-{identity(QUICK, 0)}"]


@pytest.mark.parametrize(
    ("others", "kept"),
    [([], "None is stored"), ([QUICK], "other 1 is stored"), ([QUICK, TWIN], "other 2 are stored")],
)
def test_what_is_stored_after_a_failure_is_said_as_it_is(store, others, kept):
    wild = vary(CATALOGUE["lr-0.1"], "wild", recipe=dict(lr=1e25))
    with (
        ThreadPoolExecutor(1) as executor,
        pytest.raises(RuntimeError, match=rf"1 of {len(others) + 1} runs failed: .*{kept}; the"),
    ):
        sweep([wild, *others], executor=executor)
    assert len(contents(store)) == len(others)


@pytest.mark.parametrize(
    ("experiments", "seeds", "said"),
    [
        ("baseline", (0,), "experiments is 'baseline', of the kind str; expected several values"),
        (QUICK, (0,), r"experiments is Experiment\(.*, of the kind Experiment; expected several"),
        (None, (0,), "experiments is None, of the kind NoneType; expected several values"),
        (["baseline"], 5, r"seeds is 5, of the kind int; expected several values .* \(0, 1\)"),
        (["baseline"], "01", "seeds is '01', of the kind str; expected several values"),
        (["baseline"], [0.5], r"seed is 0.5, of the kind float; expected a whole number"),
        (["basline"], (0,), "no experiment is named 'basline'; did you mean 'baseline'"),
        ([3], (0,), "3"),
    ],
)
def test_what_is_no_list_of_experiments_or_seeds_gets_a_sentence(store, experiments, seeds, said):
    with pytest.raises((ValueError, KeyError), match=said) as error:
        sweep(experiments, seeds)
    assert "\n" not in str(error.value) and not contents(store)


BARE = """
import cnnlib
import slow_jobs
from cnnlib.parallel import sweeps

print("read", flush=True)
sweeps._job = slow_jobs.gated
names = ("baseline", "maxpool")
found = cnnlib.sweep([cnnlib.vary(name, f"{name}-quick", recipe=dict(epochs=1)) for name in names])
print(*(one.name for one in found), __file__)
"""


def test_a_script_that_sweeps_needs_no_guard(gate, tmp_path):
    script = tmp_path / "bare.py"
    script.write_text(BARE)
    (gate / OPEN).write_text("now")
    more = {"CNNLIB_RUNS": str(tmp_path / "runs"), "CNNLIB_PROGRESS": "off"}
    paths = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    done = subprocess.run(
        [sys.executable, script],
        env={**os.environ, **more, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0 and not done.stderr, done.stderr
    assert done.stdout.splitlines() == ["read", f"baseline-quick maxpool-quick {script}"]
    assert len(contents(tmp_path / "runs")) == 2


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


def trained_here():
    """What QUICK and TWIN give when they are trained in this process, without any executor."""
    return [timeless(run(one, retrain=True, verbose=False)) for one in (QUICK, TWIN)]


def test_a_killed_worker_loses_its_run_only(store, gate, monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 2)  # both run at once
    killer = kill_once_all_run(gate)
    message = r"1 of 2 runs failed: quick seed 0 \(its process was killed, or crashed\)"
    with pytest.raises(RuntimeError, match=message):
        sweep([QUICK, TWIN])
    killer.join()
    assert contents(store) == [f"twin-seed0-{identity(TWIN, 0)}"]
    again = sweep([QUICK, TWIN])  # goes on from there
    assert [timeless(one) for one in again] == trained_here()


def test_a_dask_cluster_survives_the_loss_of_a_worker(store, gate):
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        killer = kill_once_all_run(gate)
        swept = sweep([QUICK, TWIN], executor=client.get_executor())
        killer.join()
    assert [timeless(one) for one in swept] == trained_here()


TRAIN = """
import sys
import slow_jobs
sys.exit(slow_jobs.command("train", "baseline", "maxpool", "filters"))
"""


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals")
@pytest.mark.parametrize("when", ["workers start", "workers train"])
def test_ctrl_c_stops_a_sweep_at_once_and_stores_nothing(when, gate, tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", TRAIN],
        cwd=ROOT / "tests",
        env={**os.environ, "CNNLIB_RUNS": str(tmp_path / "runs"), "CNNLIB_PROGRESS": "off"},
        stderr=subprocess.PIPE,
        start_new_session=True,
        # a job in the background is told to ignore Ctrl-C, and hands that on: undo it
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    parent, deadline = psutil.Process(process.pid), time.monotonic() + 600
    while not any("spawn_main" in word for c in parent.children() for word in command_of(c)):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.05)
    if when == "workers train":
        wait_for(gate / "baseline")
    assert process.poll() is None
    os.killpg(process.pid, signal.SIGINT)
    said = process.communicate(timeout=120)[1].decode()
    assert process.returncode == 130, said
    assert "Traceback" not in said and "Stopped." in said
    assert contents(tmp_path / "runs") == []


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
    for _ in range(2000):
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
