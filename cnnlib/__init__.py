"""The helper library of the workbook: declare, train, store, compare and draw.

Names are loaded when first used, so that ``python -m cnnlib`` can set up an environment
before torch is installed.
"""

import importlib
from typing import Any

_HOME = {
    "assignment": ("Assignment",),
    "catalogue": ("CATALOGUE", "SEEDS", "UnknownExperimentError"),
    "checks": ("check", "hint", "solution", "predict_first", "reveal", "agree"),
    "claims": ("CLAIMS", "claims_table"),
    "data": ("CLASS_NAMES", "load"),
    "experiment": ("Arch", "Conv", "Data", "Experiment", "Recipe", "diff", "vary"),
    "many": ("fit_many",),
    "models": ("build", "parameters", "summary"),
    "reported": ("AUGMENTED_TEST_ACC", "REPORTED", "REPORTED_FOLDS"),
    "runs": ("Run", "StoredRunError", "run", "stored_seeds"),
    "sources": ("DataError",),
    "sweeps": ("cross_validate", "sweep"),
    "tables": (
        "accuracies",
        "against_parents",
        "comparison",
        "difference",
        "runs_table",
        "seeds_table",
        "standings",
    ),
    "training": ("NonFiniteLossError", "evaluate", "fit", "lr_schedule", "predict"),
}
_MODULE_OF = {name: module for module, names in _HOME.items() for name in names}
__all__ = sorted(_MODULE_OF)
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'cnnlib' has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_MODULE_OF[name]}", __name__), name)


def __dir__() -> list[str]:
    return __all__
