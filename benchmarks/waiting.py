"""What a student waits for, in seconds: from the import to the pictures of each chapter.

Run it on a quiet machine. Every step is measured in several fresh processes; the table shows
medians. ``--chapters`` also executes every chapter, which takes some ten minutes.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ["CNNLIB_PROGRESS"] = "off"

import nbformat
import torch
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[1]
# one after the other, in one process: each line is timed
STEPS = {
    "`import torch`": "import torch",
    # names are loaded when first used: what they stand on comes with them
    "`import cnnlib` after that": "import cnnlib; cnnlib.CATALOGUE",
    "its models, training and runs (pandas, scikit-learn)": (
        "cnnlib.build, cnnlib.fit, cnnlib.run"
    ),
    "its plots (matplotlib, seaborn)": (
        "from cnnlib.plots.basic import rendered; from cnnlib.plots.pictures import images"
    ),
    "`cnnlib.load()`: 70,000 images, checked": "data = cnnlib.load()",
    "first picture": "rendered(images(data.train.images[:4], alt='four garments'))",
    "a stored run and its model": "model = cnnlib.run('maxpool').model()",
    "its answers to the 12,000 validation images": (
        "cnnlib.predict_logits(model, data.val.images, cnnlib.CATALOGUE['maxpool'].data)"
    ),
    "one epoch of training, 48,000 images": (
        "experiment = cnnlib.CATALOGUE['maxpool']; "
        "cnnlib.fit(model, experiment, data.train, data.val, epochs=1, verbose=False)"
    ),
    "a t-SNE map of 2,000 images, the first time": (
        "from cnnlib.analysis.features import embed, tsne; "
        "few = embed(model, data.val.images[:2000], experiment.data); tsne(few)"
    ),
    "the same map again": "tsne(few)",
}
PLOT = "\n".join(list(STEPS.values())[:6])


def once() -> dict[str, float]:
    """Seconds of each step in a fresh process, with nothing in the workbook's cache."""
    lines = ["import json, time", "spent, last = [], time.perf_counter()"]
    for step in STEPS.values():
        lines.append(step)
        lines.append("now = time.perf_counter(); spent.append(now - last); last = now")
    code = "\n".join([*lines, "print(json.dumps(spent))"])
    with tempfile.TemporaryDirectory() as empty:
        env = os.environ | {"CNNLIB_CACHE": empty}
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, check=True, cwd=ROOT, env=env, capture_output=True)
    return dict(zip(STEPS, json.loads(done.stdout.splitlines()[-1]), strict=True))


def kernel(notebook: nbformat.NotebookNode) -> float:
    """Seconds from starting a notebook's kernel to its last output."""
    started = time.perf_counter()
    client = NotebookClient(notebook, timeout=600, kernel_name="python3")
    client.execute(cwd=str(ROOT / "notebooks"))
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--chapters", action="store_true", help="execute every chapter as well")
    options = parser.parse_args()
    found = [once() for _ in range(options.rounds)]
    rows = {step: statistics.median(one[step] for one in found) for step in STEPS}
    cell = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(PLOT)])
    kernels = [kernel(cell) for _ in range(options.rounds)]
    rows["from starting a notebook's kernel to the first picture"] = statistics.median(kernels)
    if options.chapters:
        sys.path.insert(0, str(ROOT))  # book/ is not installed
        from book.notebooks import chapters

        for path in chapters():
            rows[f"all cells of `{path.stem}`"] = kernel(nbformat.read(path, as_version=4))
            print(path.stem, flush=True)
    lines = [f"| {step} | {seconds:.2f} |" for step, seconds in rows.items()]
    heading = (
        f"Seconds on {os.cpu_count()} cores, Python {platform.python_version()}, torch "
        f"{torch.__version__}, medians of {options.rounds} fresh processes; chapters once. Each "
        "step goes on where the one above it ended. Made by `python benchmarks/waiting.py`."
    )
    text = "\n".join(["# Waiting", "", heading, "", "| for | seconds |", "|---|--:|", *lines, ""])
    (ROOT / "benchmarks" / "waiting.md").write_text(text, "utf-8")
    print(text)


if __name__ == "__main__":
    main()
