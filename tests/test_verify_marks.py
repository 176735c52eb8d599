"""Marks: read back from any spreadsheet's CSV, never lost, added up, and given to the platforms."""

import csv
import io
import re
from itertools import pairwise

import pytest
from bs4 import BeautifulSoup

from instructors import grading
from instructors.verify import Fact, Line, Outcome, Result, command, gradebook, marking, pages
from instructors.verify.arrivals import HandIn
from instructors.verify.frame import STYLE
from instructors.verify.marking import Marking, MarksError, parsed, summed

LINES = (
    Line("five CNNs", 15, 10, 5, "why"),
    Line("train and validate", 20, 15, 5, "why"),
    Line("test", 5, 5, 0, "why"),
    Line("report", 30, 10, 20, "why"),
    Line("choice task: layers", 20, 8, 12, "why"),
    Line("choice task: tsne", 10, 4, 6, "why"),
)
FULL = {"five CNNs": 5, "train and validate": 4.5, "report": 18, "choice task: layers": 12,
        "choice task: tsne": 6}  # fmt: skip
ADA = Result("Ada Doe (1234)", lines=LINES)
BO = Result("Bo Roe (77)", lines=LINES[:4])


def table(path, encoding="utf-8-sig"):
    with path.open(encoding=encoding, newline="") as file:
        return list(csv.reader(file))


# Adding up -----------------------------------------------------------------------------------


def test_marks_and_facts_are_added_up_and_choice_tasks_count_up_to_30():
    sums = summed(LINES, Marking(FULL))
    assert (sums.marks, sums.total) == (45.5, 40 + 27.5 + 30)
    assert summed(LINES, Marking({**FULL, "choice task: layers": 5})).total == 40 + 27.5 + 23


@pytest.mark.parametrize("missing", FULL)
def test_without_one_mark_there_is_no_total(missing):
    sums = summed(LINES, Marking({part: mark for part, mark in FULL.items() if part != missing}))
    assert sums.total is None and sums.missing == (missing,)
    assert summed(LINES, Marking({**FULL, missing: 0})).total is not None  # 0 is a mark


def test_a_mark_that_is_too_high_is_named_and_not_counted():
    sums = summed(LINES, Marking({**FULL, "report": 21}))
    assert sums.total is None and sums.too_high == ("21 of 20 for report",)
    assert summed(LINES, Marking({**FULL, "test": 1})).too_high == ("1 of 0 for test",)


def test_the_columns_are_the_rubrics_lines():
    assert [line.part for line in grading.lines()] == list(marking.PARTS)


def test_nothing_to_mark_is_no_total():
    assert summed((), Marking()).total is None


# Reading back --------------------------------------------------------------------------------

HEAD = "submission,five CNNs,report,comment"
SPREADSHEETS = {  # the same marks, as programs write them
    "commas": f"{HEAD}\r\nAda,4.5,18,good\r\n".encode(),
    "quotes and a byte-order mark": b"\xef\xbb\xbf"
    + b'"submission","five CNNs","report","comment"\n"Ada","4.5","18","good"\n',
    "semicolons and decimal commas": f"{HEAD}\nAda,4;5,18,good\n".replace(",", ":")
    .replace(";", ",")
    .replace(":", ";")
    .encode(),
    "tabs in UTF-16": f"{HEAD}\r\nAda,4.5,18,good\r\n".replace(",", "\t").encode("utf-16"),
    "other columns too": b"submission,verdict,five CNNs,total,report,comment\n"
    b"Ada,right,4.5,70,18,good\n",
    "empty rows": f"{HEAD}\n,,,\nAda,4.5,18,good\n\n,,,\n".encode(),
    "blanks": f"{HEAD}\nAda, 4.5 ,18 ,good\n".encode(),
}


@pytest.mark.parametrize("program", SPREADSHEETS)
def test_marks_are_read_as_spreadsheets_write_them(program):
    found = parsed(SPREADSHEETS[program], "m.csv")
    assert found == {"Ada": Marking({"five CNNs": 4.5, "report": 18}, "good")}


def test_letters_of_windows_are_read():
    assert list(parsed("submission,report\nZoë,1\n".encode("cp1252"), "m")) == ["Zoë"]


def test_a_comment_keeps_its_lines_and_marks_may_be_missing():
    (found,) = parsed(f'{HEAD}\nAda,,,"- one\n- two"\n'.encode(), "m").values()
    assert found == Marking({}, "- one\n- two")
    assert parsed(b"submission\nAda\n", "m") == {"Ada": Marking()}
    assert parsed(b"submission,report\nAda\n", "m") == {"Ada": Marking()}  # a short row


WRONG = {
    "another table": (b"name,mark\nAda,1\n", "m.csv begins with “name,mark”; expected"),
    "nothing": (b"", "m.csv begins with “”; expected the column “submission” first"),
    "a word": (b"submission,report\nAda,good\n", "row of Ada: “report” is “good”; expected a num"),
    "a negative": (b"submission,report\nAda,-1\n", "“-1”; expected a number of points"),
    "a percentage": (b"submission,report\nAda,50%\n", "“50%”; expected a number of points"),
    "too much": (b"submission,report\nAda,101\n", "“101”; expected a number of points"),
    "infinity": (b"submission,report\nAda,1e999\n", "“1e999”; expected a number"),
    "other digits": ("submission,report\nAda,٣\n".encode(), "“٣”; expected a number"),
    "two rows": (b"submission,report\nAda,1\nAda,2\n", "m.csv has two rows of Ada; leave one"),
    "escapes": (b"submission,report\n\x1b[2J,x\n", "row of \N{REPLACEMENT CHARACTER}[2J: "),
}


@pytest.mark.parametrize("fault", WRONG)
def test_what_cannot_be_marks_is_one_sentence(fault):
    content, words = WRONG[fault]
    with pytest.raises(MarksError) as raised:
        parsed(content, "m.csv")
    said = str(raised.value)
    assert words in said and "\n" not in said and "\x1b" not in said


@pytest.mark.parametrize("kind", ["folder", "absent", "huge", "huge cell"])
def test_a_file_that_cannot_be_read_is_one_sentence(kind, tmp_path, monkeypatch):
    path = tmp_path / "m.csv"
    if kind == "folder":
        path.mkdir()
    elif kind == "huge":
        monkeypatch.setattr(marking, "BYTES", 20)
        path.write_bytes(b"submission" + b" " * 20)
    elif kind == "huge cell":
        path.write_bytes(b'submission,report\n"' + b"x" * 200_000)
    with pytest.raises(MarksError, match=r"m\.csv (cannot be read|has more than|is no table)"):
        marking.read(path)


# Kept ----------------------------------------------------------------------------------------


def test_what_is_written_is_read_back_the_same(tmp_path):
    odd = Result('=Bo; "x"\nRoe', lines=LINES)
    given = {marking.key(odd): Marking({"report": 7.25}, "=1+1\n- and more"),
             "Ada Doe (1234)": Marking(FULL, "'quoted'")}  # fmt: skip
    marking.kept([ADA, odd], tmp_path, given)
    found = marking.read(tmp_path / marking.MARKS)
    assert {name: one for name, one in found.items() if one.marks} == given
    before = (tmp_path / marking.MARKS).read_bytes()
    assert marking.kept([ADA, odd], tmp_path, {}) == found
    assert (tmp_path / marking.MARKS).read_bytes() == before


def test_no_mark_is_lost_by_another_call_and_new_ones_count_over_old_ones(tmp_path):
    marking.kept([ADA, BO], tmp_path, {marking.key(BO): Marking({"report": 3}, "b")})
    marking.kept([ADA], tmp_path, {marking.key(ADA): Marking({"report": 1})})
    found = marking.kept([ADA], tmp_path, {marking.key(ADA): Marking({"five CNNs": 2}, "a")})
    assert found[marking.key(BO)] == Marking({"report": 3}, "b")
    assert found[marking.key(ADA)] == Marking({"report": 1, "five CNNs": 2}, "a")
    found = marking.kept([ADA], tmp_path, {marking.key(ADA): Marking({"report": 0})})
    assert found[marking.key(ADA)].marks["report"] == 0
    assert [row[0] for row in table(tmp_path / marking.MARKS)] == [
        "submission", marking.key(ADA), marking.key(BO),
    ]  # fmt: skip


def test_a_file_that_is_just_being_edited_is_left_alone(tmp_path):
    (tmp_path / marking.MARKS).write_text("half a")
    pages.write([ADA], tmp_path, {marking.key(ADA): Marking({"report": 1})})
    assert (tmp_path / marking.MARKS).read_text() == "half a"


def test_zeros_that_a_spreadsheet_took_off_a_name_are_no_matter(tmp_path):
    results = [Result("00123"), Result("0456"), Result("456")]
    found = marking.kept(results, tmp_path, {"123": Marking({"report": 1}), "456": Marking()})
    assert found["00123"].marks == {"report": 1} and "123" not in found
    assert marking.strangers(["123", "456", "789"], results) == ["789"]


# The command ---------------------------------------------------------------------------------


@pytest.fixture
def call(monkeypatch, tmp_path, capsys):
    """Verify ADA and BO, made up, with more words; the status and what is said."""

    def call(*words):
        given = [HandIn(one.name, tmp_path) for one in (ADA, BO)]
        monkeypatch.setattr(command, "hand_ins", lambda paths: given)
        monkeypatch.setattr(command, "verified", lambda *g, **m: (x for x in enumerate([ADA, BO])))
        words = ["x.zip", "--output", str(tmp_path / "out"), *words]
        return command.main(command.parsed(words)), capsys.readouterr().out

    return call


def marks_file(path, *rows):
    path.write_text("\n".join(["submission," + ",".join([*FULL, "comment"]), *rows]))
    return str(path)


def test_marks_go_from_files_into_tables_pages_and_feedback(call, tmp_path):
    out = tmp_path / "out"
    assert "marked in full" not in call()[1]  # none yet
    one = marks_file(tmp_path / "a.csv", "Ada Doe (1234),5,4,18,12,6,Well done")
    two = marks_file(tmp_path / "b.csv", "Bo Roe (77),1,,,,,", "Cy (5),1,1,1,1,1,")
    status, said = call("--marks", one, two)
    assert status == 0 and "1 of 2 are marked in full." in said
    assert "Marks of Cy (5) are kept, but no submission of this call is called so." in said
    head, ada, bo = table(out / gradebook.CLASS_TABLE)
    told = dict(zip(head, ada, strict=True))
    assert (told["five CNNs"], told["report"], told["marks"]) == ("5", "18", "45")
    assert (told["total"], told["comment"], told["points given"]) == ("97", "Well done", "52")
    assert dict(zip(head, bo, strict=True))["total"] == ""
    page = BeautifulSoup((out / "001-Ada-Doe-1234.html").read_text("utf-8"), "html.parser")
    assert page.find(attrs={"data-field": "report"})["value"] == "18"
    assert page.textarea.get_text().strip() == "Well done"
    assert [path.name for path in (out / "feedback").iterdir()] == ["001-Ada-Doe-1234.html"]
    assert call()[1].count("1 of 2 are marked in full.") == 1  # they stay, without the files


def test_patterns_of_files_are_expanded(call, tmp_path):
    marks_file(tmp_path / "marks-1.csv", "Ada Doe (1234),5,5,20,12,6,")
    marks_file(tmp_path / "marks-2.csv", "Bo Roe (77),5,5,20,,,")
    assert "2 of 2 are marked in full." in call("--marks", str(tmp_path / "marks-*.csv"))[1]


def test_a_mark_that_is_too_high_is_said(call, tmp_path):
    path = marks_file(tmp_path / "a.csv", "Bo Roe (77),6,5,20,,,")
    said = call("--marks", path)[1]
    assert "Bo Roe (77): its marks are not added up, because one is 6 of 5 for five CNNs" in said


@pytest.mark.parametrize("where", ["a file", "the folder's own"])
def test_marks_that_cannot_be_read_are_wrong_usage_before_anything_is_done(
    where, call, tmp_path, capsys
):
    (tmp_path / "out").mkdir()
    own = where != "a file"
    path = tmp_path / "out" / marking.MARKS if own else tmp_path / "m.csv"
    path.write_text("submission,report\nAda,x\n")
    with pytest.raises(SystemExit) as ended:
        call(*([] if own else ["--marks", str(path)]))
    said = capsys.readouterr().err
    assert ended.value.code == 2 and "row of Ada: “report” is “x”; expected" in said
    assert not (tmp_path / "out" / "index.html").exists()


# The platforms -------------------------------------------------------------------------------


def marked(tmp_path, *results, comment=""):
    marks = {marking.key(one): Marking(FULL, comment) for one in results}
    pages.write([*results, Result("no-number", lines=LINES), Result("x (9)", lines=LINES)],
                tmp_path, marks)  # fmt: skip
    return tmp_path


def test_canvas_gets_the_columns_that_its_importer_wants(tmp_path):
    """First columns, then "Points Possible" in the first cell, students by their ID."""
    head, possible, *rows = table(marked(tmp_path, ADA) / gradebook.CANVAS, "utf-8")
    assert head[:5] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
    assert len(head) == 6 and "Points Possible" in possible[0] and possible[5] == "100"
    assert rows == [["Ada Doe", "1234", "", "", "", "97.5"]]


def test_moodle_gets_the_columns_of_its_grading_worksheet(tmp_path):
    head, *rows = table(marked(tmp_path, ADA, comment="Good") / gradebook.MOODLE, "utf-8")
    assert {"Identifier", "Grade", "Last modified (grade)", "Feedback comments"} < set(head)
    assert head.index("Feedback comments") > 0  # it is not looked for in the first column
    (row,) = (dict(zip(head, row, strict=True)) for row in rows)
    assert (row["Identifier"], row["Grade"]) == ("Participant 1234", "97.5")
    assert row["Feedback comments"] == "Good" and row["Maximum Grade"] == "100"


def test_who_is_not_marked_in_full_or_has_no_number_is_in_neither(tmp_path):
    for name in (gradebook.CANVAS, gradebook.MOODLE):
        said = (marked(tmp_path, ADA) / name).read_text("utf-8")
        assert "no-number" not in said and "x (9)" not in said
    pages.write([BO], tmp_path)  # nobody is marked: the files of the call before do not stay
    assert not (tmp_path / gradebook.CANVAS).exists()
    (tmp_path / gradebook.CANVAS).write_text("mine")
    pages.write([BO], tmp_path)
    assert (tmp_path / gradebook.CANVAS).read_text() == "mine"


def test_every_table_is_rectangular_and_no_cell_a_formula(tmp_path):
    evil = Result("=cmd|'x' (7)", lines=LINES)
    out = marked(tmp_path, evil, comment="=1+1")
    for name in (gradebook.CLASS_TABLE, gradebook.CANVAS, gradebook.MOODLE, marking.MARKS):
        rows = list(csv.reader(io.StringIO((out / name).read_text("utf-8-sig"))))
        assert len({len(row) for row in rows}) == 1
        assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "@"))]


# Feedback ------------------------------------------------------------------------------------


def test_feedback_names_no_other_student_and_asks_no_question(tmp_path):
    facts = (
        Fact("compared", "same weights as others", "Bo Roe (77): m", "–", Outcome.JUDGE, "whose?"),
        Fact("training", "m: val_acc", "0.95", "0.90", Outcome.WRONG, "<b>another</b> figure"),
    )
    ada = Result(ADA.name, facts=facts, lines=LINES)
    marks = {marking.key(ADA): Marking(FULL, "Well <i>done</i>\nAda")}
    pages.write([ada, BO], tmp_path, marks)
    (path,) = (tmp_path / "feedback").iterdir()
    html = path.read_text("utf-8")
    assert "Bo Roe" not in html and "whose?" not in html and "<script" not in html
    page = BeautifulSoup(html, "html.parser")
    text = page.body.get_text(" ", strip=True)
    for words in ("97.5 points of 100", "Well <i>done</i>", "m: val_acc", "<b>another</b> figure"):
        assert words in text
    policy = page.find("meta", {"http-equiv": "Content-Security-Policy"})["content"]
    assert "script-src" not in policy and policy.startswith("default-src 'none'")
    assert ["five CNNs", "15", "10", "5"] in [
        [cell.get_text() for cell in row.find_all("td")] for row in page.find_all("tr")
    ]


def test_a_refused_submission_gets_feedback_with_a_comment(tmp_path):
    refused = Result("Cy (5)", refused="it is a link")
    pages.write([refused], tmp_path)
    assert not (tmp_path / "feedback").exists()
    pages.write([refused], tmp_path, {marking.key(refused): Marking({}, "Again, please")})
    (path,) = (tmp_path / "feedback").iterdir()
    assert "it is a link" in path.read_text("utf-8") and "Again, please" in path.read_text("utf-8")
    pages.write([ADA], tmp_path)  # another class: its feedback does not stay
    assert not list((tmp_path / "feedback").iterdir())


# The class's page ----------------------------------------------------------------------------


def test_the_page_of_the_class_has_the_columns_it_promises(tmp_path):
    pages.write([ADA, BO], tmp_path, {marking.key(ADA): Marking(FULL)})
    page = BeautifulSoup((tmp_path / "index.html").read_text("utf-8"), "html.parser")
    heads = [head.get_text() for head in page.find_all("th")]
    rows = [[cell.get_text() for cell in row.find_all("td")] for row in page.tbody.find_all("tr")]
    assert heads == [*gradebook.COLUMNS, "your marks", "total"]
    assert [len(row) for row in rows] == [len(heads)] * 2
    assert rows[0][-2:] == ["45.5", "97.5"] and rows[1][-2:] == ["", ""]
    assert [one.get_text() for one in page.find_all(class_="verdict")] == ["right", "right"]


def luminance(colour):
    """As WCAG 2 defines it."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_verdicts_differ_in_lightness_and_can_be_read():
    found = re.findall(r"\.verdict\.(\w+)[^{]*\{ background: (#\w+)(?:; color: (#\w+))?", STYLE)
    light = {}
    for kind, background, colour in found:
        one, other = sorted([luminance(background), luminance(expanded(colour or "#1a1a1a"))])
        assert (other + 0.05) / (one + 0.05) >= 4.5, kind
        light[kind] = luminance(background)
    shades = [light[kind] for kind in ("refused", "right", "wrong", "incomplete", "judge")]
    steps = [b - a for a, b in pairwise(shades)]
    assert min(steps) > 0.03, light  # also where no colour is seen


def expanded(colour):
    return colour if len(colour) == 7 else "#" + "".join(2 * c for c in colour[1:])
