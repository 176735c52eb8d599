"""Open hand-ins: models of any framework, honest, sloppy and dishonest."""

import zipfile

import pytest
import torch
from made_up_open import Open, facts, looked, told

import cnnlib
from instructors.verify import Outcome
from instructors.verify.arrivals import hand_ins
from instructors.verify.batch import verify_one
from instructors.verify.compare import compared
from instructors.verify.rubric import given, reachable

pytestmark = [
    pytest.mark.slow,  # evaluates networks, in processes of their own
    pytest.mark.usefixtures("computed_once"),
]


@pytest.fixture
def folder():
    return Open()


# Honest --------------------------------------------------------------------------------------


def test_an_honest_one_is_right_and_gets_all_that_can_be_given(folder):
    result = looked(folder.files())
    assert told(result) == "" and result.verdict == "right"
    assert [(line.points, line.given, line.left) for line in result.lines] == [
        (15, 10, 5), (20, 15, 5), (5, 4, 1), (30, 3, 27), (30, 0, 30),
    ]  # fmt: skip
    assert given(result.lines) == 32 and reachable(result.lines) == 100
    assert not result.questions
    steps = facts(result)["lenet5-var3-mended → lenet5-var4-mended"]
    assert "61,750 → 61,750 numbers; 2 Conv" in steps.recomputed
    assert "2 MaxPool" in steps.recomputed and "2 AveragePool" in steps.recomputed
    (asked,) = compared([result])[0].questions
    assert asked.name == "runs of the book" and "lenet5-mended-seed0" in asked.claimed


def test_training_figures_are_recomputed_unless_it_shall_be_quick(folder):
    quick = facts(looked(folder.files()))["lenet5-mended: train acc"]
    assert quick.verdict == Outcome.JUDGE and quick.why.startswith("not checked: --quick")
    keep = {name: one for name, one in folder.files().items() if "var" not in name}
    found = facts(looked(keep, train=True))["lenet5-mended: train acc"]
    assert (found.verdict, found.recomputed) == (Outcome.RIGHT, "95.67")
    keep = {name: one for name, one in folder.row(0, train_acc="0.9867").files().items()
            if "var" not in name}  # fmt: skip
    assert "train acc its network gives another figure" in told(looked(keep, train=True))


def test_the_files_are_taken_in_from_a_zip_and_a_folder_of_several(folder, tmp_path):
    packed = tmp_path / "class" / "student.zip"
    packed.parent.mkdir()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in folder.files().items():
            archive.writestr(name, content)
    for name, content in folder.files().items():
        target = tmp_path / "class" / "other" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    found = hand_ins([tmp_path / "class"])
    assert [one.name for one in found] == ["other", "student.zip"]
    assert [verify_one(one).verdict for one in found] == ["right", "right"]


@pytest.mark.parametrize(
    "change",
    [
        lambda f: f.files(mark=";"),
        lambda f: {k: v.replace(b"0.5", b"0,5") if "models" in k else v
                   for k, v in f.files(mark=";").items()},
        lambda f: {k: b"\xef\xbb\xbf" + v if k.endswith(".csv") else v
                   for k, v in f.files().items()},
        lambda f: {k: v.replace(b"train acc", b"Train_Accuracy") for k, v in f.files().items()},
        lambda f: f.row(1, val_acc="89.76 %").row(2, val_acc="90.53").files(),
        lambda f: f.row(0, layout="nchw 28x28").files(),
        lambda f: f.files() | {"hand-in/data.csv": b"x" * 100, "hand-in/more/models.csv": b"a,b"},
    ],
    ids=["semicolons", "decimal commas", "byte order mark", "other words", "per cent", "layout",
         "other tables"],
)  # fmt: skip
def test_tables_are_read_as_people_write_them(folder, change):
    result = looked(change(folder))
    assert told(result) == ""


# Sloppy and dishonest ------------------------------------------------------------------------

FAULTS = {  # name: (change, the verdict, words of what fails)
    "val acc": (lambda f: f.row(1, val_acc="0.9076"), "wrong", "val acc its network gives another"),
    "test acc": (lambda f: f.row(4, test_acc="0.9120"), "wrong", "test acc its network gives anot"),
    "parameters": (lambda f: f.row(0, parameters="60000"), "wrong", "parameters its file holds"),
    "too many folded": (
        lambda f: f.row(0, parameters="71706", folded="10000"), "wrong", "parameters its file",
    ),
    "epochs": (lambda f: f.row(0, epochs="30"), "wrong", "epochs expected at most 15"),
    "batch": (lambda f: f.row(0, batch="8"), "wrong", "batch expected 32 to 256"),
    "epochs in words": (lambda f: f.row(0, epochs="many"), "wrong", "epochs expected at most 15"),
    "scaling": (lambda f: f.row(0, std="1"), "wrong", "val acc its network gives another figure"),
    "scaling to 255": (lambda f: f.row(0, mean="127"), "wrong", "mean and std are '127' and '0.5'"),
    "no such layout": (lambda f: f.row(0, layout="HWC"), "wrong", "layout is 'HWC'; expected NCHW"),
    "other layout": (lambda f: f.row(0, layout="NHWC"), "wrong", "its input has the shape (N, 1, "),
    "three tested": (
        lambda f: f.row(0, test_acc="0.88"), "wrong", "no others others are best by validation",
    ),
    "worse ones tested": (
        lambda f: f.row(4, test_acc="").row(0, test_acc="0.88"), "wrong", "are best by validation",
    ),
    "neither star nor chain": (
        lambda f: f.row(2, compared_with="lenet5-var4-mended"), "wrong", "by the rule of the chain",
    ),
    "four models": (lambda f: f.rows.pop() and f, "wrong", "the assignment wants 5"),
    "one network twice": (
        lambda f: f.__setitem__("hand-in/lenet5-mended.onnx",
                                f["hand-in/lenet5-var1-mended.onnx"]) or f,
        "wrong", "or are one network",
    ),
    "two of a name": (
        lambda f: f.row(1, name="lenet5-mended"), "wrong", "two of them have the same name",
    ),
    "history of another length": (
        lambda f: f.histories["lenet5-mended"].pop() and f, "wrong", "not have as many epochs",
    ),
    "history without an end": (
        lambda f: f.histories["lenet5-mended"][-1].update(val_acc="") or f, "wrong", "val_acc is n",
    ),
    "forged end of a history": (
        lambda f: f.histories["lenet5-mended"][-1].update(val_acc=0.93) or f,
        "right", "",  # an earlier epoch has it, so it is asked about
    ),
    "forged history": (
        lambda f: [e.update(val_acc=0.93) for e in f.histories["lenet5-mended"]] and f,
        "wrong", "no epoch of its history has what its network gives",
    ),
    "no history": (lambda f: f.histories.pop("lenet5-mended") and f, "incomplete", "is not handed"),
    "no network": (
        lambda f: f.pop("hand-in/lenet5-mended.onnx") and f, "incomplete", "not handed in",
    ),
    "no report": (lambda f: f.pop("hand-in/report.pdf") and f, "incomplete", "neither a PDF nor"),
    "no page at all": (
        lambda f: f.update({"hand-in/report.pdf": b"words"}) or f, "incomplete", "neither a PDF",
    ),
    "no test": (
        lambda f: f.row(2, test_acc="").row(4, test_acc=""), "incomplete", "has no test accuracies",
    ),
    "no change said": (lambda f: f.row(1, what_changes=""), "incomplete", "does not say what chan"),
    "no batch": (lambda f: f.row(0, batch=""), "wrong", "does not say its batch"),
    "no claim": (lambda f: f.row(0, val_acc=""), "incomplete", "models.csv does not say it"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_told_with_its_place(folder, name):
    change, verdict, words = FAULTS[name]
    result = looked(change(folder).files())
    assert result.verdict == verdict and words in told(result), told(result)


ASKED = {
    "few digits": (lambda f: f.row(0, val_acc="0.9"), "it has too few digits"),
    "folded": (lambda f: f.row(0, parameters="61750"), "may have folded batch norm"),
    "best epoch": (
        lambda f: f.histories["lenet5-mended"].reverse() or f, "it is that of epoch",
    ),
    "copied epoch": (
        lambda f: f.histories["lenet5-mended"].__setitem__(3, f.histories["lenet5-mended"][2]) or f,
        "the same losses",
    ),
    "a negative loss": (
        lambda f: f.histories["lenet5-mended"][0].update(train_loss=-1) or f, "a loss is negative",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ASKED)
def test_what_is_inferred_is_a_question(folder, name):
    change, words = ASKED[name]
    result = looked(change(folder).files())
    assert told(result) == "" and any(words in fact.why for fact in result.questions)


def test_validation_images_of_ones_own_are_evaluated_and_asked_about(folder):
    last = cnnlib.load("all").train[torch.arange(48_000, 60_000)]
    for row in folder.rows:
        one = cnnlib.run(row["name"], train=False)
        row["val acc"] = f"{cnnlib.evaluate(one.model(), last, one.experiment.data)['acc']:.4f}"
    own = {"hand-in/validation.csv": "\n".join(map(str, range(48_000, 60_000))).encode()}
    found = facts(looked(folder.files() | own))
    assert found["lenet5-mended: val acc"].verdict == Outcome.RIGHT
    asked = found["validation images"]
    assert (asked.claimed, asked.verdict) == ("12,000 of its own", Outcome.JUDGE)
    twice = {"hand-in/validation.csv": b"1\n1\n"}
    assert "expected different ones" in told(looked(folder.files() | twice))


@pytest.mark.parametrize(
    "content",
    [b"", b"name", b"name\n", b"\xff\xfe\x00\x00", b"a;b\n" * 5, b'"' * 1000, b"name,epochs\nx,1\n",
     b"name," + b"x," * 10_000 + b"\n" + b"1," * 10_000, b'name\n"' + b"x" * 200_000,
     b"name\n\x1b[31mred\n"],
)  # fmt: skip
def test_a_table_of_nothing_is_one_line(content):
    result = looked({"models.csv": content})
    assert result.verdict in ("wrong", "incomplete") and len(result.lines) == 5
    assert all(one.isprintable() for fact in result.facts for one in fact.name + fact.why)
