"""The committed notebooks, as files. (nbval runs them and compares their outputs.)"""

import ast
import itertools
import re
import statistics
from pathlib import Path

import nbformat
import pytest
from prose_numbers import NUMBERS

import cnnlib
from book import way
from book.notebooks import chapters
from cnnlib.exercises.all_parts import EXERCISES
from cnnlib.exercises.judging import Written
from cnnlib.exercises.written import EXERCISES as WRITTEN

ROOT = Path(__file__).parents[1]
PATHS = chapters()
LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
NOTEBOOKS = {path.stem: nbformat.read(path, as_version=4) for path in PATHS}

STATED = re.compile(r'^cnnlib\.stated\(\s*"([^"]+)"', re.M)

each = pytest.mark.parametrize("name", NOTEBOOKS)


def cells(name, kind):
    return [cell for cell in NOTEBOOKS[name].cells if cell.cell_type == kind]


def text(name):
    return "\n".join(cell.source for cell in cells(name, "markdown"))


def pictures(name):
    outputs = [output for cell in cells(name, "code") for output in cell.outputs]
    return [output for output in outputs if "image/png" in output.get("data", {})]


@each
def test_was_executed_from_top_to_bottom(name):
    counts = [cell.execution_count for cell in cells(name, "code")]
    assert counts == list(range(1, len(counts) + 1))
    assert not [o for c in cells(name, "code") for o in c.outputs if o.output_type == "error"]
    assert not [o for c in cells(name, "code") for o in c.outputs if o.get("name") == "stderr"]


@each
def test_metadata_are_stable(name):
    assert set(NOTEBOOKS[name].metadata) <= {"kernelspec", "language_info", "widgets"}
    assert NOTEBOOKS[name].metadata.language_info == {"name": "python"}
    ids = [cell.id for cell in NOTEBOOKS[name].cells]
    assert ids == [f"{name[:2]}-{i:03d}" for i in range(len(ids))]
    assert all(set(cell.metadata) <= {"tags"} for cell in NOTEBOOKS[name].cells)


@each
def test_every_figure_has_a_real_text_alternative(name):
    assert pictures(name)
    for output in pictures(name):
        alt = output.metadata["image/png"]["alt"]
        assert len(alt) > 30 and output.data["text/plain"] == f"[figure: {alt}]"


@each
def test_code_cells_are_short(name):
    lengths = [len(cell.source.splitlines()) for cell in cells(name, "code")]
    assert statistics.median(lengths) <= 3.5
    for cell, length in zip(cells(name, "code"), lengths, strict=True):
        lesson = re.search(r"^(def|class) ", cell.source, re.M)  # written by hand
        assert length <= (30 if lesson else 15), cell.source
    code = "\n".join(cell.source for cell in cells(name, "code"))
    assert "import *" not in code and "warnings" not in code


@each
def test_only_machine_dependent_cells_are_left_out_of_the_comparison(name):
    for cell in cells(name, "code"):
        if "nbval-ignore-output" in cell.metadata.get("tags", []):
            machines = r"\.fit(_many)?\(|platform\.|alt=\"Confidently wrong\"|plots\.explore\("
            assert re.search(machines, cell.source)


@each
def test_follows_the_template(name):
    prose = text(name)
    assert re.match(rf"# {int(name[:2])}\. \w", prose)
    for words in ("**Question.**", "**You need**", "**Time**", "## Predict first", "## Exercises"):
        assert words in prose, words
    assert re.search(r"\d+ minutes", prose) and "## Summary" in prose and "**To read**" in prose
    code = "\n".join(cell.source for cell in cells(name, "code"))
    assert "cnnlib.predict_first(" in code and "cnnlib.reveal(" in code


@each
def test_the_last_cell_leads_to_the_neighbours(name):
    path = ROOT / "notebooks" / f"{name}.ipynb"
    last, at = NOTEBOOKS[name].cells[-1], PATHS.index(path)
    assert last.source == way.line(path, PATHS) and "remove-cell" in last.metadata.tags
    neighbours = [PATHS[i].name for i in (at - 1, at + 1) if 0 <= i < len(PATHS)]
    assert re.findall(r"\((\S+\.ipynb)\)", last.source) == neighbours
    assert sum("way" in cell.metadata.get("tags", []) for cell in NOTEBOOKS[name].cells) == 1


@each
def test_chapters_and_exercises_that_are_named_are_linked(name):
    prose = "\n".join(cell.source for cell in cells(name, "markdown"))
    for link, target in re.findall(r"\[([^\]]*\d)\]\((\d\d_\w+\.ipynb)?(?:#Exercises)?\)", prose):
        number = int(re.search(r"\d+", link)[0])
        assert int((target or name)[:2]) == number, link
        assert not target or (ROOT / "notebooks" / target).exists(), target
    bare = re.sub(r"```.*?```|`[^`]*`|\$[^$\n]*\$", "", LINK.sub("", prose), flags=re.S)
    found = re.findall(r"\bexercise \d+\.\d+|\bchapters? \d+", bare, flags=re.I)
    assert set(found) <= {f"chapter {int(name[:2])}"}  # of its own chapter a page says it plainly


def numbers(prose):
    """Decimals, percentages and whole numbers from 20, without what is no figure.

    Left out: code, formulas, the title's number, the lines of minutes and of literature,
    chapters and exercises referred to, and years.
    """
    prose = LINK.sub(r"\1", prose)
    prose = re.sub(r"`[^`]*`|\$\$.*?\$\$|\$[^$\n]*\$|\*\*\d+\.\d+\*\*", "", prose, flags=re.S)
    prose = re.sub(r"^# \d+\.|\*\*(Time|To read)\*\*.*", "", prose, flags=re.M)
    prose = re.sub(r"(chapter|exercise)s? [\d.]+(( to|,| and) \d[\d.]*)*", "", prose, flags=re.I)
    prose = re.sub(r"\b(19|20)\d\d\b", "", prose)
    found = re.findall(r"(?<![\w.,-])(\d[\d,]*(?:\.\d+)?)( %)?", prose)
    found = {(number.strip(","), unit) for number, unit in found}
    return {n + u for n, u in found if u or "." in n or float(n.replace(",", "")) >= 20}


def value(number):
    """The number as a text says it: '1,600' → 1600, '20 %' → 0.2."""
    whole = float(number.removesuffix(" %").replace(",", ""))
    return whole / 100 if number.endswith("%") else whole


@each
def test_numbers_in_prose_are_accounted_for(name):
    listed = NUMBERS["*"] | NUMBERS.get(name[:2], {})
    prose = text(name)
    for words in STATED.findall("\n".join(cell.source for cell in cells(name, "code"))):
        prose = prose.replace(words, "")  # a cell asserts these
    assert numbers(prose) - set(listed) == set()


def test_every_result_opens_with_a_sentence_that_a_cell_checks():
    missing = []
    for name in NOTEBOOKS:
        here = NOTEBOOKS[name].cells
        for cell, following in itertools.pairwise(here):
            if "## Reading the result" in cell.source:
                opening = cell.source.partition("## Reading the result")[2].strip().split("\n")[0]
                said = STATED.findall(following.source)
                if not (opening.startswith("**In one sentence.** ") and said):
                    missing.append(name)
                elif not all(words in opening for words in said):
                    missing.append(f"{name}: {said}")
    assert missing == []


@pytest.mark.parametrize(
    "chapter, number, source",
    [(chapter, *pair) for chapter in NUMBERS for pair in NUMBERS[chapter].items()],
)
def test_numbers_in_prose_are_what_their_source_gives(chapter, number, source):
    if callable(source):
        assert float(source(cnnlib.load())) == pytest.approx(value(number), rel=1e-9)
    else:
        assert source.startswith("given: ")
    stems = [name for name in NOTEBOOKS if chapter in ("*", name[:2])]
    assert any(number in numbers(text(name)) for name in stems), "listed, but in no chapter"


@each
def test_spelling_is_british(name):
    wrong = r"\b(color|center|behavior|normaliz|initializ|regulariz|optimiz|gray|neighbor)\w*"
    prose = re.sub(
        r"\*\*[^*\n]+\*\*|\*[^*\n]+\*|`[^`]*`", "", text(name)
    )  # titles and code keep theirs
    assert not re.search(wrong, prose, re.I)


def test_each_exercise_is_asked_once_and_each_question_is_checked():
    asked = [key for name in NOTEBOOKS for key in re.findall(r"\*\*(\d+\.\d+)\*\*", text(name))]
    code = "\n".join(cell.source for name in NOTEBOOKS for cell in cells(name, "code"))
    assert sorted(asked) == sorted(EXERCISES) == sorted(re.findall(r'check\("([\d.]+)"', code))
    for name in NOTEBOOKS:
        keys = re.findall(r"\*\*(\d+)\.\d+\*\*", text(name))
        assert set(keys) == {str(int(name[:2]))}


@each
def test_a_function_that_is_asked_for_shadows_nothing_of_the_chapter(name):
    """Else a cell that is run again would take the reader's function for the chapter's own."""
    asked = {
        one.name: key for key, one in WRITTEN.items() if key.split(".")[0] == str(int(name[:2]))
    }
    for cell in cells(name, "code"):
        if not re.search(r'^cnnlib\.check\("', cell.source, re.M):
            used = {
                node.id for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Name)
            }
            used |= {
                node.name
                for node in ast.walk(ast.parse(cell.source))
                if isinstance(node, ast.FunctionDef | ast.ClassDef)
            }
            assert not used & set(asked), cell.source


@each
def test_an_exercise_in_code_is_checked_by_the_name_of_its_solution(name):
    checked = re.findall(
        r'^cnnlib\.check\("([\d.]+)", (\w+)\)$',
        "\n".join(c.source for c in cells(name, "code")),
        re.M,
    )
    for key, given in checked:
        one = EXERCISES[key]
        assert given == (one.name if isinstance(one, Written) else "answer")


def test_a_code_exercise_is_unanswered_or_a_bug_to_find_that_is_met_with_its_feedback():
    """A cell that comes with code shows what the check says of just that bug."""
    bugs = 0
    for name in NOTEBOOKS:
        for cell in cells(name, "code"):
            for key in re.findall(r'^cnnlib\.check\("([\d.]+)"', cell.source, re.M):
                said = "".join(output.get("text", "") for output in cell.outputs)
                if isinstance(one := EXERCISES[key], Written) and "not answered yet" not in said:
                    assert said == f"Exercise {key}: not yet: {one.mistakes[0][1]}\n"
                    bugs += 1
    assert bugs >= 2


# that have no DOI, or none that is sure
WITHOUT_DOI = {
    "A simple sequentially rejective multiple test procedure",
    "A theoretical analysis of feature pooling in visual recognition",
    "Deep Learning",
    "Dropout: a simple way to prevent neural networks from overfitting",
    "Learn the basics",  # a page of PyTorch's documentation
    "No unbiased estimator of the variance of k-fold cross-validation",
    "On over-fitting in model selection and subsequent selection bias in performance evaluation",
    "Rectifier nonlinearities improve neural network acoustic models",
    "The statistical crisis in science",
    "Understanding the difficulty of training deep feedforward neural networks",
    "Visualizing data using t-SNE",
}


def test_what_to_read_is_linked_by_its_doi():
    links, bare = {}, set()
    for name in NOTEBOOKS:
        lines = re.search(r"\*\*To read\*\*.*", text(name))[0].removeprefix("**To read**")
        for title, doi in re.findall(r"\[\*([^*]+)\*\]\(https://doi\.org/(\S+?)\)", lines):
            assert re.fullmatch(r"10\.\d{4,5}/[\w.:%()/-]+", doi), doi
            assert links.setdefault(title, doi) == doi, title  # the same in every chapter
        bare |= set(re.findall(r"\*([^*]+)\*", LINK.sub("", lines)))
    assert bare == WITHOUT_DOI and len(set(links.values())) == len(links)
