"""What changed between two scores: the path from the earlier night to the later one, computed from the history."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from features.source_spec import FeatureOptions, SourceSpec
from features.tables.facts import TIME_COLUMNS
from features.time_units import format_time, to_micros
from models.cutoffs.cutoffs import Cutoffs
from models.decision.decision_files import ScoringParts
from models.log_odds import probability_to_log_odds
from models.rules.points import PointsRules
from models.scoring.changes import PathPoint, split_changes
from models.scoring.score_rows import chance_and_band
from pipeline.features.stage import write_features
from pipeline.history.decisions import read_kept_decision
from pipeline.history.folder import HistoryFolder, RunFolder
from pipeline.outputs.ingested_tables import table_files
from pipeline.rebuild.rebuilt import context_of_then
from pipeline.source.sql import literal

Looks = pd.DataFrame
"""``lead_id`` and ``as_of_us``."""


@dataclass(frozen=True)
class _Kernel:
    """What computes feature rows: tables, and the source as a model knows it."""

    spec: SourceSpec
    options: FeatureOptions

    def rows(self, tables: Mapping[str, Path], looks: Looks, scratch: Path) -> pd.DataFrame:
        """Return the feature rows of looks, in their order of lead."""
        file = scratch / "rows.parquet"
        write_features(tables, looks, self.spec, self.options, file)
        rows: pd.DataFrame = pq.read_table(file).to_pandas()
        return rows.sort_values("lead_id", ignore_index=True)


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
    before, now = (read_kept_decision(history.decisions, folder.run.decision) for folder in (earlier, later))
    rows_then, rows_now = _common(_kept_rows(earlier, leads), _kept_rows(later, leads))
    if rows_then.empty or before.cutoffs.target != now.cutoffs.target:
        return {}
    today = context_of_then(history, later, scratch)
    tables, kernel = table_files(today), _Kernel(before.forecast.spec, before.forecast.feature_options)
    until_then = _facts_until(tables, earlier.run.observed_until_us, scratch)
    corrected = kernel.rows(tables, _looks(rows_then), scratch)
    later_on = kernel.rows(until_then, _looks(rows_now), scratch)
    same_columns = kernel == _Kernel(now.forecast.spec, now.forecast.feature_options)
    all_facts = rows_now if same_columns else kernel.rows(tables, _looks(rows_now), scratch)
    path = [
        *(_point(rows, before, before.cutoffs, before.rules) for rows in (rows_then, corrected, later_on, all_facts)),
        _point(rows_now, now, before.cutoffs, before.rules),
        _point(rows_now, now, now.cutoffs, now.rules),
    ]
    return dict(zip(rows_now["lead_id"], split_changes(path), strict=True))


def _point(rows: pd.DataFrame, parts: ScoringParts, cutoffs: Cutoffs, rules: PointsRules | None) -> PathPoint:
    p, bands = chance_and_band(rows, forecast=parts.forecast, cutoffs=cutoffs, rules=rules)
    return PathPoint(probability_to_log_odds(p), bands.tolist())


def _kept_rows(folder: RunFolder, leads: Collection[str] | None) -> pd.DataFrame:
    chosen = None if leads is None else [("lead_id", "in", list(leads))]
    rows: pd.DataFrame = pq.read_table(folder.features, filters=chosen).to_pandas()
    return rows.drop_duplicates("lead_id", keep="last").sort_values("lead_id", ignore_index=True)


def _common(earlier: pd.DataFrame, later: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    both = np.intersect1d(earlier["lead_id"].to_numpy(dtype=object), later["lead_id"].to_numpy(dtype=object))
    first, second = (rows[rows["lead_id"].isin(both)].reset_index(drop=True) for rows in (earlier, later))
    return first, second


def _looks(rows: pd.DataFrame) -> Looks:
    return pd.DataFrame({"lead_id": rows["lead_id"], "as_of_us": to_micros(rows["as_of"])})


def _facts_until(tables: Mapping[str, Path], until_us: int, scratch: Path) -> dict[str, Path]:
    """Write what is on record about the time up to a moment: all that a later look would see, had nothing happened."""
    folder = scratch / "until"
    folder.mkdir()
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for name, time in TIME_COLUMNS.items():
            chosen = f"{time}_at <= TIMESTAMPTZ {literal(format_time(until_us))}"
            rows = f"SELECT * FROM read_parquet({literal(str(tables[name]))}) WHERE {chosen} ORDER BY lead_id"
            connection.execute(f"COPY ({rows}) TO {literal(str(folder / f'{name}.parquet'))} (FORMAT parquet)")
    return {name: folder / f"{name}.parquet" for name in TIME_COLUMNS}
