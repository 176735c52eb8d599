"""Exercises of chapter 20 that are answered by writing a function or a class."""

from ..judging import Written

EXERCISES: dict[str, Written] = {}
