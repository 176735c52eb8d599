"""The rendering, on the notebooks as they are committed: no execution here."""

import re
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup

from book import api, book_map, build, glossary, notebooks
from book.lean import without_unused
from book.notebooks import chapters, chosen
from cnnlib import CATALOGUE
from cnnlib.plots.choosing import CHOICES

pytestmark = pytest.mark.slow  # trains, renders or starts processes

ROOT = Path(__file__).parents[1]
NO_LINKS = ["h1", "h2", "h3", "code", "pre", "a"]


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The rendered book, from the stored outputs."""
    folder = tmp_path_factory.mktemp("book")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "BUILD", folder / "build")
        (folder / "report" / "my-report").mkdir(parents=True)
        (folder / "report" / "my-report" / "my-report.html").write_text("mine")
        build.report(stored=True, target=folder / "report")
    assert (folder / "report" / "my-report" / "my-report.html").read_text() == "mine"  # stays
    return {path.name: path.read_text("utf-8") for path in (folder / "report").glob("*.html")}


@pytest.fixture(scope="module")
def trees(pages):
    """The chapters' pages and the glossary, read."""
    wanted = [*(path.stem for path in notebooks.chapters()), "glossary"]
    return {name: BeautifulSoup(pages[f"{name}.html"], "html.parser") for name in wanted}


def test_a_page_for_every_chapter_linked_from_the_first(pages):
    for path in notebooks.chapters():
        assert f"{path.stem}.html" in pages
        assert f'href="{path.stem}.html"' in pages["index.html"]


def test_every_public_name_leads_to_its_place_on_the_page(pages):
    page = pages["api.html"]
    for one in api.public_names():
        assert f'href="#{one.target}"' in page or f'href="#module-{one.target}"' in page
        assert f'id="{one.target}"' in page or f'id="module-{one.target}"' in page
    assert "&gt;&gt;&gt;" in page  # the examples


def test_the_page_of_runs_has_them_all(pages):
    rows = re.findall(r"<tr[^>]*><td[^>]*><p><code[^>]*><span[^>]*>([^<]+)<", pages["runs.html"])
    assert [name for name in rows if name in CATALOGUE] == list(CATALOGUE)
    assert all(f'href="{name}.html"' in pages["index.html"] for name in ("runs", "api"))


@pytest.mark.parametrize("term", glossary.terms(), ids=lambda term: term.slug)
def test_a_word_of_the_glossary_is_explained_where_it_says(trees, term):
    entry = trees["glossary"].find(id=f"term-{term.slug}")
    page, _, anchor = entry.find_next("a")["href"].partition("#")
    assert page == f"{term.page.stem}.html" and int(page[:2]) == term.chapter
    place = trees[page.removesuffix(".html")].find(id=anchor)
    assert term.is_meant_by(place.get_text()) and not place.find_parent(NO_LINKS)


@pytest.mark.parametrize("path", notebooks.chapters(), ids=lambda path: path.stem)
def test_the_first_use_of_a_word_is_a_link_and_no_other(trees, path):
    page = trees[path.stem]
    links = page.select("a.glossary-term")
    targets = [link["href"] for link in links]
    assert len(targets) == len(set(targets)) and len(targets) + len(page.select(".defined")) > 10
    for link in links:
        (term,) = [
            one for one in glossary.terms() if link["href"] == f"glossary.html#term-{one.slug}"
        ]
        assert term.is_meant_by(link.get_text()) and term.chapter != int(path.stem[:2])
        assert not link.find_parent(NO_LINKS) and not link.find_parent(class_="cell")


def test_the_map_has_every_chapter_with_what_it_states(trees, pages):
    found = {stop.number: stop for stop in book_map.stops()}
    assert list(found) == [int(path.stem[:2]) for path in notebooks.chapters()]
    assert found[7].needs == (3, 4, 5, 6) and found[7].minutes == 50
    assert found[23].needs == (3, 4, 5, 17) and found[21].needs == (3,)
    assert found[4].minutes == 180 and found[8].minutes == 100 and found[2].minutes == 150
    links = BeautifulSoup(pages["index.html"], "html.parser").select("svg.book-map a")
    assert [link["href"] for link in links] == [f"{name}.html" for name in trees][:-1]
    curves = {link["href"][:2]: len(link.select("path")) for link in links}
    assert curves["00"] == 0 and curves["07"] == 1 and curves["15"] == 3


@pytest.mark.parametrize(
    ("first", "words"),
    [
        ("# 5. Max pooling\n\n**Time**: 5 minutes", "title, ..You need.. and ..Time.."),
        ("# 5. Max pooling\n\n**You need** much. **Time**: an hour", "minutes, and not 'an hour'"),
        ("Max pooling\n\n**You need** much. **Time**: 5 minutes", "05_max_pooling.ipynb does not"),
    ],
    ids=["no needs", "no minutes", "no title"],
)
def test_a_chapter_that_does_not_say_what_it_needs_is_named(first, words):
    with pytest.raises(ValueError, match=words):
        book_map.stop(ROOT / "notebooks" / "05_max_pooling.ipynb", first)


def test_the_glossary_has_each_word_once():
    names = [form.lower() for term in glossary.terms() for form in (term.name, *term.also)]
    assert len(names) == len(set(names)) and len(glossary.terms()) >= 70
    assert len({term.slug for term in glossary.terms()}) == len(glossary.terms())
    assert all(term.words.endswith(".") for term in glossary.terms())


def test_no_page_is_for_instructors(pages):
    assert not {"instructors.html", "answers.html"} & set(pages)


def test_nothing_is_loaded_from_elsewhere(pages):
    loading = r'<(?:script|link|img|iframe|source)\b[^>]*?(?:src|href)="((?:https?:)?//[^"]+)"'
    for name, page in pages.items():
        assert re.findall(loading, page) == [], name


def test_every_picture_has_its_text(pages):
    for path in notebooks.chapters():
        outputs = [o for c in nbformat.read(path, 4).cells for o in c.get("outputs", [])]
        data = [output.get("data", {}) for output in outputs]
        one = sum("image/png" in shown and CHOICES not in shown for shown in data)
        many = sum(shown[CHOICES].count("<img ") for shown in data if CHOICES in shown)
        images = BeautifulSoup(pages[f"{path.stem}.html"], "html.parser").find_all("img")
        for folder, number in (("_images/", one), ("pictures/", many)):
            words = [image["alt"] for image in images if image["src"].startswith(folder)]
            assert len(words) == number and all(len(alt) > 30 for alt in words)


def test_refresh_refuses_an_unknown_name():
    with pytest.raises(SystemExit, match="no chapter's number or name is '99'"):
        build.refresh(["99"])


def test_stable_metadata_and_ids():
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("1", metadata={"tags": ["x"], "execution": {"t": "1"}})],
        metadata={"language_info": {"name": "python", "version": "3.99"}},
    )
    done = notebooks.stable(notebook, "07")
    assert done.cells[0].id == "07-000" and done.cells[0].metadata == {"tags": ["x"]}
    assert done.metadata.language_info == {"name": "python"}


def test_executing_twice_gives_the_same_bytes(tmp_path, monkeypatch):
    monkeypatch.setenv("CNNLIB_PROGRESS", "off")
    path = tmp_path / "05_small.ipynb"
    cells = ["from cnnlib import plots", "plots.show(plots.bars({'a': 1, 'b': 2}, xlabel='x'))"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    nbformat.write(notebook, path)
    first, again = (nbformat.writes(notebooks.execute(path)) for _ in range(2))
    assert first == again and "image/png" in first


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["5"], ["05"]),
        (["05", "17_ranking"], ["05", "17"]),
        (["2"], ["02"]),
        (["17", "05", "5"], ["05", "17"]),
    ],
)
def test_chapters_are_chosen_by_number_or_name(names, found):
    assert [path.stem[:2] for path in chosen(names)] == found


def test_a_chapter_that_is_none_is_named_though_others_are_known():
    assert chosen([]) == chapters()
    with pytest.raises(ValueError, match="no chapter's number or name is '99' or 'five'"):
        chosen(["05", "99", "five"])


def test_a_pages_head_loses_the_scripts_that_are_not_used_and_no_other():
    kept = '<script src="_static/doctools.js?v=1"></script>\n<script>let searchindex;</script>'
    unused = ("_static/scripts/fontawesome.js?digest=9", "searchindex.js", "_static/searchtools.js")
    head = "".join(f'\n  <script defer src="{name}"></script>' for name in unused)
    assert without_unused(kept + head) == kept
