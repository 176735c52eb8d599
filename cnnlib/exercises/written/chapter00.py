"""Exercises of chapter 0 that are answered by writing a function or a class."""

from ..judging import Written

EXERCISES: dict[str, Written] = {}
