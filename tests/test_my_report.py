"""A student's report, from small notebooks; one test executes one for real."""

import base64
import dataclasses
import json
import re
import zipfile
from pathlib import Path

import nbformat
import pytest
import typst
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

import cnnlib
from book import my_report, notebooks, to_typst
from instructors.verify import reading
from instructors.verify.intake import take_in

pytestmark = pytest.mark.slow  # trains, renders or starts processes

ROOT = Path(__file__).parents[1]

CHAPTER = nbformat.read(my_report.CHAPTER, as_version=4)
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5E"
    "rkJggg=="
)
HOSTILE = (
    r"""a # b * c _ d $ e @ref <label> \ " ` ~ // c /* x */ #import "x" ] ) } [[ {{ #eval("1")"""
)


def markdown(text, *tags):
    return new_markdown_cell(text, metadata={"tags": ["report", *tags]})


def code(*outputs, tags=()):
    return new_code_cell("1", outputs=list(outputs), metadata={"tags": ["report", *tags]})


def figure(alt="a bar chart of something"):
    data = {"image/png": PIXEL, "text/plain": "[figure]"}
    return new_output("display_data", data, metadata={"image/png": {"alt": alt, "width": 300}})


def finished():
    """All fields that every report needs, written."""
    fields = [markdown("Text.", f"field-{name}") for name in my_report.REQUIRED[1:]]
    return [markdown("## A title\n\nAda and Bo", "field-names"), *fields]


def page_of(*cells, folder=ROOT):
    page, missing = my_report.chosen(new_notebook(cells=list(cells)))
    return my_report.as_html(page, folder), [one.field for one in missing]


def words(html):
    return BeautifulSoup(html, "html.parser").main.get_text(" ", strip=True)


@pytest.fixture
def made(tmp_path, monkeypatch):
    """Makes the report of these cells, as if they had been executed: HTML, PDF, terminal."""

    def make(*cells):
        path = tmp_path / "mine.ipynb"
        nbformat.write(new_notebook(cells=list(cells)), path)
        monkeypatch.setattr(notebooks, "execute", lambda path, **more: nbformat.read(path, 4))
        return my_report.main(["--notebook", str(path), "--output", str(tmp_path / "out")])

    for name in ("CNNLIB_DPI", "CNNLIB_PROGRESS", "CNNLIB_SLIDERS"):
        monkeypatch.setenv(name, "")  # main() sets them: put back what was there
    return make


# What goes in ---------------------------------------------------------------------------------


def test_the_chapter_has_every_field_and_they_are_all_unfinished():
    page, missing = my_report.chosen(CHAPTER)
    assert [one.field for one in missing] == list(my_report.REQUIRED)
    assert all(5 < len(one.prompt) < 250 and "✎" not in one.prompt for one in missing)
    html = my_report.as_html(page, ROOT)
    boxes = re.findall(r'<div class="unfinished">Not written yet: (\w+)', html)
    assert len(boxes) == len(missing) and "✎" not in html


def test_teaching_stays_out_and_no_choice_task_is_in_an_untouched_report():
    html, _ = page_of(*CHAPTER.cells)
    text = words(html)
    assert text.startswith("Five networks on Fashion-MNIST")
    for stays_out in ("Predict first", "Exercises", "Choice task", "References", "import torch"):
        assert stays_out not in text
    for goes_in in ("Conv2d-1", "61,706", "McNemar's p", "test top-1", "SHA-256"):
        assert goes_in in text


def test_a_written_field_is_finished_with_or_without_its_prompt():
    prompt = "### Head\n\n✎ *Write here: why\nand how.*"
    for text in ("### Head\n\nBecause.", f"{prompt}\n\nBecause.", "Because.", "✎ *Because.*"):
        html, missing = page_of(*finished(), markdown(text, "field-more"))
        assert missing == [] and "Because." in words(html)
        assert "Write here" not in words(html) and "✎" not in html
    for text in (prompt, "### Head", "", "### Head\n\n<!-- later\n -->", "  \n"):
        html, missing = page_of(*finished(), markdown(text, "field-more"))
        assert missing == ["more"] and "Not written yet" in words(html)


def test_a_field_whose_cell_is_gone_is_missed():
    _, missing = page_of(*finished()[:-1])
    assert missing == ["weights"]


def test_a_choice_task_is_in_when_something_was_done_in_it():
    text, untouched = (
        markdown("### Task\n\nWords.", "choice-x", "field-x"),
        "### Task\n\n✎ *Write here: what.*",
    )
    html, missing = page_of(*finished(), text, code(figure(), tags=["choice-x"]))
    assert missing == [] and "Task" in words(html) and "<img" in html
    html, missing = page_of(
        *finished(), markdown(untouched, "choice-x", "field-x"), code(tags=["choice-x"])
    )
    assert missing == [] and "Task" not in words(html)
    html, missing = page_of(
        *finished(), markdown(untouched, "choice-x", "field-x"), code(figure(), tags=["choice-x"])
    )
    assert missing == ["x"] and "Not written yet" in words(html)
    html, missing = page_of(*finished(), text, code(tags=["choice-x"]))
    assert missing == ["x"] and "Words." in words(html)  # written, but its switch is off


def test_a_notebook_without_tags_is_refused():
    with pytest.raises(my_report.ReportError, match="no cell of the notebook has the tag 'report'"):
        my_report.chosen(new_notebook(cells=[new_markdown_cell("x")]))


@pytest.mark.parametrize(
    "switch", ["CONFUSION", "HALVING", "FOLDS", "LAYERS", "AUGMENTATION", "TSNE"]
)
def test_the_choice_tasks_run_when_they_are_switched_on(switch, monkeypatch, capsys):
    shown, trained = [], cnnlib.run("adam-halved")

    def show(drawn, alt=None):
        figure = drawn if hasattr(drawn, "alt_text") else drawn.get_figure()
        shown.append(figure.alt_text)

    def run(experiment, **more):  # nothing is trained here
        return dataclasses.replace(trained, experiment=experiment)

    (cell,) = (c for c in CHAPTER.cells if c.source.startswith(f"{switch} = False"))
    declaration = [c.source for c in CHAPTER.cells if "cnnlib.Assignment(" in c.source]
    imports = next(c.source for c in CHAPTER.cells if c.source.startswith("import torch"))
    names = {"display": shown.append}
    exec("\n".join([imports, *declaration]), names)
    folds = [trained] * 4 + [cnnlib.run("baseline")]
    monkeypatch.setattr(names["plots"], "show", show)
    monkeypatch.setattr(names["features"], "tsne", lambda vectors: vectors[:, :2])
    monkeypatch.setattr(cnnlib, "run", run, raising=False)
    monkeypatch.setattr(cnnlib.assignment, "cross_validate", lambda *what: folds)
    exec(cell.source, names)
    assert shown == []
    exec(cell.source.replace(f"{switch} = False", f"{switch} = True"), names)
    assert len(shown) == {"HALVING": 2, "LAYERS": 2, "AUGMENTATION": 2}.get(switch, 1)
    assert all(len(one) > 30 for one in shown if isinstance(one, str))


# The page -------------------------------------------------------------------------------------


def test_no_request_leaves_the_page_and_no_script_runs():
    html, _ = page_of(*CHAPTER.cells)
    page = BeautifulSoup(html, "html.parser")
    policy = page.find("meta", {"http-equiv": "Content-Security-Policy"})["content"]
    assert policy.startswith("default-src 'none'; img-src data:;") and "http" not in policy
    assert not page.find_all(["script", "link", "iframe", "object"])
    assert all(image["src"].startswith("data:") for image in page.find_all("img"))
    assert (
        page.html["lang"] == "en-GB" and page.title.get_text() == "Five networks on Fashion-MNIST"
    )


def test_text_alternatives_and_sizes_are_kept():
    html, _ = page_of(*finished(), code(figure('loss "falls" <fast> & far')))
    (image,) = BeautifulSoup(html, "html.parser").find_all("img")
    assert image["alt"] == 'loss "falls" <fast> & far' and image["width"] == "300"


def test_headings_start_at_one():
    html, _ = page_of(*finished(), markdown("### Part"))
    page = BeautifulSoup(html, "html.parser")
    assert page.h1.get_text() == "A title" and page.h2.get_text() == "Part"


def test_code_and_warnings_are_not_in_the_page():
    noise = new_output("stream", name="stderr", text="FutureWarning: noise")
    line = new_output("stream", name="stdout", text="a \x1b[31mred\x1b[0m <line>")
    html, _ = page_of(*finished(), new_code_cell("secret = 1", outputs=[noise, line],
                                                 metadata={"tags": ["report"]}))  # fmt: skip
    text = words(html)
    assert "secret" not in text and "noise" not in text and "a red <line>" in text


def test_formulas_become_pictures_with_their_tex():
    html, _ = page_of(
        *finished(), markdown(r"with $\lambda = 0.1$ and $$\frac{a}{b}$$ but $\nope{$")
    )
    alts = [image["alt"] for image in BeautifulSoup(html, "html.parser").find_all("img")]
    assert alts[:2] == [r"\lambda = 0.1", r"\frac{a}{b}"] and len(alts) <= 3


def test_pictures_in_cells_and_beside_the_notebook_are_taken_in(tmp_path):
    (tmp_path / "near.png").write_bytes(base64.b64decode(PIXEL))
    cell = markdown("![pasted](attachment:p.png) ![near](near.png) ![far](https://a.example/x.png)")
    cell["attachments"] = {"p.png": {"image/png": PIXEL}}
    html, _ = page_of(*finished(), cell, folder=tmp_path)
    assert html.count(f"data:image/png;base64,{PIXEL}") == 2
    pages = to_typst.TypstPages(tmp_path)
    assert "picture left out: far" in pages.convert(html)
    assert pages.left_out == ["https://a.example/x.png"] and pages.pictures == 2
    cell["attachments"] = {}
    with pytest.raises(my_report.ReportError, match=r"p.png.*paste the picture"):
        page_of(*finished(), cell, folder=tmp_path)


# The PDF --------------------------------------------------------------------------------------


def set_in_type(html, tmp_path):
    """The text that Typst sets, in order, and the markup."""
    (tmp_path / "my_report.typ").write_text((ROOT / "book" / "my_report.typ").read_text("utf-8"))
    markup = to_typst.TypstPages(tmp_path).convert(html)
    main = tmp_path / "main.typ"
    main.write_text('#import "my_report.typ": *\n' + markup, "utf-8")
    return typst.compile(main, format="png", ppi=20), markup


def test_hostile_text_is_text_in_both(tmp_path):
    cells = [*finished(), markdown(f"`{HOSTILE.replace('`', '')}`"), markdown("1 < 2 & #strong[x]")]
    line = new_output("stream", name="stdout", text=HOSTILE)
    html, _ = page_of(*cells, code(line))
    assert HOSTILE in words(html)
    _, markup = set_in_type(html, tmp_path)
    told = re.findall(r'"((?:[^"\\]|\\.)*)"', markup)
    texts = [text.replace('\\"', '"').replace("\\\\", "\\") for text in told]
    assert HOSTILE in texts and "1 < 2 & #strong[x]" in texts
    rest = re.sub(r'"(?:[^"\\]|\\.)*"', "", markup)  # what is left is markup of ours
    assert not re.search(r"import|eval|@|\$|label|//", rest)


@pytest.mark.parametrize(
    "text", ['"', "\\", '\\"', "a\x00b\x07", "a\ud800b", "\n\t", "łß→✎日本", ""]
)
def test_a_string_says_just_this(text, tmp_path):
    shown = re.sub("[\x00\x07\ud800]", "", text)
    main = tmp_path / "main.typ"
    main.write_text(f"#metadata({to_typst.quoted(text)}) <said>", "utf-8")
    assert json.loads(typst.query(main, "<said>", field="value", one=True)) == shown


def test_every_kind_of_element_is_set(tmp_path):
    source = """### Head\n\n*em* **strong** ~~gone~~ `code` [link](https://a.example) $x^2$
<https://b.example> [bad](javascript:alert) <b>html</b><br><sub>2</sub>

- one
  1. inner
- [ ] two

3. three

> quoted

```python
x = "1"
```

| a | b |
|---|---|
| x | 1.5 |

---"""
    html, _ = page_of(*finished(), markdown(source), code(figure()))
    _, markup = set_in_type(html, tmp_path)
    for words in (
        *("#heading(level: 2)", "#emph[", "#strong[", "#strike[", '#raw("code")', "#sub["),
        *('#link("https://a.example")', '#link("https://b.example")', "#list(", "#enum("),
        *("start: 3", "#quote(block: true)", "#raw(block: true", "#data(columns: 2"),
        *("#formula(", "#linebreak()", "#line(", "#picture("),
    ):
        assert words in markup, words
    assert "javascript:" not in re.sub(r'#"[^"]*"', "", markup)


def test_numbers_stand_right_and_tables_of_one_cell_beside_one_another(tmp_path):
    table = "<table><thead><tr><th></th><th>a</th><th>b</th></tr></thead><tbody><tr><th>r</th>"
    table += "<td>+1.2e-05</td><td>89.1 to 90.2</td></tr><tr><th>s</th><td>12 %</td><td>x</td></tr>"
    table += "</tbody></table>"
    result = new_output("display_data", {"text/html": table, "text/plain": "t"})
    html, _ = page_of(*finished(), code(result))
    _, markup = set_in_type(html, tmp_path)
    assert "align: (left, right, left,)" in markup
    rows = BeautifulSoup(html, "html.parser").find_all("tr")
    assert [cell["class"] for cell in rows[1].find_all(True)] == [["left"], ["right"], ["left"]]
    html, _ = page_of(*finished(), code(result, result))
    _, markup = set_in_type(html, tmp_path)
    assert markup.count("#beside(") == 1 and markup.count("#data(") == 2


# The command ----------------------------------------------------------------------------------


def test_both_files_are_written_and_the_terminal_lists_what_is_left(made, tmp_path, capsys):
    assert made(*CHAPTER.cells) == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "hand-in.zip", "my-report.html", "my-report.pdf",
    ]  # fmt: skip
    said, pdf = capsys.readouterr().out, (tmp_path / "out" / "my-report.pdf").read_bytes()
    sheets = int(re.search(r" (\d) pages\. Open:", said)[1])
    assert 2 <= sheets <= 5 and pdf.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == sheets
    assert f"marked in the page ({len(my_report.REQUIRED)}):" in said
    assert all(f"  {field} " in said for field in my_report.REQUIRED)


def test_the_file_to_hand_in_holds_the_notebook_the_pages_and_the_five_runs(made, tmp_path, capsys):
    assert made(*CHAPTER.cells) == 0
    out = tmp_path / "out"
    assert f"To hand in: {out / 'hand-in.zip'} (all of it, and 5 runs)" in capsys.readouterr().out
    files = take_in(out / "hand-in.zip").files
    found = reading.records(files)
    assert len(found) == 5 and all(one.experiment and one.weights for one in found)
    cells = reading.notebook(files["report.ipynb"], "report.ipynb")
    assert [cell.source for cell in cells] == [cell.source for cell in CHAPTER.cells]
    with zipfile.ZipFile(out / "hand-in.zip") as archive:
        for name in ("my-report.html", "my-report.pdf"):
            assert archive.read(name) == (out / name).read_bytes()


def test_without_its_table_of_weights_the_runs_are_missed(made, capsys):
    assert made(*finished()) == 0
    said = capsys.readouterr().out
    assert "and 0 runs)" in said and "Five runs are expected in hand-in.zip: display" in said


def test_a_finished_report_has_nothing_left_and_its_length_is_judged(made, capsys):
    assert made(*finished()) == 0
    said = capsys.readouterr().out
    assert "Not finished" not in said
    assert "The assignment wants 2 to 5 pages; these are 1." in said


def test_a_line_that_is_printed_above_a_figure_stays_above_it(tmp_path):
    source = (
        "from IPython.display import Image, display\nimport base64\n"
        f"pixel = Image(base64.b64decode('{PIXEL}'))\n"
        "for name in ('one', 'two'):\n    print('caption', end=' ')\n    print(name)\n"
        "    display(pixel)"
    )
    path = tmp_path / "mine.ipynb"
    cells = [*finished(), new_code_cell(source, metadata={"tags": ["report"]})]
    nbformat.write(new_notebook(cells=cells), path)
    my_report.make(path, tmp_path / "out")
    page = BeautifulSoup((tmp_path / "out" / "my-report.html").read_text("utf-8"), "html.parser")
    order = [tag.name + tag.get_text().strip() for tag in page.find_all(["pre", "img"])]
    assert order[-4:] == ["precaption one", "img", "precaption two", "img"]


def test_a_network_of_ones_own_is_handed_in_with_its_file(tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    for name in (my_report.RECORD, my_report.WEIGHTS, my_report.PREDICTIONS, "network.onnx"):
        (run / name).write_bytes(b"x")
    my_report.pack(tmp_path / "x.zip", new_notebook(), [], [run])
    with zipfile.ZipFile(tmp_path / "x.zip") as archive:
        assert "runs/run/network.onnx" in archive.namelist()


def test_a_failing_notebook_is_one_sentence_and_leaves_what_was_there(tmp_path, capsys):
    path, out = tmp_path / "Übung.ipynb", tmp_path / "out"
    out.mkdir()
    (out / "my-report.pdf").write_bytes(b"older")
    cells = [markdown("# x"), code(), new_code_cell("mine = 3\nmine / 0"), code()]
    nbformat.write(new_notebook(cells=cells), path)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("CNNLIB_DPI", "CNNLIB_PROGRESS", "CNNLIB_SLIDERS"):
            patch.setenv(name, "")
        assert my_report.main(["--notebook", str(path), "--output", str(out)]) == 1
    assert capsys.readouterr().err == (
        "error: cell 3 of 4 (mine = 3) stopped with ZeroDivisionError: division by zero\n"
    )
    assert [(p.name, p.read_bytes()) for p in out.iterdir()] == [("my-report.pdf", b"older")]


def test_ctrl_c_writes_nothing(made, tmp_path, monkeypatch, capsys):
    def stopped(path, **more):
        raise KeyboardInterrupt

    made(*finished())
    monkeypatch.setattr(notebooks, "execute", stopped)
    out = tmp_path / "other"
    assert my_report.main(["--notebook", str(tmp_path / "mine.ipynb"), "--output", str(out)]) == 130
    assert "Nothing was written" in capsys.readouterr().err and not out.exists()


@pytest.mark.parametrize(
    "content, words", [(None, "cannot be read: No such file"), ("{", "is not a notebook")]
)
def test_what_is_no_notebook_is_one_sentence(made, tmp_path, capsys, content, words):
    path = tmp_path / "other.ipynb"
    if content:
        path.write_text(content)
    assert my_report.main(["--notebook", str(path)]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"error: {path}") and words in said and said.count("\n") == 1


@pytest.mark.parametrize("ids", [None, "all", "the same"])
@pytest.mark.parametrize("minor", [0, 2, 4, 5])
def test_notebooks_of_older_formats_are_taken(tmp_path, minor, ids):
    """As Colab (4.0), VS Code (4.2) and older editors write them, ids or not; one is executed."""
    cells = [
        {"cell_type": "code", "metadata": {"tags": ["report"], "id": "x"}, "source": ["1 + 1"],
         "outputs": [], "execution_count": None},
        {"cell_type": "markdown", "metadata": {}, "source": "# Words"},
    ]  # fmt: skip
    for i, cell in enumerate(cells):
        cell |= {"id": f"cell-{i if ids == 'all' else 0}"} if ids and minor >= 5 else {}
    path = tmp_path / "mine.ipynb"
    content = {"nbformat": 4, "nbformat_minor": minor, "metadata": {"colab": {}}, "cells": cells}
    path.write_text(json.dumps(content))
    made = (
        notebooks.executed(path)
        if (minor, ids) == (2, None)
        else notebooks.stable(notebooks.read(path), "mi")
    )
    nbformat.validate(made)
    assert made.nbformat_minor == 5 and [cell.id for cell in made.cells] == ["mi-000", "mi-001"]
    if (minor, ids) == (2, None):
        assert made.cells[0].outputs[0].data["text/plain"] == "2"


def test_a_picture_that_typst_cannot_read_writes_nothing(made, tmp_path, capsys):
    broken = new_output("display_data", {"image/png": base64.b64encode(b"no PNG").decode()})
    assert made(*finished(), code(broken)) == 1
    assert "the PDF cannot be made" in capsys.readouterr().err
    assert list((tmp_path / "out").iterdir()) == []
