"""The same two models of report 1 in Keras, beside ours: is it the framework?"""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from scipy.stats import ttest_ind

from ..analysis.evidence import over_seeds
from ..analysis.tables import accuracies

#: Ten runs in Keras, written by `benchmarks/frameworks.py`: experiment, seed, figures, versions.
KERAS_RUNS = Path(__file__).parent / "keras_runs.csv"


def frameworks_table() -> pd.DataFrame:
    """Validation accuracy of Keras's runs and ours, means over five seeds with 95 % intervals.

    The last row is max pooling minus average pooling, seed by seed within each framework. A seed
    means other random numbers in Keras, so the two frameworks are no pairs: the last column is
    the difference of two separate means, with Welch's interval (it allows for unequal spread).
    """
    stored = pd.read_csv(KERAS_RUNS)
    theirs = stored.pivot(index="seed", columns="experiment", values="val_acc")
    ours = accuracies(list(theirs.columns))
    theirs, ours = (
        accs.assign(**{"maxpool minus baseline": accs.maxpool - accs.baseline})
        for accs in (theirs, ours)
    )
    rows = {}
    for name in theirs:
        apart = ttest_ind(theirs[name], ours[name], equal_var=False).confidence_interval(0.95)
        rows[name] = {
            "Keras": _told(over_seeds(theirs[name]), ""),
            "here": _told(over_seeds(ours[name]), ""),
            "Keras minus here": _told((theirs[name].mean() - ours[name].mean(), *apart), "+"),
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def _told(found: Sequence[float], sign: str) -> str:
    mean, low, high = found[:3]
    return f"{mean:{sign}.4f} ({low:{sign}.4f} to {high:{sign}.4f})"
