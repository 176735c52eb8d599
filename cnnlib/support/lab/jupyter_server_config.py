"""Settings of the Lab that ``make lab`` opens; Jupyter runs this file, and gives ``get_config``."""

from cnnlib.support.saving import steady

get_config().ContentsManager.pre_save_hook = steady  # type: ignore[name-defined]  # noqa: F821
