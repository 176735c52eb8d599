"""Exercises of chapter 12 that are answered by writing a function or a class."""

from ..judging import Written

EXERCISES: dict[str, Written] = {}
