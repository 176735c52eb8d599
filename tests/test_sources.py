import errno
import gzip
import os
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from cnnlib.support import sources as module
from cnnlib.support.folders import ROOT
from cnnlib.support.sources import (
    CHECKSUMS,
    SIZES,
    DataError,
    check_file,
    check_files,
    data_folder,
    fetch,
)

RAW = data_folder() / "FashionMNIST" / "raw"
LABELS = "t10k-labels-idx1-ubyte"


@pytest.fixture
def copy(tmp_path):
    """A folder laid out as torchvision wants it, its files linked to the real ones."""
    raw = tmp_path / "FashionMNIST" / "raw"
    raw.mkdir(parents=True)
    for name in CHECKSUMS:
        os.link(RAW / name, raw / name)
    return raw


def rewrite(path, content):
    path.unlink()  # the real file is linked: never write into it
    path.write_bytes(content)


def idx_labels(labels):
    return struct.pack(">ii", 2049, len(labels)) + bytes(labels)


def no_source(scratch):
    raise FileNotFoundError("not reachable")


# Bad files ----------------------------------------------------------------------------------


def test_a_truncated_file(copy):
    rewrite(copy / LABELS, (RAW / LABELS).read_bytes()[:-5])
    with pytest.raises(DataError) as error:
        fetch(copy.parents[1])
    for words in (
        str(copy / LABELS),
        "expected 10,008 bytes",
        "found 10,003",
        "truncated",
        "Delete",
    ):
        assert words in str(error.value)


def test_a_file_that_is_too_long(copy):
    rewrite(copy / LABELS, (RAW / LABELS).read_bytes() + b"x")
    with pytest.raises(DataError, match="found 10,009, so it is too long"):
        check_files(copy)


def test_one_altered_byte(copy):
    content = bytearray((RAW / LABELS).read_bytes())
    content[99], content[100] = content[100], content[99]
    content[5000] = (content[5000] + 1) % 10
    rewrite(copy / LABELS, bytes(content))
    with pytest.raises(DataError, match=r"expected SHA-256 0402a96d92fd…, found \w{12}…"):
        check_files(copy)


def test_digit_mnist_labels_in_its_place(copy):
    digits = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]  # digit-MNIST's test set
    labels = [digit for digit, count in enumerate(digits) for _ in range(count)]
    rewrite(copy / LABELS, idx_labels(labels))
    with pytest.raises(DataError, match="the file is digit-MNIST"):
        check_files(copy)


def test_digit_mnist_images_in_its_place(copy):
    name = "t10k-images-idx3-ubyte"
    pixels = np.full(10_000 * 784, 33, np.uint8)  # the mean pixel of digit-MNIST
    rewrite(copy / name, struct.pack(">iiii", 2051, 10_000, 28, 28) + pixels.tobytes())
    with pytest.raises(DataError, match="the file is digit-MNIST"):
        check_files(copy)


def test_an_altered_image_file_is_not_called_digit_mnist(copy):
    name = "t10k-images-idx3-ubyte"
    content = bytearray((RAW / name).read_bytes())
    content[12345] ^= 1
    rewrite(copy / name, bytes(content))
    with pytest.raises(DataError, match="the file is altered"):
        check_file(copy / name)


def test_a_damaged_file_is_not_papered_over_by_a_download(copy, monkeypatch):
    rewrite(copy / LABELS, b"broken")
    (copy / "train-labels-idx1-ubyte").unlink()
    monkeypatch.setattr(module, "SOURCES", {"never": pytest.fail})
    with pytest.raises(DataError, match=LABELS):
        fetch(copy.parents[1])


def test_each_file_version_is_read_once(copy, monkeypatch):
    check_files(copy)
    seen = []
    monkeypatch.setattr(module, "check_file", lambda path: seen.append(path.name))
    check_files(copy)
    assert seen == []
    rewrite(copy / LABELS, (RAW / LABELS).read_bytes())
    check_files(copy)
    assert seen == [LABELS]


# Sources ------------------------------------------------------------------------------------


def test_no_source_says_what_was_tried_and_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "SOURCES", {"one place": no_source, "another": no_source})
    said = []
    with pytest.raises(DataError) as error:
        fetch(tmp_path, said.append)
    assert said == [
        "Fashion-MNIST: one place: not reachable",
        "Fashion-MNIST: another: not reachable",
    ]
    for words in ("one place: not reachable", "python -m cnnlib data", module.PACKAGE):
        assert words in str(error.value)
    assert list((tmp_path / "FashionMNIST" / "raw").iterdir()) == []  # nothing half-written


@pytest.mark.parametrize("operation", ["exists", "mkdir"])
@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS, errno.ENOSPC, errno.ENAMETOOLONG])
def test_a_folder_that_cannot_be_used(tmp_path, monkeypatch, number, operation):
    def refused(*args, **kwargs):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, operation, refused)  # root may do all: chmod proves nothing
    with pytest.raises(DataError) as error:
        fetch(tmp_path / "locked")
    monkeypatch.undo()
    for words in ("neither", str(tmp_path / "locked"), os.strerror(number), "CNNLIB_DATA"):
        assert words in str(error.value)


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """What the Debian package installs: the four files, compressed."""
    folder = tmp_path_factory.mktemp("package")
    for name in CHECKSUMS:
        with gzip.open(folder / f"{name}.gz", "wb", compresslevel=0) as packed:
            packed.write((RAW / name).read_bytes())
    return folder


@pytest.mark.parametrize("packed", [list(CHECKSUMS), [LABELS], list(CHECKSUMS)[:2]])
def test_packed_files_in_the_folder_are_unpacked(copy, monkeypatch, packed):
    monkeypatch.setattr(module, "SOURCES", {"the network": no_source})
    for name in packed:
        (copy / name).unlink()
        (copy / f"{name}.gz").write_bytes(gzip.compress((RAW / name).read_bytes(), 1))
    said = []
    assert fetch(copy.parents[1], said.append) == copy
    assert [line.split()[1] for line in said] == [f"{name}.gz" for name in packed]
    assert all((copy / name).read_bytes() == (RAW / name).read_bytes() for name in CHECKSUMS)
    assert not list(copy.glob("fetch-*"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (gzip.compress(b"x" * 99)[:-9], r"cannot be unpacked \(Compressed file ended"),
        (gzip.compress(bytes(range(250)))[:12] + b"\xff" * 20, "cannot be unpacked"),
        (b"no gzip", r"cannot be unpacked \(Not a gzipped file"),
        (b"", "expected 10,008 bytes, found 0, so it is truncated"),
        (gzip.compress(idx_labels([7, 2] * 5000)), "the file is digit-MNIST"),
    ],
    ids=["cut", "damaged", "no gzip", "empty", "digits"],  # packed bytes have the time in them
)
def test_a_packed_file_that_is_not_the_published_one(copy, content, said):
    (copy / LABELS).unlink()
    (copy / f"{LABELS}.gz").write_bytes(content)
    with pytest.raises(DataError, match=said) as error:
        fetch(copy.parents[1])
    told = str(error.value)
    assert str(copy / f"{LABELS}.gz") in told and "Delete it and run" in told
    assert not (copy / LABELS).exists()


def test_packed_files_that_are_too_few_leave_it_to_the_sources(copy, package, monkeypatch):
    monkeypatch.setattr(module, "PACKAGE_FOLDER", package)
    first, second = list(CHECKSUMS)[2:]
    for name in (first, second):
        (copy / name).unlink()
    (copy / f"{first}.gz").write_bytes(gzip.compress((RAW / first).read_bytes(), 1))
    fetch(copy.parents[1], lambda line: None)
    assert all((copy / name).exists() for name in CHECKSUMS)


def test_the_installed_package_is_used(tmp_path, package, monkeypatch):
    monkeypatch.setattr(module, "PACKAGE_FOLDER", package)
    said = []
    raw = fetch(tmp_path, said.append)
    assert {p.name for p in raw.iterdir()} == {*CHECKSUMS, "checked.json"}
    assert all((raw / name).stat().st_size == size for name, size in SIZES.items())
    assert len(said) == 1 and "installed Debian package" in said[0]
    fetch(tmp_path, said.append)
    assert len(said) == 1  # there already: nothing is fetched, nothing is said


def test_a_source_that_breaks_off_never_counts(tmp_path, package, monkeypatch):
    broken = tmp_path / "broken"
    broken.mkdir()
    for name in CHECKSUMS:
        (broken / f"{name}.gz").write_bytes((package / f"{name}.gz").read_bytes()[:2000])
    sources = {"broken": lambda scratch: broken, "whole": lambda scratch: package}
    monkeypatch.setattr(module, "SOURCES", sources)
    said = []
    check_files(fetch(tmp_path / "data", said.append))
    assert said[0].startswith("Fashion-MNIST: broken: ") and "taken from whole" in said[1]


def test_two_processes_may_fetch_at_once(tmp_path, package):
    code = (
        "import sys, pathlib; from cnnlib.support import sources; "
        "sources.PACKAGE_FOLDER = pathlib.Path(sys.argv[1]); "
        "sources.fetch(pathlib.Path(sys.argv[2]))"
    )
    words = [sys.executable, "-c", code, package, tmp_path]
    both = [subprocess.Popen(words, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    assert [p.communicate(timeout=600)[1] for p in both] == ["", ""]
    assert [p.returncode for p in both] == [0, 0]
    check_files(tmp_path / "FashionMNIST" / "raw")


def test_the_folder_can_be_chosen(tmp_path, monkeypatch):
    monkeypatch.setenv("CNNLIB_DATA", str(tmp_path))
    assert data_folder() == tmp_path.resolve()
    monkeypatch.delenv("CNNLIB_DATA")
    assert data_folder() == ROOT / "data"
