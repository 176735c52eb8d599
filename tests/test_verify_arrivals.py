"""Hand-ins as they arrive: the downloads of platforms, folders of folders, zips in zips."""

import contextlib
import io
import zipfile
from pathlib import Path

import pytest

from instructors.verify.arrivals import HandIn, hand_ins
from instructors.verify.intake import Limits, RefusedError, take_in

MOODLE = "{}_assignsubmission_file_"
HONEST = ("report.ipynb", "runs/a/run.json")


def packed(*names, **contents):
    """The bytes of a zip with these files."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name in names:
            archive.writestr(name, "{}")
        for name, content in contents.items():
            archive.writestr(name, content)
    return made.getvalue()


ZIP = packed(*HONEST)


def laid(top, names, as_zip=False):
    """These files as a folder, or as the zip of it; those that end in .zip are hand-ins."""
    files = {name: ZIP if name.endswith(".zip") else b"{}" for name in names}
    if as_zip:
        path = top.with_suffix(".zip")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(packed(**files))
        return path
    for name, content in files.items():
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_bytes(content)
    return top


LAYOUTS = {  # files: the rows
    "moodle, folders of zips": (
        [f"{MOODLE.format('Doe Jo_1234')}/hand-in.zip", f"{MOODLE.format('Li_Wu_77')}/hand-in.zip"],
        ["Doe Jo (1234)", "Li_Wu (77)"],
    ),
    "moodle, one student": (
        [f"{MOODLE.format('Doe Jo_1234')}/hand-in.zip"], ["Doe Jo (1234)"],
    ),
    "moodle, unpacked, with a text": (
        [f"{MOODLE.format('Doe Jo_1234')}/{name}" for name in HONEST]
        + ["Doe Jo_1234_assignsubmission_onlinetext_/onlinetext.html",
           f"{MOODLE.format('Li Wu_77')}/only.pdf"],
        ["Doe Jo (1234)", "Li Wu (77)"],
    ),
    "moodle, without folders": (
        [f"{MOODLE.format('Doe Jo_1234')}hand-in.zip", f"{MOODLE.format('Doe Jo_1234')}more.ipynb",
         f"{MOODLE.format('Li Wu_77')}hand-in.zip"],
        ["Doe Jo (1234)", "Li Wu (77)"],
    ),
    "moodle, in a folder of its own": (
        [f"Report/{MOODLE.format('Doe Jo_1234')}/hand-in.zip",
         f"Report/{MOODLE.format('Li Wu_77')}/hand-in.zip"],
        ["Doe Jo (1234)", "Li Wu (77)"],
    ),
    "canvas": (
        ["doejo_4242_987654_hand-in.zip", "liwu_LATE_4243_987655_hand-in-1.zip",
         "liwu_LATE_4243_987655_report.pdf"],
        ["doejo (4242)", "liwu (4243)"],
    ),
    "a folder per student": (["ada/hand-in.zip", "bo/hand-in.zip"], ["ada", "bo"]),
    "one student so far": (["ada/hand-in.zip", "bo/report.pdf"], ["ada", "bo"]),
    "unpacked": (
        [f"{who}/{name}" for who in ("ada", "bo") for name in HONEST], ["ada", "bo"],
    ),
    "unpacked into a folder each": (
        [f"{who}/hand-in/{name}" for who in ("ada", "bo") for name in HONEST], ["ada", "bo"],
    ),
    "two files of one student": (
        ["ada/report.ipynb", "ada/runs.zip", "bo/hand-in.zip", "bo/hand-in (1).zip"], ["ada", "bo"],
    ),
    "zips": (["ada.zip", "bo.zip"], ["ada.zip", "bo.zip"]),
    "groups": (
        ["one/ada/hand-in.zip", "one/bo/hand-in.zip", "two/cy/a.zip", "two/di/a.zip"],
        ["one/ada", "one/bo", "two/cy", "two/di"],
    ),
    "nbgrader": (
        [f"{who}/report/23_your_report.ipynb" for who in ("ada", "bo")], ["ada", "bo"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("as_zip", [False, True], ids=["folder", "zip"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_each_student_of_a_download_is_a_row(layout, as_zip, tmp_path):
    names, rows = LAYOUTS[layout]
    path = laid(tmp_path / "class", names, as_zip)
    found = hand_ins([path])
    assert [one.name for one in found] == rows
    taken = [take_in(one.path, inside=one.inside) for one in found]
    read = [name for one in taken for name in one.files if name.endswith(".ipynb")]
    handed = [name for name in names if name.endswith((".zip", ".ipynb"))]
    assert len(read) == len(handed)


@pytest.mark.parametrize(
    "names",
    [
        HONEST,
        [f"hand-in/{name}" for name in HONEST],
        ["report.ipynb", "old/report.ipynb", "runs/a/run.json"],
        ["report.ipynb", "report-Copy1.ipynb"],
        ["final/report.ipynb", "old/report.ipynb", "runs/a/run.json"],
        ["notebook/report.ipynb", "models/a/run.json", "models/b/run.json"],
        ["a/run.json", "b/run.json"],
        ["report.ipynb", "runs.zip"],
        ["hand-in.zip"],
        ["report_2026_11_final.ipynb", "runs/a/run.json"],
        ["lenet_10_100_x.ipynb", "other.ipynb"],
    ],
)
@pytest.mark.parametrize("as_zip", [False, True], ids=["folder", "zip"])
def test_one_hand_in_stays_one(names, as_zip, tmp_path):
    path = laid(tmp_path / "ada", names, as_zip)
    assert hand_ins([path]) == [HandIn(path.name, path)]


def test_rows_have_names_of_their_own(tmp_path):
    paths = [laid(tmp_path / who / "a", HONEST, as_zip=True) for who in ("ada", "bo")]
    assert [one.name for one in hand_ins(paths)] == ["ada/a.zip", "bo/a.zip"]
    assert [one.name for one in hand_ins([paths[0]] * 2)] == ["ada/a.zip", "ada/a.zip #2"]
    classes = [laid(tmp_path / name, ["ada.zip", "bo.zip"]) for name in ("one", "two")]
    assert [one.name for one in hand_ins(classes)][::3] == ["one: ada.zip", "two: bo.zip"]
    moodle = laid(tmp_path / MOODLE.format("Doe Jo_1"), ["hand-in.zip"])
    for path in (moodle, moodle / "hand-in.zip"):
        assert [one.name for one in hand_ins([path])] == ["Doe Jo (1)"]


def test_a_pattern_that_no_shell_expanded_is_expanded(tmp_path):
    laid(tmp_path / "class", ["ada.zip", "bo.zip", "[x].zip"])
    found = hand_ins([str(tmp_path / "class" / "*")])
    assert [one.name for one in found] == ["[x].zip", "ada.zip", "bo.zip"]
    for name in ("[x].zip", "no*.zip"):  # a file of that name; nothing of that pattern
        path = tmp_path / "class" / name
        assert hand_ins([path]) == [HandIn(name, path)]


def test_one_hostile_name_in_a_download_is_not_taken_apart(tmp_path):
    path = tmp_path / "class.zip"
    path.write_bytes(packed("ada/report.ipynb", "bo/report.ipynb", "../x.ipynb"))
    (one,) = hand_ins([path])
    with pytest.raises(RefusedError, match="would leave the folder"):
        take_in(one.path, inside=one.inside)


def test_names_by_the_million_are_listed_in_the_jail_alone(tmp_path, monkeypatch):
    path = laid(tmp_path / "class", ["ada.zip", "bo.zip"], as_zip=True)
    monkeypatch.setattr("instructors.verify.arrivals.DIRECTORY", 50)
    assert [one.name for one in hand_ins([path])] == ["class.zip"]


# Zips in zips ----------------------------------------------------------------------------------


def test_a_zip_in_a_zip_is_read_and_one_in_that_is_not(tmp_path):
    path = tmp_path / "a.zip"
    path.write_bytes(packed("x.ipynb", **{"in.zip": packed(*HONEST, **{"deep.zip": ZIP})}))
    taken = take_in(path)
    assert sorted(taken.files) == ["in.zip/report.ipynb", "in.zip/runs/a/run.json", "x.ipynb"]
    assert taken.packed == ("in.zip/deep.zip",)
    folder = tmp_path / "folder"
    folder.mkdir()
    path.rename(folder / "a.zip")
    assert sorted(take_in(folder).files)[0] == "a.zip/in.zip/report.ipynb"


@pytest.mark.parametrize(
    "inner, words",
    [
        (packed(**{"run.json": bytes(3 * 2**20)}), r"in.zip/run.json has more than 2 MB"),
        (packed("../run.json"), "would leave the folder"),
        (b"no zip", "in.zip is not a whole zip file"),
        (packed(*(f"{i}.json" for i in range(40))), "more than 30 files"),
        (packed(**{f"{i}.json": bytes(2**20) for i in range(5)}), "more than 4 MB"),
    ],
)
def test_a_zip_in_a_zip_has_the_same_limits(inner, words, tmp_path):
    path = tmp_path / "a.zip"
    path.write_bytes(packed("x.ipynb", **{"in.zip": inner}))
    with pytest.raises(RefusedError, match=words):
        take_in(path, Limits(files=30, together=4 * 2**20))


@pytest.mark.parametrize("folder", ["venv", ".venv", "my-env", "hand-in/VENV"])
@pytest.mark.parametrize("as_zip", [False, True], ids=["folder", "zip"])
def test_virtual_environments_are_left_out(folder, as_zip, tmp_path):
    inside = [f"{folder}/{name}" for name in ("pyvenv.cfg", "share/a.ipynb", "lib/b.json")]
    many = [f"{folder}/lib/{i}.json" for i in range(20)]
    top = laid(tmp_path / "ada", [*HONEST, *inside, *many], as_zip)
    if not as_zip:
        with contextlib.suppress(OSError):  # a system that makes no links
            (top / folder / "bin").symlink_to(Path.cwd())
    assert sorted(take_in(top, Limits(files=10)).files) == sorted(HONEST)
    assert hand_ins([top]) == [HandIn(top.name, top)]
