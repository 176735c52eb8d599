"""Where the four files of Fashion-MNIST come from: found or fetched, and checked byte for byte.

Published by Xiao, Rasul and Vollgraf (2017) under the MIT licence.
"""

import contextlib
import gzip
import hashlib
import json
import shutil
import struct
import subprocess
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from .files import write_whole
from .folders import named_folder

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


def data_folder() -> Path:
    """``$CNNLIB_DATA``, or ``data/`` beside the notebooks, or in the user's own folder."""
    return named_folder("CNNLIB_DATA")


def fetch(folder: Path | None = None, say: Callable[[str], None] = print) -> Path:
    """Make sure that the four checked files are there; try each source in turn.

    Files that lie there packed, as ``.gz``, are unpacked first. ``say`` gets one line for each
    source tried. Returns the folder of the files.
    """
    raw = (folder or data_folder()) / "FashionMNIST" / "raw"  # where torchvision looks
    try:
        present = [name for name in CHECKSUMS if (raw / name).exists()]
        if len(present) == len(CHECKSUMS):
            check_files(raw)
            return raw
        for name in present:  # a damaged file is reported, not replaced by a download
            check_file(raw / name)
        raw.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=raw, prefix="fetch-") as scratch:
            missing = [name for name in CHECKSUMS if name not in present]
            if not _unpacked_here(raw, missing, Path(scratch), say):
                _fetch_into(raw, Path(scratch), say)
    except OSError as error:
        raise DataError(
            f"the data can neither be read from {raw} nor written there "
            f"({error.strerror or error}); set CNNLIB_DATA to a folder that is yours"
        ) from error
    return raw


def _unpacked_here(
    raw: Path, missing: list[str], scratch: Path, say: Callable[[str], None]
) -> bool:
    """Unpack what lies in ``raw`` as ``.gz``. Are all files there now?"""
    packed = {name: raw / f"{name}.gz" for name in missing if (raw / f"{name}.gz").exists()}
    for name, path in packed.items():
        try:
            _unpack(path, scratch / name)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise DataError(
                f"{path} cannot be unpacked ({_first_line(error)}). Delete it and run '{FETCH}'"
            ) from error
        check_file(scratch / name, shown=path)
        (scratch / name).replace(raw / name)
        say(f"Fashion-MNIST: {path.name} unpacked and checked, in {raw}")
    return len(packed) == len(missing)


def _fetch_into(raw: Path, scratch: Path, say: Callable[[str], None]) -> None:
    """Fill ``raw`` from the first source that works; only whole, checked files are moved in."""
    failures = []
    for title, source in SOURCES.items():
        try:
            found = source(scratch)
            for name in CHECKSUMS:
                _unpack(found / f"{name}.gz", scratch / name)
                check_file(scratch / name)
        except (OSError, EOFError, zlib.error, RuntimeError, subprocess.SubprocessError) as error:
            failures.append(f"{title}: {_first_line(error)}")
            say(f"Fashion-MNIST: {failures[-1]}")
            continue
        for name in CHECKSUMS:
            (scratch / name).replace(raw / name)  # atomic: two processes may do this at once
        say(f"Fashion-MNIST: taken from {title}, checked, kept in {raw}")
        check_files(raw)
        return
    raise DataError(
        "Fashion-MNIST is not here and no source could be reached. Tried: "
        + "; ".join(failures)
        + f". Go online and run '{FETCH}', install the Debian package {PACKAGE}, "
        f"or put the four files, packed or not, into {raw}"
    )


def _installed_package(scratch: Path) -> Path:
    if not PACKAGE_FOLDER.is_dir():
        raise FileNotFoundError("not installed")
    return PACKAGE_FOLDER


def _torchvision_download(scratch: Path) -> Path:
    import torchvision  # slow to import, and seldom needed

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


def check_files(raw: Path) -> None:
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
        with contextlib.suppress(OSError):  # in a read-only folder, they are checked each time
            write_whole(stamp, json.dumps(now))


def check_file(path: Path, shown: Path | None = None) -> None:
    """Raise DataError unless ``path`` is, byte for byte, the published file of that name.

    The message names ``shown`` instead, the packed file from which it comes.
    """
    expected, size = SIZES[path.name], path.stat().st_size
    if size != expected:
        kind = "truncated" if size < expected else "too long"
        raise _wrong(shown or path, f"{expected:,} bytes", f"{size:,}, so it is {kind}")
    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != CHECKSUMS[path.name]:
        what = "digit-MNIST" if _is_digit_mnist(content) else "altered"
        wanted = f"SHA-256 {CHECKSUMS[path.name][:12]}…"
        raise _wrong(shown or path, wanted, f"{found[:12]}…: the file is {what}")


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
