"""The front door: ``python -m cnnlib COMMAND`` on every system; ``make COMMAND`` calls it.

Only the standard library is imported at the top: the first call has to make the environment.
"""

from __future__ import annotations  # an old Python shall reach the message about versions

import argparse
import hashlib
import importlib.metadata
import os
import subprocess
import sys
import venv
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ENV = ROOT / ".venv"
STAMP = ENV / "installed-for"  # holds the hash of the pyproject.toml that was installed
PYTHON = ENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def report(args: argparse.Namespace) -> int:
    """execute a copy of every notebook and render report/index.html [--stored] [--instructors]"""
    prepare()
    return python(ROOT / "book" / "build.py", "report", *args.rest)


def my_report(args: argparse.Namespace) -> int:
    """your report of chapter 23 as HTML and PDF [--notebook PATH] [--output FOLDER]"""
    prepare()
    return python(ROOT / "book" / "my_report.py", *args.rest)


def editions(args: argparse.Namespace) -> int:
    """instructors: notebooks without and with answers: [CHAPTER…] [--students]"""
    prepare()
    return python(ROOT / "book" / "editions.py", *args.rest)


def verify(args: argparse.Namespace) -> int:
    """instructors: recompute what submissions claim: SUBMISSION… [--output FOLDER] [--train]"""
    from .verify.command import main, parsed

    options = parsed(args.rest)  # wrong usage is told before anything is fetched
    prepare()
    return main(options)


def test(args: argparse.Namespace) -> int:
    """run the unit tests and compare every notebook's outputs"""
    prepare()
    return python("-m", "pytest", *args.rest)


def test_browser(args: argparse.Namespace) -> int:
    """click through JupyterLab and the rendered book in a browser that nobody sees"""
    prepare()
    try:
        importlib.metadata.version("playwright")
    except importlib.metadata.PackageNotFoundError:
        # not part of the set-up: 50 MB, and useless without a browser
        if code := install("browser"):
            return code
    return python("-m", "pytest", "--numprocesses=0", "tests/browser", *args.rest)


def lab(args: argparse.Namespace) -> int:
    """open the notebooks in JupyterLab"""
    prepare()
    start = "lab/tree/notebooks/00_start_here.ipynb"
    return python("-m", "jupyterlab", f"--LabApp.default_url=/{start}", *args.rest)


def data(args: argparse.Namespace) -> int:
    """fetch and check Fashion-MNIST"""
    prepare()
    return 0


def bench(args: argparse.Namespace) -> int:
    """time our training loops beside the usual ones, and write the tables in benchmarks/"""
    prepare()
    folder = ROOT / "benchmarks"
    return python(folder / "training_speed.py", *args.rest) or python(folder / "growth.py")


def refresh(args: argparse.Namespace) -> int:
    """authors: execute the committed notebooks in place; names select some"""
    prepare()
    return python(ROOT / "book" / "build.py", "refresh", *args.rest)


def train(args: argparse.Namespace) -> int:
    """authors: train and store: NAME… [--seeds 0 1 …] [--folds KIND | --on-all] [--retrain]"""
    from .catalogue import CATALOGUE
    from .finals import on_all
    from .sweeps import fold_experiments, sweep

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
    """authors: write the table of runs into README.md"""
    from .tables import write_readme

    print("README.md: table", "written" if write_readme(ROOT / "README.md") else "unchanged")
    return 0


def reproduce(args: argparse.Namespace) -> int:
    """train every shipped run again, from nothing, beside the shipped ones [--seeds 0 …]"""
    from .catalogue import SEEDS
    from .tables import reproduction

    parser = argparse.ArgumentParser(prog="python -m cnnlib reproduce")
    parser.add_argument("--seeds", nargs="+", type=int, default=SEEDS)
    options = parser.parse_args(args.rest)
    prepare()
    print(reproduction(ROOT / "reproduced", options.seeds))
    return 0


def prepare() -> None:
    """Have the data, or stop with one sentence; and have matplotlib's list of fonts.

    Making that list takes seconds, once, and would print a warning into the first notebook.
    """
    import matplotlib.font_manager  # noqa: F401

    from .sources import fetch

    print(f"Data: checked, in {fetch()}", flush=True)


COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    command.__name__.replace("_", "-"): command
    for command in (
        *(report, my_report, verify, editions, test, test_browser, lab),
        *(reproduce, bench, refresh, data, train, table),
    )
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command inside an environment that has everything installed."""
    argv = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # not every console can write →
    listing = "\n".join(f"  {name:12} {call.__doc__}" for name, call in COMMANDS.items())
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
    try:
        if not environment_is_ready():
            return set_up() or python("-m", "cnnlib", *argv, interpreter=PYTHON)
        return COMMANDS[args.command](args)
    except KeyboardInterrupt:
        print(
            "\nStopped. What was finished is kept; nothing is left half-written.", file=sys.stderr
        )
        return 130
    except (RuntimeError, LookupError, ValueError, ArithmeticError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def environment_is_ready() -> bool:
    """Is this Python one that has the workbook and what it needs?

    True inside an up-to-date .venv, and in any other environment (conda, say) into which the
    workbook was installed with all its extras.
    """
    if Path(sys.prefix).resolve() == ENV.resolve():
        return STAMP.exists() and STAMP.read_text() == wanted()
    try:
        for package in ("cnnlib", "torch", "nbval", "sphinx-book-theme", "typst"):
            importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def set_up() -> int:
    """Make .venv and install the workbook; nothing is done twice."""
    if STAMP.exists() and STAMP.read_text() == wanted() and PYTHON.exists():
        return 0
    print(f"Environment: installing into {ENV} (several minutes the first time)", flush=True)
    if not PYTHON.exists():
        venv.create(ENV, with_pip=True)
    if not (code := install("test,book,cluster", interpreter=PYTHON)):
        STAMP.write_text(wanted())
    return code


def install(extras: str, interpreter: str | Path = sys.executable) -> int:
    """Install the workbook with these of its extras; hand back pip's exit status."""
    words = ("-m", "pip", "install", "--disable-pip-version-check", "-e", f"{ROOT}[{extras}]")
    if code := python(*words, interpreter=interpreter):
        print("error: the installation failed; its last lines say why", file=sys.stderr)
    return code


def wanted() -> str:
    """What has to be installed, as a hash: a changed pyproject.toml installs again."""
    return hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()


def python(*words: str | Path, interpreter: str | Path = sys.executable) -> int:
    """Run Python in the workbook's folder and hand back its exit status."""
    process = subprocess.Popen([interpreter, *words], cwd=ROOT)
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue  # the child was told as well; it ends by itself, cleanly


if __name__ == "__main__":
    sys.exit(main())
