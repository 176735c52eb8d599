"""The same two models of report 1 in Keras, beside ours: is it the framework?"""

from pathlib import Path

import pandas as pd

from ..analysis.evidence import over_seeds
from ..analysis.tables import accuracies

#: Ten runs in Keras, written by `benchmarks/frameworks.py`: experiment, seed, figures, versions.
KERAS_RUNS = Path(__file__).parent / "keras_runs.csv"


def frameworks_table() -> pd.DataFrame:
    """Validation accuracy of Keras's runs and ours, means over five seeds with 95 % intervals.

    The last row is max pooling minus average pooling, seed by seed within each framework: a seed
    means other random numbers in Keras, so the two columns are no pairs.
    """
    stored = pd.read_csv(KERAS_RUNS)
    theirs = stored.pivot(index="seed", columns="experiment", values="val_acc")
    ours = accuracies(list(theirs.columns))
    rows = {
        name: {"Keras": over_seeds(theirs[name]), "here": over_seeds(ours[name])} for name in theirs
    }
    rows["maxpool minus baseline"] = {
        "Keras": over_seeds(theirs.maxpool - theirs.baseline),
        "here": over_seeds(ours.maxpool - ours.baseline),
    }
    said = {
        name: {
            kind: f"{one.mean:.4f} ({one.low:.4f} to {one.high:.4f})" for kind, one in row.items()
        }
        for name, row in rows.items()
    }
    return pd.DataFrame.from_dict(said, orient="index")
