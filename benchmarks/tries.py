"""Other recipes for chapter 24's last network: one seed each, on validation.

Every try changes something in ``START``, and is trained by a schedule of its own few epochs. They
were made when ``START`` had been declared and trained, and before it met the test set, which takes
no part. The seed is not among those of the stored runs. Rows are kept in
``tries.csv``, and ``tries.md`` shows them: ``python benchmarks/tries.py --only "batches of 128"``.
"""

import argparse
import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

os.environ["CNNLIB_PROGRESS"] = "off"

import pandas as pd
import torch

from cnnlib import CATALOGUE, Experiment, build, count_parameters, fit, load, vary
from cnnlib.analysis.readme import filled

HERE = Path(__file__).parent
START = CATALOGUE["capstone-late"]
GLOROT = dict(init="glorot_uniform")
CHANGES: dict[str, dict[str, Any]] = {
    "none": {},
    "decay 0.01": dict(recipe=dict(weight_decay=0.01)),
    "decay 0.02": dict(recipe=dict(weight_decay=0.02)),
    "batches of 128": dict(recipe=dict(batch_size=128)),
    "rate 0.005": dict(recipe=dict(lr=5e-3)),
    "rate 0.02, decay 0.02": dict(recipe=dict(lr=2e-2, weight_decay=0.02)),
    "rate 0.04, decay 0.01": dict(recipe=dict(lr=4e-2, weight_decay=0.01)),
    "no smoothing": dict(recipe=dict(label_smoothing=0.0)),
    "Glorot's first weights": dict(arch=GLOROT),
    "Glorot, rate 0.02, decay 0.02": dict(arch=GLOROT, recipe=dict(lr=2e-2, weight_decay=0.02)),
    "Glorot, rate 0.03, decay 0.02": dict(arch=GLOROT, recipe=dict(lr=3e-2, weight_decay=0.02)),
    "Glorot, rate 0.02, decay 0.05": dict(arch=GLOROT, recipe=dict(lr=2e-2)),
    "ReLU": dict(arch=dict(activation="relu")),
    "pixels with mean 0, deviation 1": dict(data=dict(mean=0.286, std=0.353)),
}


def experiment(change: str, epochs: int) -> Experiment:
    """``START`` with the change, and a schedule of so many epochs."""
    parts = CHANGES[change]
    return vary(START, "try", **{**parts, "recipe": {**parts.get("recipe", {}), "epochs": epochs}})


def tried(change: str, epochs: int, seed: int) -> dict[str, Any]:
    """One row: the change, parameters, epochs, seed, and ``val_acc`` after the last epoch."""
    one, data = experiment(change, epochs), load()
    model = build(one, seed=seed)
    history = fit(model, one, data.train, data.val, seed=seed, verbose=False)
    said = {"change": change, "parameters": count_parameters(model), "epochs": epochs, "seed": seed}
    return {**said, "val_acc": round(history[-1]["val_acc"], 4)}


def table(rows: pd.DataFrame) -> str:
    """The rows for ``tries.md``, best first."""
    lines = [
        "| change | parameters | epochs | seed | validation accuracy |",
        "|---|--:|--:|--:|--:|",
    ]
    for row in rows.sort_values(["epochs", "val_acc"], ascending=[False, False]).itertuples():
        said = f"{row.change} | {row.parameters:,} | {row.epochs} | {row.seed}"
        lines.append(f"| {said} | {row.val_acc:.4f} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=CHANGES, default=list(CHANGES), metavar="TRY")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--seed", type=int, default=100)
    options = parser.parse_args()
    rows = pd.read_csv(HERE / "tries.csv")
    done = set(rows[["change", "epochs", "seed"]].itertuples(index=False, name=None))
    todo = [c for c in options.only if (c, options.epochs, options.seed) not in done]
    with ProcessPoolExecutor(None, get_context("spawn"), torch.set_num_threads, (1,)) as pool:
        jobs = [pool.submit(tried, change, options.epochs, options.seed) for change in todo]
        for job in jobs:
            print(job.result(), flush=True)
            rows = pd.concat([rows, pd.DataFrame([job.result()])], ignore_index=True)
            rows.to_csv(HERE / "tries.csv", index=False, float_format="%.4f")
    page = HERE / "tries.md"
    page.write_text(filled(page.read_text("utf-8"), {"tries": table(rows)}), "utf-8")


if __name__ == "__main__":
    main()
