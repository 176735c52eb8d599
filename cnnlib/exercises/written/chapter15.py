"""Exercises of chapter 15 that are answered by writing a function or a class."""

from ..judging import Written

EXERCISES: dict[str, Written] = {}
