"""Exercises with instant checks, and the student's own assignment."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__, submodules=("all_parts", "assignment", "checks", "choices", "fields", "judging")
)
