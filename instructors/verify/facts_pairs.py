"""Facts about pairs of models: the table of pairs, p-values, and figures that must agree."""

from collections.abc import Iterator, Sequence

from scipy.stats import binomtest

from cnnlib import data
from cnnlib.analysis.evidence import Paired, paired

from .facts_report import DASH, NOTHING, Expected, compared, of_row
from .gate import shown
from .numbers import ACC, IMAGES, agrees, parse_number
from .reading import StoredTable
from .results import Fact, Outcome, judged
from .submission import Model, Submission

COUNTS = ("only the first is right", "only the second")


def of_pairs(made: Submission) -> Iterator[Fact]:
    """Each variant and the model it is compared with, on the validation images."""
    tables = made.tables("only the second")
    if not tables:
        why = "mine.pairwise() is not displayed in the report"
        name = "report: table of pairs"
        yield Fact("report", name, DASH, DASH, Outcome.MISSING, why, check="table of pairs")
    for parent, child in made.pairs:
        for table in of_row(tables, child.name):
            found = None
            if parent.found and child.found:
                guesses = (child.found.val.predicted, parent.found.val.predicted)
                found = paired(data.load().val.labels, *guesses)
            yield from compared("report", child.name, table, _pair(found))
            printed = [table.column(name).get(child.name, "") for name in COUNTS]
            yield p_of("report", child.name, table, printed, found)
            points = table.column("points").get(child.name, "")
            accs = [_printed_acc(made, model) for model in (child, parent)]
            images = len(data.load().val)
            yield from of_agreement("report", child.name, points, printed, accs, images)


def _printed_acc(made: Submission, model: Model) -> str:
    """The validation accuracy in per cent, as the table of results shows it."""
    tables = of_row(made.tables("train top-1 (%)"), model.name)
    return tables[-1].column("val top-1 (%)").get(model.name, "") if tables else ""


def of_agreement(
    part: str, row: str, points: str, counts: Sequence[str], accs: Sequence[str], images: int
) -> Iterator[Fact]:
    """Do the printed difference, the two counts and the two accuracies agree with one another?

    They come from one computation, so no rounding of another machine excuses a contradiction.
    Without a printed difference, ``points`` empty, that of the accuracies is compared.
    """
    numbers = [parse_number(text) for text in (*counts, *accs)]
    if any(number is None for number in numbers):
        return
    first, second, one, other = (float(number) for number in numbers if number is not None)
    by_counts, by_accs = 100 * (first - second) / images, one - other
    halves = sum(0.5 * 10.0 ** -len(text.partition(".")[2]) for text in accs)
    contradicting = abs(by_accs - by_counts) > halves + 1e-6
    if points:
        contradicting |= not agrees(points, by_counts)
    said = f"{points or f'{by_accs:+.2f}'} points, {counts[0]} and {counts[1]} images"
    why = f"the counts give {by_counts:+.3f} points, the accuracies {by_accs:+.2f}"
    verdict, why = judged(not contradicting, why)
    name = f"report, {shown(row)}: its figures agree with one another"
    yield Fact(part, name, shown(said), f"{by_counts:+.3f}", verdict, why, row, "points")


def _pair(found: Paired | None) -> dict[str, Expected]:
    if found is None:
        return dict.fromkeys(("points", *COUNTS), NOTHING)
    return {
        "points": Expected(100 * found.difference, 200 * ACC, f"{100 * found.difference:+.2f}"),
        COUNTS[0]: Expected(found.only_first, IMAGES, str(found.only_first)),
        COUNTS[1]: Expected(found.only_second, IMAGES, str(found.only_second)),
    }


def p_of(part: str, row: str, table: StoredTable, printed: list[str], found: Paired | None) -> Fact:
    """The p-value of the recomputed counts; or of the printed ones, where these are right."""
    text, name = table.column("McNemar's p").get(row, DASH), f"report, {shown(row)}: McNemar's p"
    if found is None:
        why = "nothing could be recomputed for this pair"
        return Fact(part, name, shown(text), DASH, Outcome.UNCHECKED, why, row, "McNemar's p")
    values = [found.p_value]
    counts = [parse_number(one) for one in printed]
    near = zip(counts, (found.only_first, found.only_second), strict=True)
    if all(one is not None and abs(one - right) <= IMAGES for one, right in near):
        first, second = (int(one) for one in counts if one is not None)
        values.append(binomtest(first, first + second).pvalue if first + second else 1.0)
    same = any(agrees(text, value) for value in values)
    verdict, why = judged(same, "it is another p-value")
    right = f"{found.p_value:.2g}"
    return Fact(part, name, shown(text), right, verdict, why, row, "McNemar's p")
