"""What ``verify`` catches, what it asks about, and what it cannot see: one table.

The instructors' page and the page of every submission show it. ``held`` names what holds a line to
its word: a submission of the made-up class (``tests/made_up_class.py``), or a test.
"""

from dataclasses import dataclass

from .frame import table
from .gate import escaped

CAUGHT, FLAGGED, UNSEEN = "caught", "flagged", "not detectable"
HEADER = ("what", "", "what verify says, or why it says nothing")


@dataclass(frozen=True)
class Seen:
    """A kind of slip or dishonesty; ``says``: words of a fact or question, or why there is none."""

    what: str
    how: str
    says: str
    held: str


TABLE = (
    Seen("an accuracy in the report is another than the weights give", CAUGHT,
         "another figure", "report-val-acc"),
    Seen("a p-value is another", CAUGHT, "another p-value", "report-p-value"),
    Seen("a sign, two counts and two accuracies contradict one another", CAUGHT,
         "the counts give", "report-sign"),
    Seen("the accuracy on the training images is forged (not with --quick)", CAUGHT,
         "train_acc in run.json", "forged-training"),
    Seen("weights are exchanged or changed after training", CAUGHT,
         "the weights give another figure", "swapped-weights"),
    Seen("a file of weights is not the one that the run wrote", CAUGHT,
         "not the one that this run wrote", "unsigned-weights"),
    Seen("a declaration is edited after training", CAUGHT, "was edited", "edited-declaration"),
    Seen("a rule is broken: epochs, batch, two changes in one step", CAUGHT,
         "2 properties", "two-changes"),
    Seen("a history that no training gives: parts of an image, copied epochs, other rates", CAUGHT,
         "no whole number", "history-part-of-image"),
    Seen("something is missing: a text, a table, a run, the execution", CAUGHT,
         "not written", "untouched"),
    Seen("weights as a pickle, which would run code", CAUGHT,
         "has no weights.safetensors", "pickled-weights"),
    Seen("a zip that would write elsewhere, a link, a bomb", CAUGHT,
         "would leave the folder", "zip-slip"),
    Seen("models.csv, of networks of any framework, has another accuracy or number of parameters",
         CAUGHT, "its network gives another figure", "open-val-acc"),
    Seen("the same for the training images (not with --quick)", CAUGHT,
         "train acc its network gives another figure", "open-forged-training"),
    Seen("its history ends in figures that its network does not give", CAUGHT,
         "no epoch of its history has what its network gives", "open-history"),
    Seen("its epochs, batches or tested models break a rule, or one network is handed in twice",
         CAUGHT, "or are one network", "open-network-twice"),
    Seen("it names a network or history that is not there", CAUGHT,
         "is not handed in", "open-no-network"),
    Seen("an ONNX file with loops, own operators or parts elsewhere, or that wants gigabytes",
         CAUGHT, "it needs too much memory", "open-40-gb"),
    Seen("runs of another student, changed in name", FLAGGED,
         "the same weights as others", "copied-runs-a"),
    Seen("ONNX files of another student, renamed and exported anew", FLAGGED,
         "the same predictions as others", "open-copied-b"),
    Seen("a network that is of an earlier epoch than its history's last", FLAGGED,
         "was the best one kept?", "open-best-epoch"),
    Seen("a text of another student, reworded a little", FLAGGED,
         "nearly that of others", "copied-text-a"),
    Seen("runs of the book, loaded and not trained", FLAGGED, "runs of the book", "own-runs"),
    Seen("a graph of other runs than those handed in", FLAGGED,
         "is it of these runs?", "asks-another-graph"),
    Seen("a page or PDF that says other things than the notebook", FLAGGED,
         "which of them do you read?", "asks-another-page"),
    Seen("the test set is opened before training, or again, where the cells show it", FLAGGED,
         "could models still be changed?", "asks-opens-early"),
    Seen("weights trained on validation or test images, to an effect", FLAGGED,
         "trained on the validation images?", "tuned-on-validation"),
    Seen("two texts for one field, two notebooks, tags of no task", FLAGGED,
         "have its tag: all their texts", "asks-two-texts"),
    Seen("a recipe or history that is made up, and fits weights and rules (with --retrain alone)",
         FLAGGED, "was it trained so?",
         "test_verify_audit.py::test_another_recipe_is_asked_about"),
    Seen("the same, without --retrain, or where it was not drawn", UNSEEN,
         "all its figures agree with one another", "unseen-history"),
    Seen("optimiser, rate, dropout and batches that a network of any framework was trained with",
         UNSEEN, "its files hold no recipe, and it is not trained anew", "open-unseen-recipe"),
    Seen("the test set is opened by code that hides it, or outside of the notebook", UNSEEN,
         "only the cells' text is looked at", "unseen-opening"),
    Seen("somebody else, or a program, wrote the text or trained the models", UNSEEN,
         "nobody else in this class handed in the like", "unseen-writer"),
    Seen("a picture or text of a choice task is nonsense", UNSEEN,
         "that something is shown and written is all that is seen", "unseen-task"),
    Seen("many seeds or settings were tried, and the luckiest handed in", UNSEEN,
         "one run each is handed in, and each is true", "right-zip"),
    Seen("weights tuned so little on validation or test images that luck would do as much", UNSEEN,
         "distances are compared with those of honest runs",
         "test_verify_audit.py::test_what_was_tuned_on_is_asked_by_name"),
)  # fmt: skip


def markdown() -> str:
    """The table for the instructors' page."""
    lines = [f"| {one.what} | {one.how} | {_said(one)} |" for one in TABLE]
    return "\n".join([f"| {' | '.join(HEADER)} |", "|---|---|---|", *lines])


def folded() -> str:
    """The table for a page, behind a line that opens it."""
    rows = [[*map(escaped, (one.what, one.how, _said(one)))] for one in TABLE]
    head = "What this check catches, asks about and cannot see"
    return f"<details><summary>{head}</summary>\n{table(HEADER, rows)}\n</details>"


def _said(one: Seen) -> str:
    return one.says if one.how == UNSEEN else f"“… {one.says} …”"
