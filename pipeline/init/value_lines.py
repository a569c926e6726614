"""What the look at files adds to the files that ``init`` writes, and to what it says."""

from __future__ import annotations

import json
from collections.abc import Sequence

from pipeline.init.look_at_files import FileLook


def remarks(looks: Sequence[FileLook]) -> list[str]:
    """Return what is unusual about files and their values, a line each."""
    lines = []
    for look in looks:
        lines += [f"{look.file.name} {remark}" for remark in look.remarks]
        nothing = [f"{c.word_for_nothing!r} in {c.name!r}" for c in look.columns if c.word_for_nothing]
        if nothing:
            more = f" and {len(nothing) - 3} more columns" if len(nothing) > 3 else ""
            lines.append(f"{look.file.name} has words for nothing, read as missing: {', '.join(nothing[:3])}{more}")
        lines += [f"{look.file.name}, {column.name!r}: {column.note}" for column in look.columns if column.note]
    return lines


def files_section(looks: Sequence[FileLook]) -> list[str]:
    """Return the lines of ``source.yaml`` about how files are read."""
    lines = [
        "\n# Times without a zone are UTC. Where they are local times of the company, name its zone:",
        "# timezone: Europe/Berlin",
    ]
    cleaned = [look for look in looks if look.read_at is not None]
    if cleaned:
        lines += ["\n# Files that are read from a cleaned copy, for they cannot be read as they are.", "files:"]
        for look in cleaned:
            name = json.dumps(look.file.name, ensure_ascii=False)
            lines.append(f"  {name}: {{clean: true}}   # {' '.join('; '.join(look.remarks).split())}")
    return lines


def offered_lines(look: FileLook) -> str:
    """Return SELECT items as comments, for columns that hold several values at once."""
    offers = [offer for column in look.columns for offer in column.offers]
    if not offers:
        return ""
    lines = "".join(f"--   {' '.join(offer.split())}\n" for offer in offers)
    return (
        f"-- These lines take columns apart; put those you want among the SELECT items, and into source.yaml:\n{lines}"
    )
