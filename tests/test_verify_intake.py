"""Taking submissions in, and reading notebooks and records: honest, odd and hostile ones."""

import base64
import json
import os
import random
import re
import struct
import time
import zipfile
from pathlib import Path

import made_up_files
import pytest

from cnnlib.runs import WEIGHTS
from cnnlib.support.limits import NETWORK_BYTES
from instructors.verify import Outcome, reading, submission
from instructors.verify.facts_runs import of_model
from instructors.verify.intake import LIMITS, Limits, RefusedError, TakenIn, take_in
from instructors.verify.one import look
from instructors.verify.recompute import ModelError, tensors
from instructors.verify.submission import Model

RECORD = {"experiment": {}, "seed": 0}


def zip_of(path, *entries, compression=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return path


@pytest.fixture
def folder(tmp_path):
    """A submission with two runs, a hidden folder and files of other kinds."""
    top = tmp_path / "Ada & Bo"
    for name in ("runs/a/run.json", "runs/b/run.json", ".git/x.json", "a.txt", "w.pt", "n.ipynb"):
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_text("{}")
    return top


def test_only_what_is_read_is_taken_in(folder, tmp_path):
    taken = take_in(folder)
    assert sorted(taken.files) == ["n.ipynb", "runs/a/run.json", "runs/b/run.json"]
    assert taken.pickles == ("w.pt",)
    entries = [(p.relative_to(folder).as_posix(), "{}") for p in folder.rglob("*") if p.is_file()]
    again = take_in(zip_of(tmp_path / "a.zip", *entries))
    assert again.files == taken.files and again.pickles == taken.pickles
    assert take_in(folder / "n.ipynb").files == {"n.ipynb": b"{}"}


@pytest.mark.parametrize(
    "name", ["../a.json", "a/../../b.json", "/etc/a.json", "C:\\a.json", "..\\a.json", "C:a.json"]
)
def test_names_that_leave_the_folder_are_refused(name, tmp_path):
    path = zip_of(tmp_path / "a.zip", ("run.json", "{}"), (name, "{}"))
    with pytest.raises(RefusedError, match="would leave the folder it is unpacked in"):
        take_in(path)


def test_links_are_refused_wherever_they_are(folder, tmp_path):
    info = zipfile.ZipInfo("a/link.json")
    info.external_attr = 0o120777 << 16
    with pytest.raises(RefusedError, match=r"^a/link.json is a link"):
        take_in(zip_of(tmp_path / "a.zip", (info, "/etc/passwd")))
    outside = tmp_path / "secret.json"
    outside.write_text("{}")
    link = folder / "runs" / "link"
    try:
        link.symlink_to(tmp_path)
    except OSError:
        pytest.skip("this system makes no links")
    with pytest.raises(RefusedError, match=r"^runs/link is a link"):
        take_in(folder)
    with pytest.raises(RefusedError, match="link is a link; give what it points to"):
        take_in(link)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes in folders")
def test_a_pipe_is_refused_and_not_waited_for(folder):
    os.mkfifo(folder / "run.json")
    with pytest.raises(RefusedError, match="no regular file"):
        take_in(folder)


def test_bombs_are_refused(tmp_path):
    whole = zip_of(tmp_path / "a.zip", ("run.json", bytes(3 * 2**20)))
    with pytest.raises(RefusedError, match=r"run.json has more than 2 MB"):
        take_in(whole)
    some = [(f"{i}.json", bytes(2**20)) for i in range(4)]
    with pytest.raises(RefusedError, match="together have more than 3 MB"):
        take_in(zip_of(tmp_path / "b.zip", *some), Limits(together=3 * 2**20))
    with pytest.raises(RefusedError, match="more than 3 files"):
        take_in(zip_of(tmp_path / "b.zip", *some), Limits(files=3))
    with pytest.raises(RefusedError, match="the zip file has more than 0 MB"):
        take_in(whole, Limits(packed=10))


def test_a_size_that_is_a_lie_does_not_help(tmp_path):
    path = zip_of(tmp_path / "a.zip", ("run.json", bytes(3 * 2**20)))
    honest, lie = struct.pack("<L", 3 * 2**20), struct.pack("<L", 10)
    path.write_bytes(path.read_bytes().replace(honest, lie))
    with pytest.raises(RefusedError) as refused:
        take_in(path)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("content", [b"", b"PK", b"hello", bytes(100)])
def test_what_is_no_zip_is_refused(content, tmp_path):
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(RefusedError, match="nor a whole zip file"):
        take_in(tmp_path / "a.zip")
    with pytest.raises(RefusedError, match="is not there"):
        take_in(tmp_path / "b.zip")


def test_a_password_is_one_sentence(tmp_path):
    path = zip_of(tmp_path / "a.zip", ("run.json", "{}"))
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(bytes(content))
    with pytest.raises(RefusedError, match="locked with a password"):
        take_in(path)


# Fuzz: whatever the bytes are, there is a result or one clear error --------------------------


def mutated(content, source):
    """A few bytes changed, cut out, doubled or put in."""
    made = bytearray(content)
    for _ in range(source.randint(1, 8)):
        at = source.randrange(len(made) + 1)
        kind = source.randrange(4)
        if kind == 0 and at < len(made):
            made[at] = source.randrange(256)
        elif kind == 1:
            del made[at : at + source.randint(1, 60)]
        elif kind == 2:
            made[at:at] = made[at : at + source.randint(1, 60)]
        else:
            made[at:at] = source.choice([b"\xff", b"[", b"{", b'"', b"null", b"-1", b"1e999"])
    return bytes(made)


def test_damaged_zips_are_taken_in_or_refused_in_one_line(tmp_path):
    source, refused = random.Random(0), 0
    stored = zip_of(tmp_path / "a.zip", ("a/run.json", "{}" * 50), ("n.ipynb", "{}" * 500))
    honest = stored.read_bytes()
    for _ in range(400):
        stored.write_bytes(mutated(honest, source))
        try:
            take_in(stored)
        except RefusedError as error:
            refused += 1
            assert 10 < len(str(error)) < 400 and str(error).isprintable()
    assert refused > 100


def some_notebook():
    html = "<table><tr><th></th><th>points</th></tr><tr><th>a</th><td>1</td></tr></table>"
    cell = {
        "cell_type": "code", "source": ["1"], "metadata": {"tags": ["report"]},
        "execution_count": 1,
        "outputs": [{"output_type": "display_data", "data": {"text/html": [html]}, "metadata": {}}],
    }  # fmt: skip
    return {"cells": [cell, {"cell_type": "markdown", "source": "x", "metadata": {}}]}


def replaced(value, source):
    """A nested value with parts exchanged for values of other kinds."""
    if source.random() < 0.12:
        return source.choice([None, 1, -1.5, True, "", "x\ud800", [], {}, [[]], 10**400])
    if isinstance(value, dict):
        return {key: replaced(one, source) for key, one in value.items()}
    if isinstance(value, list):
        return [replaced(one, source) for one in value]
    return value


def test_odd_notebooks_are_read_or_named():
    source, unreadable = random.Random(1), 0
    honest = json.dumps(some_notebook()).encode()
    for i in range(600):
        odd = replaced(some_notebook(), source)
        content = mutated(honest, source) if i % 2 else json.dumps(odd).encode()
        try:
            cells = reading.notebook(content, "n.ipynb")
        except reading.UnreadableError as error:
            unreadable += 1
            assert str(error).startswith("n.ipynb is not") or "nested" in str(error)
        else:
            assert all(isinstance(cell.source, str) for cell in cells)
    assert 50 < unreadable < 550


def test_odd_records_are_read_or_named():
    path = next((Path(__file__).parents[1] / "runs").glob("baseline-seed0-*")) / "run.json"
    honest, source, named = path.read_bytes(), random.Random(2), 0
    for i in range(600):
        odd = replaced(json.loads(honest), source)
        content = mutated(honest, source) if i % 2 else json.dumps(odd).encode()
        (record,) = reading.records({"a/run.json": content})
        assert (record.experiment is None) == bool(record.problem)
        assert isinstance(record.history, list) and record.problem.isprintable()
        named += bool(record.problem)
    assert 100 < named < 600


def test_damaged_weights_are_read_or_named():
    path = next((Path(__file__).parents[1] / "runs").glob("baseline-seed0-*"))
    honest = (path / "predictions.safetensors").read_bytes()
    source, named = random.Random(3), 0
    for i in range(300):
        head = mutated(honest[:200], source) if i % 2 else honest[: source.randrange(len(honest))]
        try:
            tensors(head + honest[200:] if i % 2 else head, "x.safetensors")
        except ModelError as error:
            named += 1
            assert str(error).startswith("x.safetensors is not a whole safetensors file")
    assert named > 150


# Reading -------------------------------------------------------------------------------------


def test_tables_are_words_by_row_and_column():
    html = """<div><style>b</style><table><thead><tr><th></th><th>val <b>top-1</b></th><th>p</th>
    </tr></thead><tbody><tr><th>a &lt;x&gt;</th><td>1</td></tr><tr></tr></tbody></table>"""
    (table,) = reading.tables(html)
    assert table.header == ("", "val top-1", "p")
    assert table.column("val top-1") == {"a <x>": "1"} and table.column("p") == {}
    assert table.column("") == {} and list(reading.tables("<table" * 100_000)) == []


def test_a_table_in_a_table_is_words_of_its_cell():
    html = (
        "<table><tr><th></th><th>p</th></tr><tr><th>a</th><td>1 <table><tr><td>2</td></tr></table>"
    )
    outer, after = reading.tables(html + "3</td><tr><th>b<td>4</table><table><td>5</table>")
    assert outer.column("p") == {"a": "1 2 3", "b": "4"} and after.header == ("5",)


@pytest.mark.parametrize("kind", ["!--", "style>", "SCRIPT x='1'>", "template>", "textarea>"])
def test_a_table_that_no_reader_sees_is_none(kind):
    end = "-->" if kind == "!--" else f"</{kind.split('>')[0].split()[0]}>"
    seen = "<table><tr><th></th><th>p</th></tr><tr><th>a</th><td>1</td></tr></table>"
    hidden = f"<{kind}{seen.replace('1', '2')}"
    for html in (f"{hidden}{end}{seen}", f"{seen}{hidden}"):
        (table,) = reading.tables(html)
        assert table.column("p") == {"a": "1"}


@pytest.mark.parametrize(
    "part",
    ["<table>", "<table><tr><td>", "<table><tr>", "<td>", "</table>", "<table></tr>", "<!--",
     "<a b='", "<style>", "</style", "<table><tr><td>x</td></tr></table>", "&#", "<![CDATA[", "<?",
     "</", "<table><b>"],
)  # fmt: skip
def test_tables_are_read_in_linear_time(part):
    html = "<table><tr><td>" + part * (150_000 // len(part))
    started = time.process_time()
    list(reading.tables(html))
    assert time.process_time() - started < 3  # 28 s were needed for 3,000 characters


def test_pictures_are_png_alone():
    def cell(**data):
        output = {"output_type": "display_data", "data": data, "metadata": {}}
        made = {"cells": [{"cell_type": "code", "source": "", "outputs": [output]}]}
        (one,) = reading.notebook(json.dumps(made).encode(), "n")
        return one

    png = reading.PNG + b"more"
    assert cell(**{"image/png": base64.b64encode(png).decode()}).pictures[0].content == png
    for bad in ("<script>", base64.b64encode(b"<svg>").decode(), "é", 3, None):
        assert cell(**{"image/png": bad}).pictures == ()
    assert cell(**{"image/svg+xml": "<svg/>", "application/javascript": "x"}).pictures == ()


@pytest.mark.parametrize(
    "path, value, words",
    [
        (("recipe", "epochs"), "15", "of the kind str"),
        (("recipe", "epochs"), True, "whole number"),
        (("recipe", "lr"), float("inf"), "a finite number"),
        (("recipe", "gamma"), None, "a number"),
        (("recipe", "optimiser"), "none", "Recipe"),
        (("arch", "hidden"), [0], "at least 1 unit"),
        (("arch", "batch_norm"), 1, "True or False"),
        (("arch", "pool"), "mean", "expected one of avg, max"),
        (("arch", "wings"), 2, "has no field 'wings'"),
        (("arch", "hidden"), 120, "Arch.hidden is 120"),
        (("arch", "convs"), 6, "Arch.convs is 6"),
        (("arch", "convs"), [6, 16], "a convolution is 6"),
        (("arch", "convs"), [{"filters": 6, "wings": 2}], "Conv has no field 'wings'"),
        (("data", "std"), 0, "expected a number above 0"),
    ],
)
def test_a_declaration_of_odd_values_is_refused_with_the_reason(path, value, words):
    folder = next((Path(__file__).parents[1] / "runs").glob("baseline-seed0-*"))
    content = json.loads((folder / "run.json").read_text("utf-8"))
    content["experiment"][path[0]][path[1]] = value
    (record,) = reading.records({"a/run.json": json.dumps(content).encode()})
    assert record.experiment is None and words in record.problem
    assert record.problem.startswith("a/run.json does not declare a model: ")


@pytest.mark.parametrize("seed", [-1, "0", None, True, 1.5, 10**20, [0]])
def test_an_odd_seed_is_named_and_hides_no_other_fact(seed):
    folder = next((Path(__file__).parents[1] / "runs").glob("baseline-seed0-*"))
    content = json.loads((folder / "run.json").read_text("utf-8")) | {"seed": seed}
    (record,) = reading.records({f"{folder.name}/run.json": json.dumps(content).encode()})
    facts = list(of_model(Model("baseline", record, record.experiment)))
    (identity,) = [fact for fact in facts if fact.name == "baseline: identity"]
    assert identity.fails and identity.why.startswith(f"seed is {seed!r}")
    assert any("history" in fact.name for fact in facts)


# One bad run ---------------------------------------------------------------------------------


def safetensors(shape):
    """A file of one tensor, of a shape that its header claims."""
    head = json.dumps({"a": {"dtype": "F32", "shape": shape, "data_offsets": [0, 0]}}).encode()
    return struct.pack("<Q", len(head)) + head


@pytest.mark.parametrize("shape", [[2**62, 4], [0, 2**63], [0, 2**64 - 1], [2**32] * 2, [-1]])
def test_a_shape_that_overflows_is_one_sentence(shape):
    with pytest.raises(ModelError, match=r"^x is not a whole safetensors file"):
        tensors(safetensors(shape), "x")


def in_run(files, name, content):
    files[f"{files.run(1)}/{name}"] = content


def long(run):
    run["experiment"]["recipe"]["epochs"] = 10**9
    run["history"] = [run["history"][0] | {"epoch": i} for i in range(1, 1001)]


@pytest.mark.parametrize(
    "spoil, words",
    [
        (lambda files: files.record(1, long), "numbered from 1 to the declared last one"),
        (lambda files: in_run(files, WEIGHTS, safetensors([0, 2**63])), "not a whole safetensors"),
        (lambda files: in_run(files, "run.json", b"{}"), "does not declare a model"),
    ],
    ids=["a thousand million epochs", "an overflowing shape", "no declaration"],
)  # fmt: skip
def test_one_bad_run_costs_its_own_facts(spoil, words, monkeypatch):
    real = submission.recompute

    def only_bad(experiment, weights, network=None, train=False):
        if len(weights) < 1000:
            return real(experiment, weights, network, train)
        raise MemoryError  # the good ones are not evaluated here

    monkeypatch.setattr(submission, "recompute", only_bad)
    files = made_up_files.honest()
    spoil(files)
    result = look("x", TakenIn(dict(files)))
    wrong = [fact.name for fact in result.facts if fact.verdict == Outcome.WRONG]
    hit = {"my-dropout", "my-batch-norm"}  # the latter by the step after it
    assert wrong and all(set(re.findall("my-[a-z-]+", name)) & hit for name in wrong)
    assert any(words in fact.why for fact in result.facts if fact.fails)
    told = {fact.name: fact for fact in result.facts}
    memory = told["my-average: weights"]
    assert memory.verdict == Outcome.UNCHECKED and "it needs too much memory" in memory.why
    assert told["my-average: history"].verdict == Outcome.RIGHT


def test_five_of_the_largest_networks_fit_into_one_hand_in():
    room = 20 * 2**20  # for the notebook, its page and the histories
    assert 5 * NETWORK_BYTES + room < min(LIMITS.packed, LIMITS.together)
    assert LIMITS.tensors > NETWORK_BYTES
