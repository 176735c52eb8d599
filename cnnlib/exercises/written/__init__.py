"""Exercises that are answered by writing a function or a class, by chapter."""

from ..judging import Written
from . import (
    chapter00,
    chapter01,
    chapter02,
    chapter03,
    chapter04,
    chapter05,
    chapter06,
    chapter07,
    chapter08,
    chapter09,
    chapter10,
    chapter11,
    chapter12,
    chapter13,
    chapter14,
    chapter15,
    chapter16,
    chapter17,
    chapter18,
    chapter19,
    chapter20,
    chapter21,
    chapter22,
    chapter24,
)

CHAPTERS = [
    chapter00,
    chapter01,
    chapter02,
    chapter03,
    chapter04,
    chapter05,
    chapter06,
    chapter07,
    chapter08,
    chapter09,
    chapter10,
    chapter11,
    chapter12,
    chapter13,
    chapter14,
    chapter15,
    chapter16,
    chapter17,
    chapter18,
    chapter19,
    chapter20,
    chapter21,
    chapter22,
    chapter24,
]
EXERCISES: dict[str, Written] = {
    key: exercise for chapter in CHAPTERS for key, exercise in chapter.EXERCISES.items()
}
