"""The front door: ``python -m cnnlib COMMAND`` on every system; ``make COMMAND`` calls it.

Only the standard library is imported at the top: the first call has to make the environment.
"""

from __future__ import annotations  # an old Python must get as far as the message about versions

import argparse
import importlib.metadata
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from .support import chapters
from .support.ending import ended
from .support.environment import (
    PYTHON,
    ROOT,
    environment_is_ready,
    install,
    python,
    set_up,
)
from .support.folders import INSTALLED, made_in

QUICK = "--numprocesses=2 --dist=loadfile"


def report(args: argparse.Namespace) -> int:
    """execute a copy of every notebook and render report/index.html [--stored] [--instructors]"""
    prepare()
    if "--instructors" in args.rest:
        rest = [word for word in args.rest if word != "--instructors"]
        return ours("instructors.pages", *rest)
    return ours("book.build", "report", *args.rest)


def my_report(args: argparse.Namespace) -> int:
    """your report of chapter 23 as HTML and PDF [--notebook PATH] [--output FOLDER]"""
    if INSTALLED and chapters.lacks("typst"):
        raise RuntimeError(
            "my-report needs some packages more: install them with "
            f'"{sys.executable}" -m pip install "cnnlib[book]"'
        )
    prepare()
    return ours("book.my_report", *args.rest, folder=None)


def editions(args: argparse.Namespace) -> int:
    """instructors: notebooks without and with answers: [CHAPTER…] [--students]"""
    prepare()
    return ours("instructors.editions", *args.rest)


def verify(args: argparse.Namespace) -> int:
    """instructors: recompute what submissions claim: SUBMISSION… [--output FOLDER] [--quick]"""
    return ours("instructors.verify", *args.rest, folder=None)


def check(args: argparse.Namespace) -> int:
    """lint, types and the quick unit tests: a minute, before the whole `test` [--no-tests]"""
    steps = {
        "style": ("ruff", "check", "."),
        "format": ("ruff", "format", "--check", "."),
        "types": ("mypy",),
        # nbval and what is slow are left to ``test``
        "tests": ("pytest", "tests", "-q", "-m", "not slow", "-o", f"addopts={QUICK}"),
    }
    if "--no-tests" in args.rest:
        del steps["tests"]
    else:
        prepare()
    failed = []
    for name, words in steps.items():
        print(f"{name}: {words[0]}", flush=True)
        if python("-m", *words):
            failed.append(name)
    print(f"check: {', '.join(failed)} failed" if failed else "check: all is well", flush=True)
    return len(failed)


def test(args: argparse.Namespace) -> int:
    """run the unit tests and compare every notebook's outputs"""
    prepare()
    return python("-m", "pytest", *args.rest)


def test_browser(args: argparse.Namespace) -> int:
    """click through JupyterLab and the rendered book in a headless browser"""
    prepare()
    try:
        for package in ("playwright", "axe-playwright-python", "marionette-driver"):
            importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        # not part of the set-up: 50 MB, and useless without a browser
        if code := install("browser"):
            return code
    return python("-m", "pytest", "--numprocesses=0", "tests/browser", *args.rest)


def lab(args: argparse.Namespace) -> int:
    """open your copy of the notebooks in JupyterLab [CHAPTER] [--book: the originals] [Lab's own …]

    The copy is made by the first call, without what came out after each first prediction.
    """
    words = [word for word in args.rest if word != "--book"]
    named = bool(words) and not words[0].startswith("-")
    name = chapters.numbered(words.pop(0) if named else "0")
    folder = chapters.MINE if len(args.rest) == len(words) + named else "notebooks"
    if folder == chapters.MINE:
        print(chapters.copied(ROOT / folder), flush=True)
    prepare()
    return in_lab(f"{folder}/{name}", words, ROOT)


def start(args: argparse.Namespace) -> int:
    """copy the notebooks to a folder and open JupyterLab there [FOLDER] [--no-lab] [Lab's own …]"""
    parser = argparse.ArgumentParser(prog="python -m cnnlib start", allow_abbrev=False)
    parser.add_argument("folder", nargs="?", type=Path, default=Path(chapters.MINE))
    parser.add_argument("--no-lab", action="store_true", help="copy only")
    options, of_lab = parser.parse_known_args(args.rest)
    folder = options.folder.expanduser().resolve()
    print(chapters.copied(folder), flush=True)
    if options.no_lab:
        return 0
    if chapters.lacks("jupyterlab"):
        print(f"JupyterLab is not installed here: open {folder / chapters.FIRST} in what you have")
        return 0
    prepare()
    return in_lab(chapters.FIRST, of_lab, folder)


def in_lab(notebook: str, words: Sequence[str], folder: Path) -> int:
    """Open a notebook below ``folder`` in JupyterLab; RuntimeError where that cannot work."""
    from jupyter_core.paths import jupyter_runtime_dir

    from .support.saving import with_settings

    with_settings()
    own = Path(jupyter_runtime_dir())
    try:
        own.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise RuntimeError(
            f"JupyterLab cannot keep its own files in {own} ({error.strerror}); "
            "set HOME or JUPYTER_RUNTIME_DIR to a folder that is yours"
        ) from error
    return ours("jupyterlab", f"--LabApp.default_url=/lab/tree/{notebook}", *words, folder=folder)


def data(args: argparse.Namespace) -> int:
    """fetch and check Fashion-MNIST"""
    prepare()
    return 0


def check_runs(args: argparse.Namespace) -> int:
    """compute the figures of every stored run again, and compare the checksums of its files"""
    from collections import Counter

    from .analysis import audit

    prepare()
    found = audit.check_runs()
    for one in found:
        if one.wrong:
            print(f"{one.run}: {one.figure}: {one.wrong}")
    for why, count in Counter(one.unknown for one in found if one.unknown).items():
        print(f"{count} figures cannot be derived: {why}")
    wrong = sum(bool(one.wrong) for one in found)
    right = sum(not (one.wrong or one.unknown) for one in found)
    print(f"{right:,} figures and files are as stored, {wrong} are not")
    return int(wrong > 0)


def bench(args: argparse.Namespace) -> int:
    """time our training loops beside the usual ones, and write the tables in benchmarks/"""
    prepare()
    folder = ROOT / "benchmarks"
    return python(folder / "training_speed.py", *args.rest) or python(folder / "growth.py")


def refresh(args: argparse.Namespace) -> int:
    """authors: execute the committed notebooks in place; names select some"""
    prepare()
    return ours("book.build", "refresh", *args.rest)


def train(args: argparse.Namespace) -> int:
    """authors: train and store: NAME… [--seeds 0 1 …] [--folds KIND | --on-all] [--retrain]"""
    from .analysis.finals import on_all
    from .catalogue import CATALOGUE
    from .parallel.sweeps import fold_experiments, sweep

    parser = argparse.ArgumentParser(prog="python -m cnnlib train")
    parser.add_argument("names", nargs="*", help="experiments; none means the whole catalogue")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--folds", metavar="KIND", help="on five folds: stratified or plain")
    parser.add_argument("--on-all", action="store_true", help="on training and validation images")
    parser.add_argument("--retrain", action="store_true", help="also what is stored already")
    options = parser.parse_args(args.rest)
    chosen = [CATALOGUE[name] for name in options.names or CATALOGUE]
    if options.folds:
        chosen = [fold for parent in chosen for fold in fold_experiments(parent, options.folds)]
    if options.on_all:
        chosen = [on_all(parent) for parent in chosen]
    for run in sweep(chosen, options.seeds, retrain=options.retrain):
        print(f"{run.name} seed {run.seed}: validation accuracy {run.metrics['val_acc']:.4f}")
    return 0


def table(args: argparse.Namespace) -> int:
    """authors: write the tables of runs and the reading order into README.md and runs/README.md"""
    from .analysis.readme import write

    print("written:", ", ".join(write()) or "nothing; all is up to date")
    return 0


def reproduce(args: argparse.Namespace) -> int:
    """train every shipped run again, from nothing, beside the shipped ones [--seeds 0 …]"""
    from .analysis.tables import reproduction
    from .catalogue import SEEDS

    parser = argparse.ArgumentParser(prog="python -m cnnlib reproduce")
    parser.add_argument("--seeds", nargs="+", type=int, default=SEEDS)
    options = parser.parse_args(args.rest)
    prepare()
    print(reproduction(made_in() / "reproduced", options.seeds))
    return 0


def ours(module: str, *words: str, folder: Path | None = ROOT) -> int:
    """Run a module of this repository, or Lab, which ends as the front door does: in one line."""
    return python("-m", "cnnlib.support.ending", module, *words, folder=folder)


def prepare() -> None:
    """Have the data, or stop with one sentence; and have matplotlib's list of fonts.

    Making that list takes seconds, once, and would print a warning into the first notebook.
    """
    import matplotlib.font_manager  # noqa: F401

    from .support.sources import fetch

    print(f"Data: checked, in {fetch()}", flush=True)


COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    command.__name__.replace("_", "-"): command
    for command in (
        *(report, my_report, verify, editions, check, test, test_browser, lab, start),
        *(reproduce, check_runs, bench, refresh, data, train, table),
    )
}
# what an installed wheel can do: the others need the files of a clone
OF_A_WHEEL = ("start", "my-report", "data", "train", "check-runs", "reproduce")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command inside an environment that has everything installed."""
    argv = list(sys.argv[1:] if argv is None else argv)
    offered = OF_A_WHEEL if INSTALLED else COMMANDS
    words = {name: (COMMANDS[name].__doc__ or "").partition("\n")[0] for name in offered}
    listing = "\n".join(f"  {name:12} {what}" for name, what in words.items())
    parser = argparse.ArgumentParser(
        prog="python -m cnnlib",
        description="commands:\n" + listing,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", choices=COMMANDS, metavar="command")
    parser.add_argument("rest", nargs=argparse.REMAINDER, help="passed on to the command")
    if not argv:
        parser.print_help()
        return 0
    args = parser.parse_args(argv)
    if sys.version_info < (3, 11):  # noqa: UP036
        found = ".".join(map(str, sys.version_info[:3]))
        print(f"cnnlib needs Python 3.11 or newer; this is {found}", file=sys.stderr)
        return 2
    return ended(lambda: command(args, argv))


def command(args: argparse.Namespace, argv: Sequence[str]) -> int:
    """Run the command here, or set up and run it there; what is wrong with it is one line."""
    try:
        if INSTALLED:  # by pip, with what it needs
            return in_a_wheel(args)
        if not environment_is_ready():
            return set_up() or python("-m", "cnnlib", *argv, interpreter=PYTHON, folder=None)
        return COMMANDS[args.command](args)
    except (RuntimeError, LookupError, ValueError, ArithmeticError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def in_a_wheel(args: argparse.Namespace) -> int:
    """Run a command of the installed package; RuntimeError for one that it does not have."""
    if args.command not in OF_A_WHEEL:
        raise RuntimeError(
            f"{args.command} needs a clone of the workbook's repository; the installed package "
            f"has {', '.join(OF_A_WHEEL)}"
        )
    return COMMANDS[args.command](args)


if __name__ == "__main__":
    sys.exit(main())
