"""A small source whose score knows the outcome, and what ``leadscore check`` says of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.check.command import check_source
from pipeline.check.report import SourceReport
from pipeline.settings.settings import Settings
from pipeline.source.folder import read_source

SOURCE_YAML = """\
name: checked
title: {de: Geprüft, en: Checked}
targets:
  sql: {stage: SQL, horizon: 10d}
fit:
  industry: {type: category}
  lead_score: {type: number}
  budget: {type: category, known: changes}
events:
  price_list: {types: [price_list], intent: high}
  demo: {types: [demo], intent: high}
"""


def _write(tmp_path: Path, *, leads: int = 600, typo: str = "") -> tuple[Path, Path]:
    """Every third lead reaches SQL after 5 days; the score knows it."""
    source, data = tmp_path / "source", tmp_path / "data"
    source.mkdir()
    data.mkdir()
    (source / "source.yaml").write_text(SOURCE_YAML, encoding="utf-8")
    rows, stages, events, changes = [], [], [], []
    for i in range(leads):
        day = f"2025-{1 + i // 56 % 11:02d}-{1 + i % 28:02d}"
        won = i % 3 == 0
        rows.append(f"{i},{day},{'ab'[i % 2]},{50 * won + i % 7},{'yes' if won else ''}")
        stages += [f"{i},SQL,{day} 12:00:00"] if won else []
        events += [f"{i},{day},price_list"] if i % 2 else []
        changes += [f"{i},{day},budget,yes"] if i % 4 == 0 else []
    changes.append(f"{leads - 4},2025-12-31,budget,yes")  # the export ends then, as a change and a stage say
    texts = {
        "leads": ["lead_id,created_at,industry,lead_score,contract", *rows],
        "stages": ["lead_id,stage,entered_at", *stages, *([typo] if typo else []), f"{leads - 1},MQL,2025-12-31"],
        "events": ["lead_id,occurred_at,event_type", *events],
        "changes": ["lead_id,changed_at,field,value", *changes],
    }
    for table, lines in texts.items():
        (data / f"{table}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return source, data


@pytest.fixture
def write_source() -> Callable[..., tuple[Path, Path]]:
    """Writes the source and its data below a folder and returns both places."""
    return _write


@pytest.fixture
def check_of() -> Callable[[Path, Path], SourceReport]:
    """Checks a source with its data, at the default settings."""
    return lambda source, data: check_source(read_source(source), data, Settings())


@pytest.fixture
def checked(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., SourceReport]:
    """Checks a fresh copy of the source; ``declared`` is added to source.yaml, the rest is as for ``write_source``."""

    def check(declared: str = "", **options: object) -> SourceReport:
        source, data = _write(tmp_path_factory.mktemp("checked"), **options)  # type: ignore[arg-type]
        with (source / "source.yaml").open("a", encoding="utf-8") as file:
            file.write(declared)
        return check_source(read_source(source), data, Settings())

    return check
