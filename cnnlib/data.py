"""Fashion-MNIST: found or fetched, checked, split once and kept in memory.

60,000 training and 10,000 test images, 28×28 pixels, grey (Xiao, Rasul and Vollgraf 2017,
MIT licence). ``load()`` is all a notebook needs.
"""

import functools
import gzip
import hashlib
import json
import os
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torchvision
from sklearn.model_selection import train_test_split
from torch import Tensor

ROOT = Path(__file__).resolve().parents[1]
CLASS_NAMES = (
    "T-shirt/top", "trouser", "pullover", "dress", "coat",
    "sandal", "shirt", "sneaker", "bag", "ankle boot",
)  # fmt: skip
# SHA-256 of the four uncompressed files, in agreement with the publisher's MD5s of the gzip files
CHECKSUMS = {
    "train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
}
SIZES = {
    "train-images-idx3-ubyte": 47_040_016,
    "train-labels-idx1-ubyte": 60_008,
    "t10k-images-idx3-ubyte": 7_840_016,
    "t10k-labels-idx1-ubyte": 10_008,
}
PACKAGE = "dataset-fashion-mnist"
PACKAGE_FOLDER = Path("/usr/share/datasets/fashion-mnist")
FETCH = "python -m cnnlib data"


class DataError(RuntimeError):
    """The data cannot be found, fetched or trusted; the message says what to do."""


@dataclass(frozen=True)
class Split:
    """Images uint8 (N, 1, 28, 28) and labels int64 (N,), on one device."""

    images: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: Tensor | slice) -> "Split":
        return Split(self.images[index], self.labels[index])

    def to(self, device: torch.device | str) -> "Split":
        return Split(self.images.to(device), self.labels.to(device))


class Dataset:
    """``train`` (48,000), ``val`` (12,000) and, opened only when asked for, ``test`` (10,000)."""

    class_names = CLASS_NAMES

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._test: Split | None = None
        self.test_openings = 0
        both = _read(folder, train=True)
        self.train_index, self.val_index = holdout(both.labels)
        self.train, self.val = both[self.train_index], both[self.val_index]

    @property
    def test(self) -> Split:
        """The test set. Every opening is counted and printed: it is meant for the end."""
        if self._test is None:
            self._test = _read(self._folder, train=False)
        self.test_openings += 1
        print(f"The test set is opened (opening {self.test_openings} in this session).")
        return self._test


def load() -> Dataset:
    """Fashion-MNIST in memory; fetched first if need be, and read once a session.

    Raises DataError when no source can be reached or a file is not the published one.
    """
    return _load(data_folder())


@functools.cache
def _load(folder: Path) -> Dataset:
    fetch(folder)
    return Dataset(folder)


def data_folder() -> Path:
    """``$CNNLIB_DATA``, or ``data/`` beside the notebooks."""
    return Path(os.environ.get("CNNLIB_DATA") or ROOT / "data").expanduser().resolve()


def holdout(labels: Tensor, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Positions of an 80 % training and a 20 % validation part, stratified by class, sorted."""
    train, val = train_test_split(
        np.arange(len(labels)), test_size=0.2, stratify=labels.numpy(), random_state=seed
    )
    return torch.from_numpy(np.sort(train)), torch.from_numpy(np.sort(val))


def _read(folder: Path, train: bool) -> Split:
    source = torchvision.datasets.FashionMNIST(folder, train=train)
    return Split(source.data.unsqueeze(1), source.targets)


# Finding the files ---------------------------------------------------------------------------


def fetch(folder: Path | None = None, say: Callable[[str], None] = print) -> Path:
    """Make sure that the four checked files are there; try each source in turn.

    ``say`` gets one line for each source tried. Returns the folder of the files.
    """
    raw = (folder or data_folder()) / "FashionMNIST" / "raw"  # where torchvision looks
    present = [name for name in CHECKSUMS if (raw / name).exists()]
    if len(present) == len(CHECKSUMS):
        check(raw)
        return raw
    for name in present:  # a damaged file is reported, never papered over by a download
        check_file(raw / name)
    try:
        raw.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=raw, prefix="fetch-") as scratch:
            _fetch_into(raw, Path(scratch), say)
    except PermissionError as error:
        raise DataError(
            f"cannot write the data to {raw} ({error.strerror}); "
            "make the folder writable or set CNNLIB_DATA to one that is"
        ) from error
    return raw


def _fetch_into(raw: Path, scratch: Path, say: Callable[[str], None]) -> None:
    """Fill ``raw`` from the first source that works; only whole, checked files are moved in."""
    failures = []
    for title, source in SOURCES.items():
        try:
            found = source(scratch)
            for name in CHECKSUMS:
                _unpack(found / f"{name}.gz", scratch / name)
                check_file(scratch / name)
        except (OSError, EOFError, RuntimeError, subprocess.SubprocessError) as error:
            failures.append(f"{title}: {_first_line(error)}")
            say(f"Fashion-MNIST: {failures[-1]}")
            continue
        for name in CHECKSUMS:
            (scratch / name).replace(raw / name)  # atomic: two processes may do this at once
        say(f"Fashion-MNIST: taken from {title}, checked, kept in {raw}")
        check(raw)
        return
    raise DataError(
        "Fashion-MNIST is not here and no source could be reached. Tried: "
        + "; ".join(failures)
        + f". Go online and run '{FETCH}', install the Debian package {PACKAGE}, "
        f"or put the four uncompressed files into {raw}"
    )


def _installed_package(scratch: Path) -> Path:
    if not PACKAGE_FOLDER.is_dir():
        raise FileNotFoundError("not installed")
    return PACKAGE_FOLDER


def _torchvision_download(scratch: Path) -> Path:
    try:
        torchvision.datasets.FashionMNIST(scratch, download=True)
    except Exception as error:  # torchvision raises many kinds; each means "try the next source"
        raise RuntimeError(f"download failed ({_first_line(error)})") from error
    return scratch / "FashionMNIST" / "raw"


def _debian_download(scratch: Path) -> Path:
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        raise FileNotFoundError("apt-get and dpkg-deb are not on this machine")
    try:
        _command(scratch, "apt-get", "download", PACKAGE)
    except subprocess.CalledProcessError:  # no package lists yet: fetch them, privately
        lists = scratch / "lists" / "partial"
        lists.mkdir(parents=True)
        private = ("-o", f"Dir::State::Lists={lists.parent}", "-o", f"Dir::Cache={scratch}")
        _command(scratch, "apt-get", *private, "update")
        _command(scratch, "apt-get", *private, "download", PACKAGE)
    (package,) = scratch.glob("*.deb")
    _command(scratch, "dpkg-deb", "-x", package.name, "unpacked")
    return scratch / "unpacked" / PACKAGE_FOLDER.relative_to("/")


SOURCES: dict[str, Callable[[Path], Path]] = {
    f"installed Debian package {PACKAGE}": _installed_package,
    "torchvision's download": _torchvision_download,
    f"apt-get download {PACKAGE}": _debian_download,
}


def _command(folder: Path, *words: str) -> None:
    subprocess.run(words, cwd=folder, check=True, capture_output=True, timeout=600)


def _unpack(packed: Path, target: Path) -> None:
    with gzip.open(packed) as source, target.open("wb") as out:
        shutil.copyfileobj(source, out)


def _first_line(error: BaseException) -> str:
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0][:160]


# Checking the files --------------------------------------------------------------------------


def check(raw: Path) -> None:
    """Check the four files in ``raw``; a file that has not changed since is not read again."""
    stamp = raw / "checked.json"
    try:
        known = json.loads(stamp.read_text())
    except (OSError, ValueError):
        known = {}
    now = {name: _version(raw / name) for name in CHECKSUMS}
    for name in CHECKSUMS:
        if known.get(name) != now[name]:
            check_file(raw / name)
    if known != now:
        try:
            scratch = raw / f"checked-{os.getpid()}.json"
            scratch.write_text(json.dumps(now))
            scratch.replace(stamp)
        except OSError:
            pass  # a read-only folder is fine: the files are then checked each time


def check_file(path: Path) -> None:
    """Raise DataError unless ``path`` is, byte for byte, the published file of that name."""
    expected, size = SIZES[path.name], path.stat().st_size
    if size != expected:
        kind = "truncated" if size < expected else "too long"
        raise _wrong(path, f"{expected:,} bytes", f"{size:,}, so it is {kind}")
    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != CHECKSUMS[path.name]:
        what = "digit-MNIST" if _is_digit_mnist(content) else "altered"
        raise _wrong(
            path, f"SHA-256 {CHECKSUMS[path.name][:12]}…", f"{found[:12]}…: the file is {what}"
        )


def _wrong(path: Path, expected: str, found: str) -> DataError:
    return DataError(
        f"{path} is not the published Fashion-MNIST file: expected {expected}, found {found}. "
        f"Delete it and run '{FETCH}'"
    )


def _is_digit_mnist(content: bytes) -> bool:
    """Digit-MNIST has the same names and sizes, but uneven classes and a darker mean pixel."""
    (magic,) = struct.unpack(">i", content[:4])
    if magic == 2049:  # labels: every class of Fashion-MNIST is equally frequent
        counts = np.bincount(np.frombuffer(content[8:], np.uint8), minlength=10)
        return len(counts) == 10 and len(set(counts.tolist())) > 1
    pixels = np.frombuffer(content[16:], np.uint8)
    return magic == 2051 and 30 < pixels.mean() < 37  # digits: 33; Fashion-MNIST: 73


def _version(path: Path) -> list[int]:
    status = path.stat()
    return [status.st_size, status.st_mtime_ns]
