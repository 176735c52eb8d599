"""A made-up class: submissions honest, sloppy, forged and hostile, made from real runs.

``python tests/made_up_class.py FOLDER`` writes them all, verifies them in one command and says
whether each verdict is the expected one; names behind it choose some. The tests use the parts.
"""

import pickle
import sys
from pathlib import Path

from made_up_files import (
    CHAPTER,
    NOTEBOOK,
    Runs,
    at_the_end,
    cell_of,
    choices,
    cut,
    drop_cell,
    honest,
    linked,
    many_cells,
    nested,
    noisy,
    pickled,
    rosy,
    scratch,
    scripts,
    set_in,
    star_of_chain,
    swap,
    swap_alone,
    untagged,
    with_nan,
    without,
    zipped,
)
from made_up_frameworks import OPEN, TOGETHER
from made_up_more import ALONE, CANVAS, FLAGGED, MOODLE, UNSEEN

from cnnlib.runs import PREDICTIONS, RECORD, WEIGHTS

# The class -----------------------------------------------------------------------------------

HONEST = {
    "right-zip": lambda f: f,
    "right-choices": lambda f: f.notebook(choices),
    "right-extra-pickle": lambda f: f | {"old/weights.pt": pickle.dumps(Runs())},
    "right-scripts": lambda f: f.notebook(scripts),
    "right-10000-cells": lambda f: f.notebook(many_cells),
    "right-scratch-above": lambda f: f.notebook(scratch("above")),
    "right-scratch-below": lambda f: f.notebook(scratch("below")),
    "right-scratch-tagged": lambda f: f.notebook(scratch("above", tagged=True)),
    "right-trains-again": lambda f: f.notebook(at_the_end("mine.train()")),
    "right-stale-copy": lambda f: f | {"hand-in/report-Copy1.ipynb": CHAPTER.read_bytes()},
}
SLOPPY = {  # name: (how, the verdict, words of a failing fact)
    "untouched": (lambda f: f | {NOTEBOOK: CHAPTER.read_bytes()}, "incomplete", "not written"),
    "no-weights": (lambda f: without(f, WEIGHTS), "incomplete", "has no weights.safetensors"),
    "no-runs": (
        lambda f: without(f, WEIGHTS, RECORD, PREDICTIONS),
        *("incomplete", "no run of my-baseline"),
    ),
    "no-notebook": (lambda f: without(f, ".ipynb"), "incomplete", "no notebook"),
    "four-models": (
        lambda f: f.notebook(lambda nb: [
            cell_of(nb, words)["outputs"].__setitem__(slice(None), [])
            for words in ("mine.differences()", "mine.results()", "mine.pairwise()")
        ]) and drop_cell(without(f, f"{f.run(4).split('/')[-1]}/{RECORD}"), "mine.weights()"),
        *("wrong", "the assignment wants 5"),
    ),
    "no-results": (lambda f: drop_cell(f, "mine.results()"), "incomplete", "mine.results()"),
    "no-graphs": (lambda f: drop_cell(f, "mine.losses()"), "incomplete", "picture of losses"),
    "no-test": (lambda f: drop_cell(f, "mine.test()"), "incomplete", "mine.test()"),
    "not-executed": (
        lambda f: f.notebook(lambda nb: [
            cell.update(outputs=[], execution_count=None)
            for cell in nb["cells"] if cell["cell_type"] == "code"
        ]),
        *("incomplete", "without being executed"),
    ),
    "no-tags": (lambda f: f.notebook(untagged), "incomplete", "no cell has the tag “report”"),
    "no-link": (lambda f: f.says("https://a.example/weights", "soon"), "incomplete", "no link"),
    "pickled-weights": (pickled, "incomplete", "has no weights.safetensors"),
}  # fmt: skip
FORGED = {
    "report-val-acc": (lambda f: f.says("<td>91.15</td>", "<td>92.15</td>"), "another figure"),
    "report-test-acc": (lambda f: f.says("<td>90.20</td>", "<td>91.90</td>"), "another figure"),
    "report-p-value": (lambda f: f.says("<td>0.00087</td>", "<td>0.5</td>"), "another p-value"),
    "report-sign": (lambda f: f.says("<td>-0.03</td>", "<td>+0.03</td>"), "the counts give -0.025"),
    "report-counts": (
        lambda f: f.says("<td>249</td>", "<td>0</td>").says("<td>252</td>", "<td>249</td>")
        .says("<td>0</td>", "<td>252</td>"), "the accuracies -0.0",
    ),
    "report-test-counts": (
        lambda f: f.notebook(swap_alone), "the counts give",
    ),
    "report-parameters": (lambda f: f.says("<td>61,750</td>", "<td>61,751</td>"), "another figure"),
    "swapped-weights": (swap, "the weights give another figure"),
    "moved-weights": (lambda f: f.weights(1, noisy), "the weights give another figure"),
    "nan-weights": (lambda f: f.weights(1, with_nan), "not finite"),
    "cut-weights": (lambda f: f.weights(1, cut), "by its declaration it is"),
    "unsigned-weights": (
        lambda f: f.weights(1, lambda t: t["head.fc1.bias"].mul_(1.00001), sign=False),
        "not the one that this run wrote",
    ),
    "rosy-record": (lambda f: f.record(4, rosy), "the weights give another figure"),
    "history-nan": (
        lambda f: f.record(2, set_in(("history", 3, "val_loss"), float("nan"))),
        "no finite number",
    ),
    "history-part-of-image": (
        lambda f: f.record(2, set_in(("history", 3, "val_acc"), 0.887654321)), "no whole number",
    ),
    "history-short": (lambda f: f.record(2, lambda r: r["history"].pop()), "numbered from 1"),
    "history-lr": (
        lambda f: f.record(2, set_in(("history", 9, "lr"), 0.0005)), "declared schedule",
    ),
    "history-copied": (
        lambda f: f.record(2, lambda r: r["history"][4].update(
            {k: v for k, v in r["history"][3].items() if k != "epoch"})),
        "same losses",
    ),
    "edited-declaration": (
        lambda f: f.record(3, set_in(("experiment", "recipe", "batch_size"), 128)), "was edited",
    ),
    "20-epochs": (
        lambda f: f.record(3, set_in(("experiment", "recipe", "epochs"), 20)), "15 epochs",
    ),
    "batch-8": (
        lambda f: f.record(3, set_in(("experiment", "recipe", "batch_size"), 8)), "32 to 256",
    ),
    "two-changes": (
        lambda f: f.record(4, set_in(("experiment", "recipe", "lr"), 0.01)), "2 properties",
    ),
    "star-of-a-chain": (lambda f: f.notebook(star_of_chain), "properties are changed"),
    "huge-model": (
        lambda f: f.record(1, set_in(("experiment", "arch", "hidden"), [10**9, 84])),
        "more than 10,000,000 parameters",
    ),
    "text-for-number": (
        lambda f: f.record(1, set_in(("experiment", "recipe", "epochs"), "15")), "declare a model",
    ),
    "truncated-weights": (
        lambda f: f | {f"{f.run(1)}/{WEIGHTS}": f[f"{f.run(1)}/{WEIGHTS}"][:1000]},
        "not a whole safetensors file",
    ),
    "latin-1-notebook": (lambda f: f | {NOTEBOOK: "{é".encode("latin-1")}, "not text in UTF-8"),
    "nested-record": (
        lambda f: f | {f"{f.run(1)}/{RECORD}": nested()}, "",
    ),
}  # fmt: skip
HOSTILE = {  # name: (bytes of a zip file, words of the refusal)
    "zip-slip": (lambda f: zipped(f, more=[("../../evil.json", "{}")]), "would leave the folder"),
    "absolute": (lambda f: zipped(f, more=[("/etc/evil.json", "{}")]), "would leave the folder"),
    "drive": (lambda f: zipped(f, more=[("C:\\evil.json", "{}")]), "would leave the folder"),
    "link": (lambda f: zipped(f, more=linked()), "is a link"),
    "bomb": (lambda f: zipped({"a/run.json": bytes(500 * 2**20)}), "more than 2 MB"),
    "twice": (lambda f: zipped(f, more=[(NOTEBOOK, "{}")]), "two of its files"),
    "truncated": (lambda f: zipped(f)[:5000], "nor a whole zip file"),
    "empty": (lambda f: zipped({}), "neither a notebook nor a run"),
    "only-pickles": (lambda f: zipped({"m.pt": pickle.dumps(Runs())}), "pickles are not opened"),
    "no-zip": (lambda f: b"hello", "nor a whole zip file"),
}


def expected():
    """For each submission: how it is made, the verdict, words of what is not right, of a question.

    These stand for themselves; ``whole_class`` has others besides.
    """
    whole = {name: (how, "right", "", "") for name, how in {**HONEST, **UNSEEN}.items()}
    whole |= {name: (*one, "") for name, one in SLOPPY.items()}
    whole |= {name: (how, "wrong", words, "") for name, (how, words) in FORGED.items()}
    whole |= {name: (how, "right", "", asked) for name, (how, asked) in FLAGGED.items()}
    return (
        whole | OPEN | {name: (how, "refused", words, "") for name, (how, words) in HOSTILE.items()}
    )


def whole_class():
    """All of them, with those that are compared with one another, by the name of their row."""
    downloaded = {name: (*one, "") for name, one in {**MOODLE, **CANVAS}.items()}
    return expected() | ALONE | TOGETHER | downloaded


def write(name, folder):
    """Write one submission; where it lies. Every third of the whole ones is a folder."""
    how, verdict, *_ = whole_class()[name]
    files = honest()
    path = folder / f"{name}.zip"
    if verdict == "refused":
        path.write_bytes(how(files))
        return path
    made = how(files)
    if list(whole_class()).index(name) % 3:
        path.write_bytes(zipped(made))
        return path
    for inside, content in made.items():
        target = folder / name / inside
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return folder / name


def problems(name, result):
    """What is not as expected about a result; nothing if all is."""
    _, verdict, words, asked = whole_class()[name]
    told = [result.refused, *(f"{fact.name} {fact.why}" for fact in result.facts if fact.fails)]
    questions = [f"{fact.name}: {fact.why}" for fact in result.questions]
    if result.verdict != verdict:
        return f"{name}: expected {verdict}, found {result.verdict}: {told[:4]}"
    if words not in " | ".join(told):
        return f"{name}: expected “{words}”, found {told[:4]}"
    if asked not in " | ".join(questions):
        return f"{name}: expected the question “{asked}”, found {questions[:6]}"
    return ""


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # where ``instructors`` lies
    from made_up_run import main

    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
