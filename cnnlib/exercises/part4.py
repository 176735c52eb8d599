"""Exercises of part IV, chapters 15 to 18."""

from ..evidence import standard_error
from .judging import Exercise, behaviour, choice, number

EXERCISES: dict[str, Exercise] = {
    "17.1": Exercise(
        hint="The square root of p (1 - p) / n.",
        solution="lambda p, n: (p * (1 - p) / n) ** 0.5",
        wrong="lambda p, n: p * (1 - p) / n",
        judge=behaviour(
            lambda: [((p, n), standard_error(p, n)) for p in (0.5, 0.89) for n in (100, 12_000)],
            "Do not forget the square root.",
        ),
    ),
    "17.2": Exercise(
        hint="Solve 0.001 = √(p (1 - p) / n) for n.",
        solution="round(0.89 * 0.11 / 0.001**2)",
        wrong="round(0.89 * 0.11 / 0.001)",
        judge=number(lambda: 97_900, "square both sides before you solve for n.", 1),
    ),
    "17.3": Exercise(
        hint="One standard error of a difference is √2 times standard_error(0.9, 12000).",
        solution="0.8987 - 0.8936 > 2 * 2**0.5 * standard_error(0.8987, 12000)",
        wrong="0.8987 - 0.8936 > standard_error(0.8987, 12000)",
        judge=choice(
            lambda: 2 * 2**0.5 * standard_error(0.8987, 12_000) < 0.8987 - 0.8936,
            "compare 0.0051 with two standard errors of a difference, not of one accuracy.",
        ),
    ),
}
