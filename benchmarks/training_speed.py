"""How fast is ``fit``, beside what a student would use instead? See ``loops`` for what runs.

Each loop has a process of its own, so that no library disturbs another, and the processes take
turns: a noisy machine hurts all of them alike. Ratios are taken within rounds; the table shows
medians. The first round, in which libraries compile, is left out.
"""

import argparse
import multiprocessing
import os
import platform
import statistics
import time
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

os.environ["CNNLIB_PROGRESS"] = "off"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"  # TensorFlow's greetings

import pandas as pd
import psutil
import torch
from loops import BATCH, LOOPS, available, side_by_side

from cnnlib import plots
from cnnlib.training import default_device

HERE = Path(__file__).parent


def work(name: str, images: int, seeds: int, line: Connection) -> None:
    """In a process of its own: train an epoch whenever asked; answer with seconds and bytes."""
    loop = partial(side_by_side, seeds=seeds) if name == "fit_many" else LOOPS[name]
    epoch = loop(images)
    line.send("ready")
    while line.recv():
        started = time.perf_counter()
        epoch()
        line.send((time.perf_counter() - started, psutil.Process().memory_info().rss))


def measure(names: list[str], images: int, rounds: int, seeds: int) -> pd.DataFrame:
    """A row for each loop and round: ``loop``, ``seconds``, ``bytes``; the first is left out."""
    spawn, lines, rows = multiprocessing.get_context("spawn"), {}, []
    for name in names:
        lines[name], theirs = spawn.Pipe()
        spawn.Process(target=work, args=(name, images, seeds, theirs), daemon=True).start()
        lines[name].recv()
    for number in range(rounds + 1):
        for name, line in lines.items():
            line.send(True)
            seconds, size = line.recv()
            if number:
                rows.append({"loop": name, "round": number, "seconds": seconds, "bytes": size})
        print(f"round {number} of {rounds} done", flush=True)
    for line in lines.values():
        line.send(False)
    return pd.DataFrame(rows)


def ratios(found: pd.DataFrame) -> pd.DataFrame:
    """How many times as long as ``fit`` each loop takes: median, lowest and highest round."""
    seconds = found.pivot(index="round", columns="loop", values="seconds")
    times = seconds.div(seconds["fit"], axis=0)
    table = times.agg(["median", "min", "max"]).T.set_axis(["value", "low", "high"], axis=1)
    return table.sort_values("value")


def markdown(found: pd.DataFrame, images: int) -> str:
    lines = ["| loop | images per second | time ÷ time of `fit` | lowest to highest | memory |"]
    lines.append("|---|--:|--:|--:|--:|")
    for name, (value, low, high) in ratios(found).iterrows():
        own = found[found.loop == name]
        lines.append(
            f"| {name} | {images / statistics.median(own.seconds):,.0f} | {value:.2f} "
            f"| {low:.2f} to {high:.2f} | {own.bytes.max() / 2**20:,.0f} MB |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=48_000, help="training images per epoch")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=5, help="models in fit_many")
    parser.add_argument("--only", nargs="+", choices=LOOPS, metavar="LOOP", help="also: fit")
    options = parser.parse_args()
    names = [n for n in available() if n in ("fit", *(options.only or LOOPS))]
    found = measure(names, options.images, options.rounds, options.seeds)
    heading = (
        f"LeNet-5 with max pooling, batch {BATCH}, epochs of {options.images:,} images, "
        f"{options.rounds} rounds, medians. Python {platform.python_version()}, torch "
        f"{torch.__version__}, {default_device()}, {torch.get_num_threads()} threads. The loops "
        "take turns, and ratios are taken within rounds. `fit_many` trains "
        f"{options.seeds} models at once, each on its share of the images. Memory is what the "
        "process holds after its epoch, libraries included. Made by `make bench`; the four "
        "libraries in it come with `pip install -e '.[bench]'`."
    )
    text = f"# Speed of the training loop\n\n{heading}\n\n{markdown(found, options.images)}\n"
    figure = "\n![Time of each loop as a multiple of fit's, with its range](training_speed.png)\n"
    (HERE / "training_speed.md").write_text(text + figure, "utf-8")
    axes = plots.intervals(ratios(found), xlabel="time ÷ time of fit (1 = as fast)")
    plots.figure_of(axes).savefig(HERE / "training_speed.png", dpi=120, bbox_inches="tight")
    print(text)


if __name__ == "__main__":
    main()
