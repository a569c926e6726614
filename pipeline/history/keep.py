"""After scoring: what it takes to show each score again is kept."""

from __future__ import annotations

import shutil
from typing import Protocol

from models.decision.decision_files import ScoringParts
from pipeline.history.decisions import keep_decision
from pipeline.history.folder import HistoryFolder
from pipeline.history.kept_run import KeptRun
from pipeline.outputs.feature_rows import count_rows, stored_features
from pipeline.outputs.ingested_tables import read_observed_until, scored_from
from pipeline.runner.stages import StageContext


class NamedRun(Protocol):
    """What a run is known by."""

    @property
    def run_id(self) -> str:
        """Derived from what went in."""


def keep_run(context: StageContext, parts: ScoringParts, run: NamedRun) -> None:
    """Keep decision, feature rows and facts of a run; one that is kept already stays as it is.

    Parameters
    ----------
    context : StageContext
        With what was ingested and the features, as the run scored them.
    parts : ScoringParts
        What scored.
    run : NamedRun
    """
    history, settings = HistoryFolder(context.workspace.home), context.settings
    with context.workspace.locked():
        if history.run(run.run_id) is not None:
            return
        kept = KeptRun(
            run_id=run.run_id,
            model_version=parts.model_version,
            cutoff_version=parts.cutoffs.version,
            decision=keep_decision(history.decisions, parts),
            observed_until_us=read_observed_until(context),
            leads=count_rows(context, "open"),
            features=settings.features,
            reasons=settings.score.reasons,
            explore_share=settings.score.explore_share,
            seed=settings.seed,
        )
        tables, others = scored_from(context)
        with history.adding(kept, others) as folder:
            shutil.copyfile(stored_features(context, "open"), folder / "features.parquet")
            for name, file in tables.items():
                shutil.copyfile(file, folder / "facts" / f"{name}.parquet")
