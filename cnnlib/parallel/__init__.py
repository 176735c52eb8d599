"""Many runs at once: processes side by side, or several seeds in one network."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__, submodules=("many", "stacked", "sweeps")
)
