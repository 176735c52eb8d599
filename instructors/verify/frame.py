"""What all pages share: head, style, the one script, tables.

A Content-Security-Policy lets no request leave a page, and no script run but ours: it is known by
its checksum. What a submission says is escaped, and never part of it.
"""

import base64
import hashlib
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from .gate import escaped

OURS = 'content="cnnlib verify"'
SCRIPT = "\n" + (Path(__file__).parent / "marking.js").read_text("utf-8")
HASH = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
# dark blue, vermilion, yellow and grey: of different lightness too, and each has its sign
STYLE = """
body { max-width: 76rem; margin: 2rem auto; padding: 0 1rem; color: #1a1a1a; background: #fff;
  font: 16px/1.5 "Segoe UI", "Helvetica Neue", "Liberation Sans", sans-serif; }
table { border-collapse: collapse; font-size: 0.85rem; width: 100%; margin: 0.5rem 0 1.5rem; }
th, td { text-align: left; vertical-align: top; padding: 0.25rem 0.6rem;
  border-bottom: 1px solid #ccc; overflow-wrap: anywhere; }
th { white-space: nowrap; }
td > span { white-space: nowrap; }
thead { border-bottom: 2px solid #333; }
.verdict { padding: 0.05rem 0.45rem; border-radius: 0.2rem; font-weight: 600; white-space: nowrap;
  background: #e8e8e8; }
.verdict.right { background: #00558c; color: #fff; }
.verdict.right::before { content: "✓ "; }
.verdict.wrong { background: #b03a00; color: #fff; }
.verdict.wrong::before { content: "✗ "; }
.verdict.incomplete, .verdict.missing, .verdict.unchecked { background: #f2d45c; }
.verdict.incomplete::before, .verdict.missing::before, .verdict.unchecked::before { content: "○ "; }
.verdict.refused { background: #3a3a3a; color: #fff; }
.verdict.refused::before { content: "— "; }
.verdict.judge { background: #d5ebf7; }
.verdict.judge::before { content: "? "; }
blockquote { white-space: pre-wrap; overflow-wrap: anywhere; margin: 0.3rem 0 1rem;
  padding: 0.5rem 1rem; background: #f4f4f2; }
img { max-width: 100%; }
input[type=number] { width: 4rem; font: inherit; }
input:invalid { outline: 3px solid #b03a00; }
textarea { display: block; width: 100%; box-sizing: border-box; font: inherit; }
.controls { display: flex; flex-wrap: wrap; gap: 0.5rem 1.2rem; align-items: center; }
.controls[hidden] { display: none; }
th button { all: unset; cursor: pointer; }
th button:focus-visible { outline: 2px solid #00558c; }
th[aria-sort=ascending] button::after { content: " ▲"; }
th[aria-sort=descending] button::after { content: " ▼"; }
.sum { font-weight: 600; margin-right: 1rem; }
@media print { body { max-width: none; margin: 0; font-size: 11pt; } .controls { display: none; } }
"""


def page(title: str, body: str, script: bool = False) -> str:
    """A whole page; ``title`` is escaped here, ``body`` is markup."""
    policy = f"{POLICY}; script-src 'sha256-{HASH}'" if script else POLICY
    return f"""<!DOCTYPE html>
<html lang="en-GB">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" {OURS}>
<title>{escaped(title)}</title>
<style>{STYLE}</style>
</head>
<body>
{body}
{f"<script>{SCRIPT}</script>" if script else ""}
</body>
</html>
"""


def verdict(kind: str, words: str) -> str:
    """A verdict as a coloured label."""
    return f'<span class="verdict {escaped(kind)}">{escaped(words)}</span>'


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of markup."""
    head = "".join(f"<th>{word}</th>" for word in header)
    body = "\n".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"


def forget(folder: Path, current: Iterable[str]) -> None:
    """Delete pages of an earlier call that are none of these; other files stay."""
    names = set(current)
    for old in folder.glob("[0-9][0-9][0-9]*-*.html"):
        ours = re.compile(re.escape(OURS))
        if old.name not in names and ours.search(old.read_text("utf-8", "replace")[:900]):
            old.unlink()
