"""The helper library of the workbook: declare, train, store, compare and draw.

The names that a chapter uses are in ``__init__.pyi``, as plain imports. Each is imported when it
is first asked for: a chapter starts sooner, and ``python -m cnnlib`` runs before torch is there.
"""

from .support.console import lenient_output as _lenient_output
from .support.folders import settle as _settle

__version__ = "1.0.0"

_lenient_output()
_settle()  # before anybody changes the folder in which this process works

try:
    import lazy_loader
except ModuleNotFoundError:  # a new clone: ``python -m cnnlib`` makes the environment first
    pass
else:
    __getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
