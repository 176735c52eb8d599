"""The claims of the two reports, and what decides each."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__, submodules=("checks", "claims", "facts", "figures", "protocol", "rates", "rule")
)
