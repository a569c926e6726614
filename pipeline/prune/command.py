"""``leadscore prune``: what ``retention`` no longer wants kept is dropped: scores, facts of past nights, decisions."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from features.time_units import format_time
from pipeline.history.decisions import drop_decisions
from pipeline.history.folder import HistoryFolder
from pipeline.runner.workspace import Workspace
from pipeline.score.sinks.old_scores import drop_scores, scored_by
from pipeline.settings.controller import Retention
from pipeline.settings.settings import Settings


@dataclass(frozen=True)
class Pruned:
    """What was dropped, or would be.

    Attributes
    ----------
    scores : int
        Rows of the score store.
    runs : tuple of str
        Runs whose facts and feature rows are no longer kept: their scores can be read, and not rebuilt.
    decisions : tuple of str
        Model, cut-offs and rules that no stored score and no kept run comes from.
    unset : tuple of str
        Parts of ``retention`` without a period: nothing of theirs is dropped.
    dry_run : bool
    """

    scores: int
    runs: tuple[str, ...]
    decisions: tuple[str, ...]
    unset: tuple[str, ...]
    dry_run: bool

    def to_json(self) -> str:
        """Return all of it for machines."""
        return json.dumps(asdict(self), indent=1)

    def to_text(self) -> str:
        """Return all of it for people."""
        counts = f"{self.scores:,} scores, facts of {len(self.runs)} run(s), {len(self.decisions)} decision(s)"
        lines = [f"would be dropped: {counts}" if self.dry_run else f"dropped: {counts}"]
        if self.unset:
            named = ", ".join(f"retention.{name}" for name in self.unset)
            lines.append(f"no period is set in params.yaml, so nothing is dropped of: {named}")
        return "\n".join(lines)


def prune(out: Path, settings: Settings, *, now_us: int, dry_run: bool = False) -> Pruned:
    """Drop what is older than ``retention`` says; age is counted from the moment of the data.

    The run that is in force keeps its scores and its facts, whatever their age.

    Parameters
    ----------
    out : Path
    settings : Settings
    now_us : int
        In microseconds since 1970 UTC.
    dry_run : bool
        Only say what would be dropped.
    """
    retention, store = settings.retention, settings.score.store
    with Workspace(out).locked():
        scores = 0
        if retention.scores is not None:
            scores = drop_scores(store, out, before=format_time(now_us - retention.scores), dry_run=dry_run)
        history, dropped = HistoryFolder(out), tuple[str, ...]()
        if retention.facts is not None:
            dropped = history.drop_before(now_us - retention.facts, dry_run=dry_run)
        decisions: tuple[str, ...] = ()
        if retention.models is not None:
            needed = {run.run.decision for run in history.runs() if run.run.run_id not in dropped}
            still = scored_by(store, out, since=_oldest(retention, now_us) if dry_run else None)
            before_us = now_us - retention.models
            decisions = drop_decisions(history.decisions, needed, still, before_us=before_us, dry_run=dry_run)
    unset = tuple(name for name in Retention.model_fields if getattr(retention, name) is None)
    return Pruned(scores, dropped, decisions, unset, dry_run)


def _oldest(retention: Retention, now_us: int) -> str | None:
    """Return since when scores would still be there, for who only asks."""
    return None if retention.scores is None else format_time(now_us - retention.scores)
