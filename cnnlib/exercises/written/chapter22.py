"""Exercises of chapter 22 that are answered by writing a function or a class."""

from ..judging import Written

EXERCISES: dict[str, Written] = {}
