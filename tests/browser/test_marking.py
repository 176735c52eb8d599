"""The boxes for marks: summed, kept in the browser, downloaded, and read back by ``verify``."""

import pytest
from helpers import SHOTS, visit
from playwright.sync_api import expect

from instructors.verify import Fact, Line, Outcome, Result, marking, pages

LINES = (
    Line("five CNNs", 15, 10, 5, "why"),
    Line("test", 5, 5, 0, "why"),
    Line("report", 30, 10, 20, "why"),
    Line("choice task: layers", 20, 8, 12, "why"),
    Line("choice task: tsne", 10, 4, 6, "why"),
)
FACT = Fact("test", "x: test top-1 (%)", "91.00", "90.00", Outcome.WRONG, "it is another figure")
NAMES = ('Ada "A" <b>Doe</b> (1234)', "Bo; Roe (77)", "Cy (5)", "Di (10)")
CLASS = [
    Result(NAMES[0], lines=LINES),
    Result(NAMES[1], facts=(FACT,), lines=LINES),
    Result(NAMES[2], refused="it is a link; links are not followed"),
    Result(NAMES[3], facts=(Fact("report", "y", "–", "–", Outcome.MISSING, "gone"),), lines=LINES),
]
# what a browser does that keeps nothing for files
FORGETFUL = "Object.defineProperty(window, 'localStorage', { get() { throw new Error('no'); } });"


@pytest.fixture
def folder(tmp_path):
    pages.write(CLASS, tmp_path)
    return tmp_path


def box(page, field):
    return page.locator(f'[data-field="{field}"]')


def give_all(page):
    for field, value in (("five CNNs", 4.5), ("report", 15), ("comment", 'Well done;\n"yes"')):
        box(page, field).fill(str(value))
    box(page, "choice task: layers").fill("12")
    box(page, "choice task: tsne").fill("6")


def of(path):
    return sorted(path.glob("0*.html"))


def downloaded(page, tmp_path):
    with page.expect_download() as coming:
        page.get_by_role("button", name="Download").click()
    target = tmp_path / coming.value.suggested_filename
    coming.value.save_as(target)
    return target


def test_marks_are_summed_kept_downloaded_and_read_back(page, folder, tmp_path):
    page.goto(of(folder)[0].as_uri())
    expect(page.locator(".sum")).to_have_text("37 points so far; 4 marks are still to be given")
    give_all(page)
    expect(page.locator(".sum")).to_have_text("74.5 points in all")  # choice tasks: 30 at most
    expect(page.locator(".kept")).to_have_text("Kept in this browser.")
    page.reload()
    expect(page.locator(".sum")).to_have_text("74.5 points in all")
    page.screenshot(path=SHOTS / "marking-one.png", full_page=True)
    target = downloaded(page, tmp_path)
    assert target.name == "marks-001-Ada-A-b-Doe-b-1234.csv"
    found = marking.read(target)
    assert list(found) == [NAMES[0]] and found[NAMES[0]].comment == 'Well done;\n"yes"'
    assert found[NAMES[0]].marks["five CNNs"] == 4.5 and len(found[NAMES[0]].marks) == 4


def test_a_mark_that_cannot_be_is_said(page, folder):
    page.goto(of(folder)[0].as_uri())
    give_all(page)
    box(page, "report").fill("21")
    expect(page.locator(".sum")).to_have_text("1 of the marks cannot be: see the boxes in colour")
    box(page, "report").fill("20")
    expect(page.locator(".sum")).to_have_text("79.5 points in all")


def test_what_verify_read_back_counts_until_it_is_changed_here(page, folder):
    page.goto(of(folder)[0].as_uri())
    box(page, "report").fill("15")
    box(page, "five CNNs").fill("3")
    pages.write(CLASS, folder, {NAMES[0]: marking.Marking({"report": 11})})
    page.reload()
    expect(box(page, "report")).to_have_value("11")
    expect(box(page, "five CNNs")).to_have_value("3")  # nothing newer was read
    box(page, "report").fill("12")
    page.reload()
    expect(box(page, "report")).to_have_value("12")


def test_the_class_is_sorted_filtered_and_its_marks_downloaded_at_once(page, folder, tmp_path):
    page.goto(of(folder)[0].as_uri())
    give_all(page)
    page.goto((folder / "index.html").as_uri())
    expect(page.locator(".marked")).to_have_text("1 of 4 marked in full.")
    first = page.locator("table.class tbody tr").first
    expect(first.locator(".own")).to_have_text("37.5")
    expect(first.locator(".total")).to_have_text("74.5")
    page.screenshot(path=SHOTS / "marking-class.png", full_page=True)
    page.get_by_role("button", name="submission").click()
    page.get_by_role("button", name="submission").click()
    names = page.locator("table.class tbody tr td:first-child")
    expect(names).to_have_text(list(NAMES)[::-1])
    assert page.locator("th[aria-sort=descending]").count() == 1
    page.get_by_label("Verdict").select_option("refused")
    expect(page.locator(".count")).to_have_text("1 of 4 shown.")
    page.get_by_label("Verdict").select_option("")
    page.get_by_label("Find").fill("another FIGURE")
    expect(page.locator(".count")).to_have_text("1 of 4 shown.")
    found = marking.read(downloaded(page, tmp_path))
    assert sorted(found) == sorted(NAMES)
    assert found[NAMES[0]].marks["report"] == 15 and found[NAMES[1]] == marking.Marking()


def test_numbers_are_sorted_as_numbers(page, folder):
    few = [Result(f"s{n}", lines=(Line("report", 30, n, 0, "why"),)) for n in (10, 9, 100)]
    pages.write(few, folder)
    page.goto((folder / "index.html").as_uri())
    page.get_by_role("button", name="points given").click()
    cells = page.locator("table.class tbody tr td:first-child")
    expect(cells).to_have_text(["s9", "s10", "s100"])


def test_a_browser_that_keeps_nothing_says_so_and_downloads_all_the_same(browser, folder, tmp_path):
    with visit(browser) as page:
        page.add_init_script(FORGETFUL)
        page.goto(of(folder)[0].as_uri())
        expect(page.locator(".kept")).to_contain_text("keeps no marks: download them")
        give_all(page)
        expect(page.locator(".sum")).to_have_text("74.5 points in all")
        asked = []
        page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
        page.goto((folder / "index.html").as_uri())
        assert asked == ["beforeunload"]  # they would be lost
        page.goto(of(folder)[0].as_uri())
        give_all(page)
        assert marking.read(downloaded(page, tmp_path))[NAMES[0]].marks["report"] == 15
        page.goto((folder / "index.html").as_uri())
        assert asked == ["beforeunload"]  # they are in a file


def test_what_students_wrote_runs_nothing(page, folder):
    evil = "</script><script>document.title = 'taken'</script>"
    odd = Result(evil, facts=(Fact("test", evil, evil, evil, Outcome.WRONG, evil),), lines=LINES)
    pages.write([odd], folder, {marking.key(odd): marking.Marking({}, evil)})
    for path in (*of(folder), folder / "index.html"):
        page.goto(path.as_uri())
        assert page.title() != "taken"
    assert page.locator("table.class tbody tr").count() == 1
