"""How long does one epoch take? Fifteen rounds, as the protocol's [rule.time] says.

In each round every model trains for one whole epoch on the CPU with one thread, one after another;
every other round goes backwards, so that a machine that slows down favours none. One epoch of each
comes first and is not measured. The file decides the claims about time, so it is written once.
"""

import argparse
import os
import time

os.environ["CNNLIB_PROGRESS"] = "off"

import pandas as pd
import torch

from cnnlib import CATALOGUE, build, load
from cnnlib.claims.figures import EPOCH_TIMES
from cnnlib.claims.protocol import ENTRIES, FAMILIES
from cnnlib.training import make_optimiser, prepare_process, train_epoch

PARTS = [part for name in FAMILIES["time"] for part in ENTRIES[name].parts]
MODELS = sorted({name for part in PARTS for name in part.weights})
ROUNDS = 15


def epoch_of(name: str) -> float:
    """Seconds of one epoch from the first weights of seed 0."""
    experiment, images = CATALOGUE[name], load().train
    model = build(experiment, seed=0)
    optimiser = make_optimiser(model, experiment.recipe)
    shuffler = torch.Generator().manual_seed(0)
    started = time.perf_counter()
    train_epoch(model, optimiser, images, experiment, shuffler)
    return time.perf_counter() - started


def measure(rounds: int = ROUNDS) -> pd.DataFrame:
    """A row for each model in each round: ``round``, ``experiment``, ``seconds``."""
    prepare_process()
    torch.set_num_threads(1)
    for name in MODELS:
        epoch_of(name)
    rows = []
    for number in range(rounds):
        for name in MODELS if number % 2 == 0 else MODELS[::-1]:
            rows.append((number, name, epoch_of(name)))
            print(f"round {number + 1} of {rounds}, {name}: {rows[-1][2]:.2f} s", flush=True)
    return pd.DataFrame(rows, columns=["round", "experiment", "seconds"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--again", action="store_true", help="measure although there is a file")
    if EPOCH_TIMES.exists() and not parser.parse_args().again:
        parser.error(f"{EPOCH_TIMES} is there; --again measures anew and replaces it")
    measure().to_csv(EPOCH_TIMES, index=False, float_format="%.4f", lineterminator="\n")


if __name__ == "__main__":
    main()
