"""The command ``leadscore write-back``: the scores in force into the tools, or what that would be."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from features.errors import InputError
from pipeline.score.sinks.registry import make_sinks
from pipeline.score.sinks.score_store import ScoreStore
from pipeline.score.sinks.sink import ScoreRun
from pipeline.score.sinks.write_back.current_run import current_run, current_scores
from pipeline.score.sinks.write_back.records import Record
from pipeline.score.sinks.write_back.sending import NAMED
from pipeline.score.sinks.write_back_sink import WriteBackSink
from pipeline.settings.settings import ScoreOptions

_COLUMNS = ("sink", "lead_id", "field", "before", "after")


def write_back_command(
    options: ScoreOptions, out: Path, *, only: str | None, dry_run: bool, list_file: Path | None
) -> str:
    """Send the scores in force to the tools, or say what would be sent.

    Parameters
    ----------
    options : ScoreOptions
    out : Path
        The run's output folder, where the settings name no other store.
    only : str or None
        One of the tools; None is all of them.
    dry_run : bool
        Write nothing.
    list_file : Path or None
        With `dry_run`, a CSV file of every field that would change.

    Raises
    ------
    InputError
        If there is no such tool, no run in force, or a place does not answer.
    """
    if list_file is not None and not dry_run:
        raise InputError(expected="--list FILE with --dry-run", found="no --dry-run", table="leadscore write-back")
    sinks = make_sinks(options, out)
    tools = {name: sink for name, sink in sinks.items() if isinstance(sink, WriteBackSink) and only in (None, name)}
    if not tools:
        raise InputError(
            expected="a tool in score.sinks", found="none" if only is None else f"none called {only}",
            table="score.sinks", hint="docs/write-back.md shows what to write into params.yaml",
        )  # fmt: skip
    store = ScoreStore.from_settings({"url": options.store}, out)
    run = current_run(store.url)
    if dry_run:
        return _would_send(tools, store.url, run, list_file)
    store.migrate()
    sent = {
        name: sink.write(current_scores(store.url, run), run, now=datetime.now(UTC)) for name, sink in tools.items()
    }
    return "\n".join(
        f"{name}: {count} of {run.about.leads} records sent (run {run.run_id})" for name, count in sent.items()
    )


def _would_send(tools: Mapping[str, WriteBackSink], store: sa.URL, run: ScoreRun, list_file: Path | None) -> str:
    lines, rows = [], []
    for name, sink in tools.items():
        count = 0
        for record in sink.would_send(current_scores(store, run), run):
            changes = list(_changes(record))
            if count < NAMED:
                lines.append(
                    f"  lead {record.lead_id}: " + "; ".join(f"{f} {_said(a)} → {_said(b)}" for f, a, b in changes)
                )
            count += 1
            rows += [(name, record.lead_id, *change) for change in changes] if list_file is not None else []
        lines.insert(len(lines) - min(count, NAMED), f"{name}: {count} of {run.about.leads} records would be sent")
        if count > NAMED:
            lines.append(f"  and {count - NAMED} more")
    if list_file is not None:
        with list_file.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows([_COLUMNS, *rows])
    return "\n".join(lines)


def _changes(record: Record) -> Iterator[tuple[str, Any, Any]]:
    before = record.before or {}
    for name, after in (record.values or {}).items():
        if before.get(name) != after:
            yield name, before.get(name), after


def _said(value: Any) -> str:
    return "nothing" if value is None else str(value)
