"""Exercises of part IV, chapters 15 to 18."""

from typing import Any

from ..analysis.evidence import standard_error
from .judging import Exercise, choice, declares, number, plain


def _pairs_told_apart(answer: Any) -> str | None:
    """Judge of 17.4: (1, 3), alone or in a list, and either way round."""
    found = plain(list(answer) if isinstance(answer, set | frozenset) else answer)
    if not isinstance(found, tuple):
        return f"expected a list of pairs, found {type(answer).__name__}."
    pairs = [found] if len(found) == 2 and not isinstance(found[0], tuple) else found
    if not all(isinstance(pair, tuple) and len(pair) == 2 for pair in pairs):
        return "expected a list of pairs, such as [(1, 2), (2, 3)]."
    given = {frozenset(pair) for pair in pairs}
    if given == {frozenset((1, 3))}:
        return None
    if given == {frozenset((0, 2))}:
        return "the right pair, but the positions are counted from 1, as in the example."
    if given == {frozenset((1, 2)), frozenset((2, 3))}:
        return "those share a letter, so they *cannot* be told apart; which pair shares none?"
    if not given:
        return "one pair has no letter in common."
    return "the middle model shares a letter with each of the two others."


EXERCISES: dict[str, Exercise] = {
    "15.1": Exercise(
        hint="Each model leaves one fold of ten out.",
        solution="60_000 - 60_000 // 10",
        wrong="60_000 // 10",
        judge=number(
            lambda: 54_000,
            "one fold of ten is left out of 60,000 images.",
            mistakes={
                6_000: "that is what it validates on; it trains on the rest.",
                48_000: "that would be five folds.",
                60_000: "one fold is left out.",
                63_000: "the test images take no part: there are 60,000.",
                540_000: "that is the sum over all ten models.",
            },
        ),
    ),
    "15.3": Exercise(
        hint="Each test image is in the training part of four folds, and validates in one.",
        solution="5",
        wrong="1",
        judge=number(
            lambda: 5,
            "a model that is trained on a test image has opened it as well. Count such folds.",
            mistakes={
                1: "each test image *validates* in one fold; what happens to it in the others?",
                4: "test images are trained on in four folds; and in the fifth?",
                0: "the 70,000 include the test images.",
            },
        ),
    ),
    "16.1": Exercise(
        hint="The distance from the mean is 40; it is multiplied.",
        solution="80 + 1.1 * (120 - 80)",
        wrong="1.1 * 120",
        judge=number(
            lambda: 124.0,
            "only the distance from the mean is multiplied.",
            mistakes={
                132: "that is brightness: it multiplies the distance from black.",
                44: "that is the new distance from the mean; the mean comes on top.",
                116: "it comes nearer to the mean; a factor above 1 takes it further away.",
                128: "the mean itself stays as it is.",
            },
        ),
    ),
    "16.2": Exercise(
        hint="cnnlib.vary('lenet5-mended', 'a-name', data=dict(…)).",
        solution="cnnlib.vary('lenet5-mended', 'mine', data=dict(rotation=15))",
        wrong="cnnlib.vary('lenet5-mended', 'mine', data=dict(rotation=15, flip=0.5))",
        judge=declares("lenet5-mended", "data.rotation", 15),
    ),
    "16.3": Exercise(
        hint="Each epoch tosses a coin for each image.",
        solution="15 * 0.5",
        wrong="15",
        judge=number(
            lambda: 7.5,
            "15 tosses of a coin: how many heads are expected?",
            mistakes={
                7: "an expected number need not be whole.",
                8: "an expected number need not be whole.",
                15: "each epoch mirrors it with probability one half, not always.",
                0.5: "that is for one epoch.",
            },
        ),
    ),
    "17.2": Exercise(
        hint="Solve 0.001 = √(p (1 - p) / n) for n.",
        solution="round(0.89 * 0.11 / 0.001**2)",
        wrong="round(0.89 * 0.11 / 0.001)",
        judge=number(
            lambda: 97_900,
            "solve 0.001 = √(p (1 - p) / n) for n, at p = 0.89.",
            tolerance=1,
            mistakes={
                97.9: "square both sides before you solve for n.",
                312.9: "n stands under the root, so it is the square of that.",
                90_000: "p is 0.89 here, not 0.9.",
            },
        ),
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
    "17.4": Exercise(
        hint="A letter in common means: cannot be told apart. Which pair has none?",
        solution="[(1, 3)]",
        wrong="[(1, 2), (2, 3)]",
        judge=_pairs_told_apart,
    ),
    "18.1": Exercise(
        hint="Is 0 inside the interval?",
        solution='"cannot tell"',
        wrong='"holds"',
        judge=choice(
            lambda: "cannot tell",
            'answer "holds", "does not hold" or "cannot tell".',
            mistakes=[
                ("holds", "the interval has 0 in it, whatever the mean says."),
                ("does not hold", "not shown is not refuted: most of the interval is above 0."),
            ],
        ),
    ),
    "18.3": Exercise(
        hint="What does a 95 % interval do in the other 5 %?",
        solution="40 * 0.05",
        wrong="40 * 0.95",
        judge=number(
            lambda: 2.0,
            "a 95 % interval misses the truth one time in twenty.",
            mistakes={
                38: "those are the intervals that have 0 in them; how many leave it out?",
                0.05: "that is the chance for one of them; there are 40.",
                1 - 0.95**40: "the chance of at least one is not the number to be expected.",
                1: "both sides count: 2.5 % lie above 0 and 2.5 % below.",
            },
        ),
    ),
}
