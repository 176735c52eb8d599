"""How the time of a training grows with the work: images, filters, epochs, and seeds at once.

Each kind of work is doubled several times. All sizes take turns within a round; the table shows
medians, and the slope of log(time) over log(work): 1 means twice the work, twice the time, and
less than 1 that some of the work comes for free. Memory is what a process holds that has done
one such training and nothing else. Then ``at_once`` asks which way trains several seeds soonest.
"""

import argparse
import os
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

os.environ["CNNLIB_PROGRESS"] = "off"

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import psutil
import seaborn as sns
import torch
from at_once import markdown as ways_table
from at_once import measure as measure_ways
from loops import BATCH, EXPERIMENT, whole
from scipy.stats import linregress

from cnnlib import Arch, Conv, Experiment, build, fit, fit_many, load, plots, vary
from cnnlib.models import count_parameters
from cnnlib.training import default_device

HERE = Path(__file__).parent
IMAGES = 6_000
WAYS = """\
## Four seeds: at once, or side by side?

Time of an epoch of 6,000 images with four seeds, over the time of one training after the other on
all threads: median of the rounds, lowest to highest. `sweep` takes a process for each core: that
asks nothing of the network, and stores each run when it ends. `fit_many` stays a lesson (chapter
24), for small networks without batch norm on few cores."""


def wider(times: int) -> Experiment:
    """LeNet-5 with so many times the filters in both convolutions."""
    convs = (Conv(6 * times, 5, padding=2), Conv(16 * times, 5))
    return EXPERIMENT if times == 1 else vary(EXPERIMENT, f"x{times}", arch=dict(convs=convs))


def one(experiment: Experiment = EXPERIMENT, images: int = IMAGES, epochs: int = 1) -> Callable:
    data = load()
    model = build(experiment, seed=0).to(default_device())
    sets = data.train[:images], data.val[:BATCH]
    return whole(lambda: fit(model, experiment, *sets, epochs=epochs, verbose=False))


def many(seeds: int) -> Callable:
    data = load()
    models = [build(EXPERIMENT, seed=seed).to(default_device()) for seed in range(seeds)]
    sets, several = (data.train[:IMAGES], data.val[:BATCH]), range(seeds)
    return whole(
        lambda: fit_many(models, EXPERIMENT, *sets, seeds=several, epochs=1, verbose=False)
    )


WORK: dict[str, tuple[Callable[[int], Callable], tuple[int, ...]]] = {
    "images": (lambda n: one(images=n), (3_000, 6_000, 12_000, 24_000, 48_000)),
    "filters": (lambda n: one(wider(n)), (1, 2, 4, 8)),
    "epochs": (lambda n: one(epochs=n), (1, 2, 4, 8)),
    "seeds": (many, (1, 2, 4, 8)),
}


def measure(rounds: int) -> pd.DataFrame:
    """A row for each kind and size: median ``seconds`` over the rounds after the first."""
    trained = {(kind, n): make(n) for kind, (make, sizes) in WORK.items() for n in sizes}
    rows = []
    for number in range(rounds + 1):
        for (kind, n), training in trained.items():
            started = time.perf_counter()
            training()
            if number:
                rows.append({"work": kind, "size": n, "seconds": time.perf_counter() - started})
        print(f"round {number} of {rounds} done", flush=True)
    return pd.DataFrame(rows).groupby(["work", "size"], sort=False).seconds.median().reset_index()


def held(kind: str, n: int) -> float:
    """Megabytes that this process holds when it has trained once at size ``n``."""
    make, _ = WORK[kind]
    make(n)()
    return psutil.Process().memory_info().rss / 2**20


def with_memory(found: pd.DataFrame) -> pd.DataFrame:
    """The same table with ``memory``, in MB, each size's measured in a process of its own."""
    with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as pool:
        return found.assign(memory=list(pool.map(held, found.work, found["size"])))


def slope(found: pd.DataFrame) -> float:
    """Of log(time) over log(work)."""
    return linregress(np.log(found["size"]), np.log(found.seconds)).slope


def markdown(found: pd.DataFrame) -> str:
    lines = ["| work | sizes | time, as a multiple of the smallest | slope | memory (MB) |"]
    lines.append("|---|---|---|--:|---|")
    for kind, rows in found.groupby("work", sort=False):
        times = rows.seconds / rows.seconds.iloc[0]
        sizes = ", ".join(f"{n:,}" for n in rows["size"])
        shown = ", ".join(f"{t:.2f}" for t in times), ", ".join(f"{m:.0f}" for m in rows.memory)
        lines.append(f"| {kind} | {sizes} | {shown[0]} | {slope(rows):.2f} | {shown[1]} |")
    return "\n".join(lines)


def draw(found: pd.DataFrame) -> plt.Figure:
    """Both axes as multiples of the smallest size, on logarithmic scales."""
    least = found.groupby("work")[["size", "seconds"]].transform("first")
    shown = found.assign(more=found["size"] / least["size"], longer=found.seconds / least.seconds)
    axes = sns.lineplot(shown, x="more", y="longer", hue="work", style="work", markers=True)
    axes.axline((1, 1), slope=1, color="0.7", zorder=0)
    axes.set(xscale="log", yscale="log", xlabel="work (multiple)", ylabel="time (multiple)")
    return plots.describe(axes.figure, "Time over work, both as multiples of the smallest size.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    found, ways = with_memory(measure(options.rounds)), measure_ways(options.rounds)
    arch = [wider(n).arch for n in WORK["filters"][1]]
    heading = (
        f"LeNet-5 with max pooling, batch {BATCH}, {IMAGES:,} images and one epoch where nothing "
        f"else is said, {options.rounds} rounds, medians; torch {torch.__version__}, "
        f"{default_device()}, {torch.get_num_threads()} threads. Filters are multiples of "
        f"LeNet-5's 6 and 16 ({', '.join(f'{size(a):,}' for a in arch)} parameters); seeds are "
        "trained at once, by `fit_many`. Slope: of log(time) over log(work). Memory: what a "
        "process holds that has done this one training, libraries and data included. Made by "
        "`make bench`."
    )
    figure = "![Time over work for images, filters, epochs and seeds; the grey line is slope 1]"
    text = f"# What more work costs\n\n{heading}\n\n{markdown(found)}\n\n{figure}(growth.png)\n"
    text += f"\n{WAYS}\n\n{ways_table(ways)}\n"
    (HERE / "growth.md").write_text(text, "utf-8")
    draw(found).savefig(HERE / "growth.png", dpi=120, bbox_inches="tight")
    print(text)


def size(arch: Arch) -> int:
    return count_parameters(build(Experiment("size", arch)))


if __name__ == "__main__":
    main()
