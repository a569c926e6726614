"""A letter as Markdown that prints well as it stands: lines of one width, tables with columns in line."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from pipeline.explain.factor_words import Table
from pipeline.explain.letter import Letter, Part

WIDTH = 96


def to_markdown(letter: Letter) -> str:
    """Return the letter as a text that ends with a line break."""
    blocks = [f"# {letter.title}", *(_filled(text) for text in letter.opening)]
    for section in letter.sections:
        blocks += [f"## {section.title}", *_blocks(section.parts)]
    return "\n\n".join(blocks) + "\n"


def _blocks(parts: tuple[Part, ...]) -> Iterator[str]:
    entries: list[str] = []
    for part in parts:
        if isinstance(part, str) and part.startswith("- "):
            entries.append(_filled(part, "  "))
            continue
        if entries:
            yield "\n".join(entries)
            entries = []
        yield _table(part) if isinstance(part, Table) else _filled(part)
    if entries:
        yield "\n".join(entries)


def _filled(text: str, indent: str = "") -> str:
    return textwrap.fill(text, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _table(table: Table) -> str:
    cells = [(name.replace("|", "/"), figure) for name, figure in (table.head, *table.rows)]
    wide, narrow = (max(len(row[column]) for row in cells) for column in (0, 1))
    lines = [f"| {name:<{wide}} | {figure:>{narrow}} |" for name, figure in cells]
    return "\n".join([lines[0], f"|{'-' * (wide + 2)}|{'-' * (narrow + 1)}:|", *lines[1:]])
