"""What a run of the stage ``score`` says of its scores, counted from them."""

from __future__ import annotations

import pandas as pd

from features.source_spec import SourceSpec
from features.time_units import format_time
from models.cutoffs.cutoffs import Cutoffs
from models.scoring.run_about import (
    CutoffsAbout,
    DecisionAbout,
    LaneAbout,
    PointsCutoffsAbout,
    RunAbout,
    TargetAbout,
    VerdictAbout,
)
from models.scoring.score_columns import probability_of


def describe(
    scores: pd.DataFrame,
    spec: SourceSpec,
    cutoffs: Cutoffs,
    *,
    observed_until_us: int,
    top_reasons: int,
    verdict: VerdictAbout | None,
    lane: LaneAbout | None,
    decision: DecisionAbout,
) -> RunAbout:
    """Return what a page needs to word the scores of a run: source, targets, cut-offs, averages, numbers.

    Parameters
    ----------
    scores : DataFrame
        As `models.scoring.score_rows.score_rows` gives them.
    spec : SourceSpec
    cutoffs : Cutoffs
    observed_until_us : int
        Until when there are data.
    top_reasons : int
        Reasons that each score has at most, beside the rest.
    verdict : VerdictAbout or None
    lane : LaneAbout or None
    decision : DecisionAbout
    """
    groups = scores["counted_as"].value_counts()
    points = cutoffs.baseline if cutoffs.baseline.kind == "points" else None
    return RunAbout(
        source=spec.name,
        unknown_times=spec.unknown_times,
        timezone=spec.timezone,
        top_reasons=top_reasons,
        title=spec.title,
        observed_until=format_time(observed_until_us),
        targets={
            name: TargetAbout(stage=target.stage, horizon_days=spec.horizon_days(name), words=target.words)
            for name, target in sorted(spec.targets.items())
        },
        cutoffs=CutoffsAbout(target=cutoffs.target, mql=cutoffs.mql, sal=cutoffs.sal),
        points_cutoffs=PointsCutoffsAbout(mql=points.mql, sal=points.sal) if points is not None else None,
        averages=_averages(scores[~scores["reached"]], spec),
        leads=len(scores),
        bands={"SAL": int(groups.get("SAL", 0)), "MQL": int(groups.get("MQL", 0)), "none": int(groups.get("none", 0))},
        excluded=int(groups.get("excluded", 0)),
        with_sales=int(groups.get("with_sales", 0)),
        reached=int(groups.get("reached", 0)),
        verdict=verdict,
        lane=lane,
        decision=decision,
    )


def _averages(open_scores: pd.DataFrame, spec: SourceSpec) -> dict[str, float | None]:
    means = {column: open_scores[column].mean() for column in map(probability_of, sorted(spec.targets))}
    return {column: None if pd.isna(mean) else float(mean) for column, mean in means.items()}
