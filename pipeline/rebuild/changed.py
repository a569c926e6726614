"""What changed between two scores: the path from the earlier night to the later one, computed from the history."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.history.decisions import read_kept_decision
from pipeline.history.folder import HistoryFolder, RunFolder
from pipeline.outputs.ingested_tables import table_files
from pipeline.rebuild.rebuilt import context_of_then
from pipeline.score.changes.path import ChangePath, common_leads
from pipeline.score.changes.side import Side

_ROWS = 5_000


def changes_between(
    history: HistoryFolder, earlier: RunFolder, later: RunFolder, scratch: Path, leads: Collection[str] | None = None
) -> dict[str, list[dict[str, Any]]]:
    """Split the change of scores from one run to a later one into its causes.

    Parameters
    ----------
    history : HistoryFolder
    earlier, later : RunFolder
        Two runs that are kept.
    scratch : Path
        An empty folder.
    leads : collection of str, optional
        Whose changes are wanted; None: of all leads that both runs scored.

    Returns
    -------
    dict
        By lead id, what `models.scoring.changes.split_changes` says. Leads that only one of the runs scored are left
        out, and all are where the cut-offs of the two decisions work on different targets.
    """
    before, now = (
        Side(read_kept_decision(history.decisions, folder.run.decision), folder.features, folder.run.observed_until_us)
        for folder in (earlier, later)
    )
    common = common_leads(before, now)
    if leads is not None:
        common = common.filter(pc.is_in(common, value_set=pa.array(list(leads), pa.string())))
    if not len(common):
        return {}
    today = context_of_then(history, later, scratch)
    with today.workspace.scratch("changes") as files:
        facts = history.changed_facts(earlier, later)
        path = ChangePath(before, now, tables=table_files(today), facts=facts, leads=common, scratch=files, rows=_ROWS)
        changes: dict[str, list[dict[str, Any]]] = {}
        for start in range(0, len(common), _ROWS):
            some = common.slice(start, _ROWS)
            rows = path.rows_of(some)
            parts = path.changes(rows, before.point(rows.earlier), now.point(rows.now))
            changes |= dict(zip(some.to_pylist(), parts, strict=True))
    return changes
