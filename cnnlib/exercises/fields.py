"""The fields of a report in chapter 23: which there are, and whether one is written."""

import re

REQUIRED = (
    *("names", "baseline", "variant-1", "variant-2", "variant-3", "variant-4"),
    *("pairs", "test", "weights"),
)
PROMPT = re.compile(r"✎\s*\*Write here[:,]\s+(.+?)\*", re.S)


def written(source: str) -> bool:
    """Is there a text besides the prompt and the headings?"""
    return bool(re.sub(r"^#.*$|<!--[\s\S]*?-->", "", PROMPT.sub("", source), flags=re.M).strip())
