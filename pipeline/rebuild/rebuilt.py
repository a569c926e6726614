"""Scores computed once more from what is kept, by the functions that the night uses."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from features.labelling.snapshots import open_snapshots
from models.decision.decision_files import ScoringParts
from models.scoring.score_rows import score_rows
from pipeline.features.stage import write_features
from pipeline.history.decisions import read_kept_decision
from pipeline.history.folder import HistoryFolder, RunFolder
from pipeline.history.kept_run import KeptRun
from pipeline.outputs.ingested_tables import INGEST_SUMMARY_FILE, read_leads, read_stages, table_files
from pipeline.runner.stages import SPEC_FILE, StageContext
from pipeline.runner.workspace import Workspace
from pipeline.score.handed_over import handover_rule
from pipeline.score.scores_file import table_of
from pipeline.score.sinks.sink import RunIdentity
from pipeline.settings.settings import ScoreOptions, Settings


def context_of_then(history: HistoryFolder, folder: RunFolder, scratch: Path) -> StageContext:
    """Put the facts of a run into a folder of their own, and return a context in which stages read them.

    Parameters
    ----------
    history : HistoryFolder
    folder : RunFolder
    scratch : Path
        An empty folder.
    """
    run, workspace = folder.run, Workspace(scratch)
    with workspace.writing("ingest", {}) as ingest:
        history.restore_facts(folder, ingest)
        for name in (SPEC_FILE, INGEST_SUMMARY_FILE):
            (ingest / name).write_text(folder.text(name), encoding="utf-8")
    return StageContext(workspace, settings_of(run), None, None, {})


def settings_of(run: KeptRun) -> Settings:
    """Return the settings that decide scores, as the run had them."""
    score = ScoreOptions(reasons=run.reasons, explore_share=run.explore_share)
    return Settings(seed=run.seed, features=run.features, score=score)


def scores_of_then(context: StageContext, parts: ScoringParts, run: KeptRun, leads: Collection[str] | None) -> pa.Table:
    """Return scores as they stand in ``scores.parquet``, from the facts in a context.

    Parameters
    ----------
    context : StageContext
        With ingested tables.
    parts : ScoringParts
        What scores.
    run : KeptRun
        Says as of when.
    leads : collection of str or None
        Whose scores are wanted; None: of all leads that are open at that moment.
    """
    spec = context.spec()
    looks = open_snapshots(read_leads(context), read_stages(context), spec, as_of_us=run.observed_until_us)
    if leads is not None:
        looks = looks[looks["lead_id"].isin(leads)].reset_index(drop=True)
    with context.workspace.scratch("rebuilt") as scratch:
        file = scratch / "rows.parquet"
        write_features(table_files(context), looks, spec, run.features, file)
        rows = pq.read_table(file).to_pandas()
    return _scored(context, rows, parts, run)


def scores_of_kept_rows(
    context: StageContext, parts: ScoringParts, folder: RunFolder, leads: Collection[str]
) -> pa.Table:
    """Return the same from the feature rows that the run scored, as they were kept.

    Where a person was forgotten, what the facts say of others is no longer what it was: rates of a campaign, other
    leads of a company. The rows of these others stay as they were.
    """
    rows = pq.read_table(folder.features, filters=[("lead_id", "in", list(leads))]).to_pandas()
    return _scored(context, rows, parts, folder.run)


def rebuilt_scores(
    history: HistoryFolder, folder: RunFolder, scratch: Path, leads: Collection[str] | None = None
) -> pa.Table:
    """Return the scores of a run, rebuilt from what is kept of it; see `scores_of_then`."""
    parts = read_kept_decision(history.decisions, folder.run.decision)
    return scores_of_then(context_of_then(history, folder, scratch), parts, folder.run, leads)


def _scored(context: StageContext, rows: pd.DataFrame, parts: ScoringParts, run: KeptRun) -> pa.Table:
    scores = score_rows(
        rows, rows, forecast=parts.forecast, cutoffs=parts.cutoffs, rules=parts.rules, top_reasons=run.reasons
    )
    identity = RunIdentity(run_id=run.run_id, model_version=run.model_version, cutoff_version=run.cutoff_version)
    return table_of(handover_rule(context)(scores), identity)
