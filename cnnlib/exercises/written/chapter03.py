"""Exercises of chapter 3 that are answered by writing a function or a class."""

from ..judging import Written

EXERCISES: dict[str, Written] = {}
