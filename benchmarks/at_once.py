"""Several seeds of one experiment: which way is quickest? Three ways take turns.

One training after the other; all of them at once, by ``fit_many``; or one process with one thread
on each core, as ``sweep`` has it. Small networks leave most of a processor idle, large ones don't,
so the answer may depend on the network: three are asked.
"""

import os
import time
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor
from multiprocessing import get_context

import pandas as pd
import torch

from cnnlib import CATALOGUE, build, fit, fit_many, load
from cnnlib.training import default_device

NETWORKS = ("maxpool", "lenet5-var4-mended", "capstone-stack")
SEEDS, IMAGES, CHECKED = range(4), 6_000, 250  # CHECKED: validation images
ONE, MANY, PROCESSES = "one after the other", "at once, by `fit_many`", "a process for each core"


def one(name: str, seed: int) -> list:
    """An epoch of one model."""
    data, model = load(), build(name, seed=seed).to(default_device())
    sets = data.train[:IMAGES], data.val[:CHECKED]
    return fit(model, CATALOGUE[name], *sets, seed=seed, epochs=1, verbose=False)


def at_once(name: str) -> list:
    """The same epoch of all models, by ``fit_many``."""
    data, models = load(), [build(name, seed=seed).to(default_device()) for seed in SEEDS]
    sets = data.train[:IMAGES], data.val[:CHECKED]
    return fit_many(models, CATALOGUE[name], *sets, seeds=SEEDS, epochs=1, verbose=False)


def ways(executor: Executor) -> dict[str, Callable[[str], list]]:
    """What each way does with the name of a network; each gives a history for each seed."""
    return {
        ONE: lambda name: [one(name, seed) for seed in SEEDS],
        MANY: at_once,
        PROCESSES: lambda name: list(executor.map(one, [name] * len(SEEDS), SEEDS)),
    }


def measure(rounds: int, networks: tuple[str, ...] = NETWORKS) -> pd.DataFrame:
    """A row for each round, network and way: ``seconds``; the first round is left out."""
    rows, cores = [], os.cpu_count() or 1
    with ProcessPoolExecutor(cores, get_context("spawn"), torch.set_num_threads, (1,)) as pool:
        for number in range(rounds + 1):
            for name in networks:
                for way, train in ways(pool).items():
                    started = time.perf_counter()
                    train(name)
                    seconds = time.perf_counter() - started
                    rows.append({"round": number, "network": name, "way": way, "seconds": seconds})
            print(f"seeds at once: round {number} of {rounds} done", flush=True)
    return pd.DataFrame(rows).query("round > 0")


def markdown(found: pd.DataFrame) -> str:
    """Time over that of one training after the other, taken within rounds: median and range."""
    seconds = found.pivot(index=["network", "round"], columns="way", values="seconds")
    times = seconds.div(seconds[ONE], axis=0)
    lines = [f"| network | {ONE} | {MANY} | {PROCESSES} |", "|---|--:|--:|--:|"]
    for name in found.network.unique():
        cells = [f"{t.median():.2f} ({t.min():.2f} to {t.max():.2f})"
                 for t in (times.loc[name][way] for way in (MANY, PROCESSES))]  # fmt: skip
        lines.append(f"| `{name}` | 1 | {cells[0]} | {cells[1]} |")
    return "\n".join(lines)
