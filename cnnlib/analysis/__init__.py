"""What the numbers can carry, and what goes on inside a model."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__, submodules=("evidence", "features", "finals", "probes", "readme", "tables")
)
