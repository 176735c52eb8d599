"""What is shown beside a verdict and changes none: other tests, power, pairing, splits."""

from collections.abc import Iterable, Sequence
from itertools import combinations

import numpy as np
import pandas as pd
from scipy.stats import t

from ..data import load
from ..parallel.sweeps import fold_experiments
from .claims import CONFIRMATION, judged, seeds_of
from .figures import Figures, figures_now
from .protocol import CONFIRMING, ENTRIES, FAMILIES, RULE, Contrast
from .rule import OPEN, found, needed, seeds_and_images, seen, sign_flip_p

COLUMNS = ["contrast", "expected", "mean", "low", "high", "p", "signs", "with images", "margin"]


def parts_table(name: str, which: str = CONFIRMATION) -> pd.DataFrame:
    """The contrasts of one entry, each with its own interval and checks; a row for each.

    ``signs`` is the exact p of flipping signs; ``with images`` the interval for seeds and images
    together (validation accuracies only). Raises KeyError for an unknown entry, LookupError
    where runs are missing.
    """
    entry, figures = ENTRIES[name], figures_now()
    seeds, rows = seeds_of(entry, which), []
    for part in entry.parts:
        values = figures.contrast(part, seeds)
        one = found(values, part.expected, part.margin)
        both = _with_images(figures, part, seeds) if part.metric == "val_acc" else None
        wide = f"{both[0]:+.4f} to {both[1]:+.4f}" if both else ""
        figured = (one.mean, one.low, one.high, one.p_value, sign_flip_p(values), wide, one.margin)
        rows.append((str(part), part.expected, *figured))
    return pd.DataFrame(rows, columns=COLUMNS)


def _with_images(figures: Figures, contrast: Contrast, seeds: Sequence[int]) -> tuple[float, float]:
    labels = load().val.labels.numpy()
    right = np.zeros(len(labels))
    for name, weight in contrast.weights.items():
        for seed in seeds:
            guesses = figures.run(name, seed).val_predictions().numpy()
            right += weight * (guesses == labels) / len(seeds)
    return seeds_and_images(figures.contrast(contrast, seeds), right)


def other_sides(which: str = CONFIRMATION, families: Iterable[str] = FAMILIES) -> pd.DataFrame:
    """Contrasts for which a check falls on the other side of the question than Student's t."""
    tables = []
    for name in judged(which, families=families):
        table = parts_table(name, which)
        clear = (table.low > 0) | (table.high < 0)
        wide = table["with images"].str.split(" to ", expand=True).reindex(columns=[0, 1])
        wide = wide.apply(pd.to_numeric, errors="coerce")
        images = wide[0].notna() & (((wide[0] > 0) | (wide[1] < 0)) != clear)
        tables.append(table[((table.signs < 0.05) != clear) | images].assign(entry=name))
    return pd.concat(tables).set_index("entry") if tables else pd.DataFrame(columns=COLUMNS)


def power_table(seeds: Sequence[int] = (5, 10, 15, 20, 50)) -> pd.DataFrame:
    """What so many seeds see with a chance of 80 %, for validation accuracies.

    A row for each model and its parent of report 1's star, from the deviation of the stored
    differences over the seeds 0 to 4.
    """
    figures, rows = figures_now(), {}
    for name, entry in ENTRIES.items():
        if entry.family == "report-1-accuracy" and entry.kind == "difference":
            values = figures.contrast(entry.parts[0], seeds_of(entry, "explored"))
            rows[name] = [seen(float(values.std(ddof=1)), n) for n in seeds]
    return pd.DataFrame.from_dict(rows, orient="index", columns=[f"{n} seeds" for n in seeds])


def open_table(which: str = CONFIRMATION, families: Iterable[str] = FAMILIES) -> pd.DataFrame:
    """Entries that end as *cannot tell*, and how many seeds it would take.

    Found would be a true difference as large as the margin, with a chance of 80 %, given the
    deviation of the contrasts. Of several contrasts the one that takes most counts.
    """
    rows = {}
    for name, one in judged(which, families=families).items():
        if one.verdict.strength == OPEN:
            counts = [needed(float(part.values.std(ddof=1)), part.margin) for part in one.parts]
            most = "more than 1,000" if None in counts else f"{max(filter(None, counts)):,}"
            rows[name] = (one.entry.says, one.figures, len(one.parts[0].values), most)
    columns = ["claim", "figures", "seeds (rounds) now", "it would take"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns)


def pairing_table(names: Sequence[str], seeds: Sequence[int]) -> pd.DataFrame:
    """What pairing by seed buys: correlation of two models over seeds, and ratio of deviations.

    ``ratio`` is the standard deviation of the paired differences over that of differences of
    independent runs: below 1, pairing helps.
    """
    figures = figures_now()
    accs = {n: np.array([figures.one(n, seed, "val_acc") for seed in seeds]) for n in names}
    rows = {}
    for child, parent in combinations(names, 2):
        a, b = accs[child], accs[parent]
        paired, apart = (a - b).std(ddof=1), np.hypot(a.std(ddof=1), b.std(ddof=1))
        rows[f"{child}, {parent}"] = (float(np.corrcoef(a, b)[0, 1]), float(paired / apart))
    return pd.DataFrame.from_dict(rows, orient="index", columns=["correlation", "ratio"])


def splits_table() -> pd.DataFrame:
    """The contrasts of [rule.splits] on five other splits, the mean of two seeds each.

    ``over seeds`` is the deviation that means of two seeds would have on one split, from the
    confirming seeds. The last column is the mean with the interval of Nadeau and Bengio (2003):
    the splits share images, so 1/5 + 12000/48000 stands in the place of 1/5. LookupError without
    all runs.
    """
    stated, figures, rows = RULE["splits"], figures_now(), {}
    for one in stated["contrasts"]:
        means = []
        for number in range(len(stated["split_seeds"])):
            child, parent = (
                np.mean([figures.one(split[number], seed, "val_acc") for seed in stated["seeds"]])
                for split in (fold_experiments(one[who], "holdout") for who in ("child", "parent"))
            )
            means.append(child - parent)
        values = np.array(means)
        whole = Contrast({one["child"]: 1, one["parent"]: -1}, "val_acc", "higher")
        apart = figures.contrast(whole, CONFIRMING).std(ddof=1) / len(stated["seeds"]) ** 0.5
        half = t.ppf(0.975, len(values) - 1) * values.std(ddof=1) * (1 / 5 + 12_000 / 48_000) ** 0.5
        mean = values.mean()
        said = f"{mean:+.4f} ({mean - half:+.4f} to {mean + half:+.4f})"
        rows[f"{one['child']} minus {one['parent']}"] = [*values, values.std(ddof=1), apart, said]
    columns = [*(f"split {k}" for k in stated["split_seeds"]), "deviation", "over seeds", "mean"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns)
