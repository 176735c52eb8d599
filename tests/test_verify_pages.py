"""What is put out: strangers' names made harmless, stale pages deleted, results kept."""

import csv
import os
import re
import signal
import subprocess
import sys
import time

import made_up_files as made_up
import pytest

from instructors.verify import Fact, Line, Outcome, Result, command, frame, gate, gradebook, pages
from instructors.verify.arrivals import HandIn
from instructors.verify.batch import verified
from instructors.verify.kept import Kept
from instructors.verify.reading import Picture

NAMES = {  # a stranger's name: what may not come out of it
    "escapes": ("\x1b[2J\x1b[31mred", "\x1b"),
    "lines": ("a\nb.zip: right  70 of 70 points given", "\n"),
    "returns": ("a\rb\x85c\u2028d", "\r"),
    "turned round": ("zip.\u202egnp", "\u202e"),
    "half of a pair": ("x\ud800", "\ud800"),
    "a bell": ("\x07\x00", "\x07"),
}
FORMULAS = [
    *(
        "=1+1",
        "+1",
        "-1",
        "@x",
        "＝1+1",
        "﹢1",
        "－1",
        " =1",
        "\t=1",
        "'=1",
        '"=1',
        "\n=1",
        "|calc",
    ),
]


@pytest.fixture
def written(tmp_path, monkeypatch, capsys):
    """Put out results of this name by the command: terminal, pages, table, names of files."""

    def write(name, words="x"):
        fact = Fact("test", name, name, words, Outcome.WRONG, words)
        picture = Picture(b"x", words)
        whole = Result(name, facts=(fact,), texts={name: words}, pictures=(picture,))
        results = [whole, Result(name, refused=words)]
        monkeypatch.setattr(command, "hand_ins", lambda paths: [HandIn(name, tmp_path)] * 2)
        monkeypatch.setattr(
            command, "verified", lambda given, **more: (x for x in enumerate(results))
        )
        command.main(command.parsed(["x", "--output", str(tmp_path / "out")]))
        said = capsys.readouterr().out
        files = sorted(path for path in (tmp_path / "out").iterdir() if path.is_file())
        with (tmp_path / "out" / gradebook.CLASS_TABLE).open(
            encoding="utf-8-sig", newline=""
        ) as file:
            rows = list(csv.reader(file))
        html = "".join(path.read_text("utf-8") for path in files if path.suffix == ".html")
        return said, html, rows, [path.name for path in files]

    return write


@pytest.mark.parametrize("kind", NAMES)
def test_names_of_strangers_reach_no_output_raw(kind, written):
    name, bad = NAMES[kind]
    said, html, rows, files = written(name, words=name)
    assert len(said.split("\n")) == 5 and (bad == "\n" or bad not in said)
    assert all(bad not in cell for row in rows for cell in row) and len(rows) == 3
    assert bad == "\n" or bad not in html
    assert all(re.fullmatch(r"[\w.-]+", one, re.A) for one in files)
    assert gate.ODD in said and gate.ODD in rows[1][0]


@pytest.mark.parametrize("name", FORMULAS)
def test_no_cell_is_a_formula(name, written):
    _, _, rows, _ = written(name, words=name)
    assert rows[1][0].startswith("'") and rows[2][
        gradebook.COLUMNS.index("first problem")
    ].startswith("'")


@pytest.mark.parametrize("name", ["Ada", "3-4", "Jo = Bo", "é", "7", "Doe Jo (1234)"])
def test_other_cells_stay_as_they_are(name):
    assert gate.cell(name) == name


def test_a_semicolon_parts_no_cell(written, tmp_path):
    written("Ada;=1+1")
    lines = (tmp_path / "out" / gradebook.CLASS_TABLE).read_text("utf-8-sig").splitlines()
    assert lines[1].startswith('"Ada;=1+1",')
    assert next(csv.reader(lines[1:], delimiter=";"))[0].startswith("Ada;=1+1")


def test_markup_is_text_on_every_page(written):
    _, html, _, files = written("<script>alert(1)</script>", words='<b onload="x">')
    assert html.count("<script>") == 3 == html.count(frame.SCRIPT)  # a page each, and the class
    assert "<script>alert" not in html and "<b " not in html and "&lt;script&gt;" in html
    assert files == [
        *("001-script-alert-1-script.html", "002-script-alert-1-script.html"),
        *("class.csv", "index.html", "marks.csv"),
    ]


@pytest.mark.parametrize(
    "text", ["Zoë Łęcka", "王小明", "نیم\u200cفاصله", "👩\u200d🔬", "line\n\ttab"]
)
def test_letters_of_every_language_stay_as_they_are(text):
    assert gate.escaped(text) == text


# Stale pages ---------------------------------------------------------------------------------


def test_stale_pages_do_not_stay_and_other_files_do(tmp_path):
    pages.write([Result(name, refused="x") for name in ("a.zip", "b.zip", "c.zip")], tmp_path)
    (tmp_path / "004-notes-of-mine.html").write_text("<p>mine</p>")
    (tmp_path / "notes.txt").write_text("mine")
    pages.write([Result("b.zip", refused="x"), Result("c.zip", waiting=True)], tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "001-b.html", "004-notes-of-mine.html", "class.csv", "index.html", "marks.csv", "notes.txt",
    ]  # fmt: skip
    index = (tmp_path / "index.html").read_text("utf-8")
    assert "2 submissions, 1 of them not verified yet" in index
    assert re.findall(r'<a href="(.+?)"', index) == ["001-b.html"]


# Kept results --------------------------------------------------------------------------------

WHOLE = Result(
    "é\ud800",
    facts=(Fact("test", "x", "1", "2", Outcome.JUDGE, "why", "m", "c"),),
    lines=(Line("test", 5, 1, 2, "why"),),
    texts={"pairs": "words\n"},
    pictures=(Picture(b"\x89PNG", "alt"),),
    seconds=1.5,
)


def test_a_kept_result_is_the_same_and_belongs_to_what_was_handed_in(tmp_path):
    path = tmp_path / "a.zip"
    path.write_bytes(b"1")
    one, kept = HandIn("a", path), Kept(tmp_path / "out", train=False)
    assert kept.get(one) is None
    kept.put(one, WHOLE)
    assert kept.get(one) == WHOLE
    assert Kept(tmp_path / "out", train=True).get(one) is None
    assert kept.get(HandIn("a", path, ("b",))) is None
    path.write_bytes(b"22")
    assert kept.get(one) is None


def test_what_is_not_finished_or_damaged_is_done_again(tmp_path):
    one, kept = HandIn("a", tmp_path / "a"), Kept(tmp_path / "out", train=False)
    kept.put(one, Result("a", refused="no time", finished=False))
    assert kept.get(one) is None
    kept.put(one, WHOLE)
    (file,) = kept.folder.iterdir()
    for content in (b"", b"{}", b"[]", file.read_bytes()[:-9]):
        file.write_bytes(content)
        assert kept.get(one) is None


def no_work(one, train):
    raise AssertionError("it was verified before")


def test_kept_results_are_not_computed_again(tmp_path):
    given, kept = [HandIn(name, tmp_path / name) for name in "abc"], Kept(tmp_path, train=False)
    for one in given:
        kept.put(one, Result(one.name))
    found = dict(verified(given, work=no_work, kept=kept))
    assert [found[i].name for i in range(3)] == ["a", "b", "c"]


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="a process group is interrupted otherwise there")
@pytest.mark.parametrize("after", [0, 2], ids="after {} are finished".format)
def test_a_real_ctrl_c_loses_nothing(after, tmp_path):
    files = made_up.without(made_up.honest(), "weights.safetensors")
    (tmp_path / "class").mkdir()
    for i in range(4):
        (tmp_path / "class" / f"{i}.zip").write_bytes(made_up.zipped(files))
    out = tmp_path / "out"
    words = [sys.executable, "-m", "instructors.verify", str(tmp_path / "class"), "--jobs=1",
             "--output", str(out)]  # fmt: skip
    first = subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    kept, deadline = out / ".kept", time.monotonic() + 200
    while len(list(kept.glob("*.json"))) < after or not out.exists():
        assert time.monotonic() < deadline and first.poll() is None
        time.sleep(0.02)
    os.killpg(first.pid, signal.SIGINT)  # as a terminal does: to all processes
    _, said = first.communicate(timeout=200)
    before = {path.name: path.stat().st_mtime_ns for path in kept.glob("*.json")}
    assert len(before) >= after
    if "Stopped: " in said:
        assert first.returncode == 130 and "Traceback" not in said
        assert f"Stopped: {len(before)} of 4 submissions are verified and kept" in said
        assert f"{4 - len(before)} of them not verified yet" in (out / "index.html").read_text()
    else:
        assert after == 0  # it had hardly begun: the front door says so then

    again = subprocess.run(words, capture_output=True, text=True, check=False)
    assert again.returncode == 1 and "4 submissions, 0 with every fact right" in again.stdout
    assert (f"{len(before)} of 4 submissions were verified before" in again.stdout) == bool(before)
    afterwards = {path.name: path.stat().st_mtime_ns for path in kept.glob("*.json")}
    assert len(afterwards) == 4 and before.items() <= afterwards.items()
    assert len(list(out.glob("00*.html"))) == 4
