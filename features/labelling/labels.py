"""What became of a lead within the horizon after each snapshot: yes, no, or too young to tell."""

from __future__ import annotations

import numpy as np
import pandas as pd

from features.as_of import counts_as_outcome, is_known, is_matured
from features.source_spec import SourceSpec


def build_labels(
    snapshots: pd.DataFrame, stages: pd.DataFrame, spec: SourceSpec, *, observed_until_us: int
) -> pd.DataFrame:
    """Label every snapshot for every target.

    Parameters
    ----------
    snapshots : DataFrame
        ``lead_id``, ``as_of_us``; one row a snapshot.
    stages : DataFrame
        ``lead_id``, ``stage``, ``entered_us``; several entries into one stage are allowed.
    spec : SourceSpec
        Names the targets. Who enters a rung above the target's stage has reached the target as well.
    observed_until_us : int
        Until when outcomes are in the export, in microseconds since 1970.

    Returns
    -------
    DataFrame
        One row a snapshot and target: ``lead_id``, ``as_of_us``, ``target``, ``at_risk`` (the target was not
        reached by the as-of time), ``y`` (Int8: 1 reached within the horizon, 0 not, missing while the horizon
        has not passed or the lead is not at risk), ``outcome_us`` (Int64: when it was reached within the horizon).

    Notes
    -----
    A lead that was lost within an unfinished horizon is still too young to tell: to count the quickly decided ones
    only would bias the rate.
    """
    parts = [_label_target(snapshots, stages, spec, name, observed_until_us) for name in sorted(spec.targets)]
    return pd.concat(parts, ignore_index=True).sort_values(["target", "lead_id", "as_of_us"], ignore_index=True)


def _label_target(
    snapshots: pd.DataFrame, stages: pd.DataFrame, spec: SourceSpec, name: str, observed_until_us: int
) -> pd.DataFrame:
    target = spec.target(name)
    reaching = stages[stages["stage"].isin(spec.stages_reaching(target.stage))]
    first = reaching.groupby("lead_id")["entered_us"].min().astype("Int64")
    rows = snapshots[["lead_id", "as_of_us"]].copy()
    reached = rows["lead_id"].map(first).astype("Int64")
    as_of = rows["as_of_us"]
    at_risk = ~is_known(reached, as_of).fillna(False).astype(bool)
    positive = counts_as_outcome(reached, as_of, horizon=target.horizon).fillna(False).astype(bool)
    matured = is_matured(as_of, target.horizon, observed_until_us)
    y = pd.Series(np.where(positive, 1, 0), index=rows.index, dtype="Int8")
    return rows.assign(
        target=name,
        at_risk=at_risk,
        y=y.where(at_risk & matured),
        outcome_us=reached.where(positive),
    )


def as_seen(labels: pd.DataFrame, *, seen_until_us: int) -> pd.DataFrame:
    """Return labels as somebody knew them at ``seen_until_us``: what came later is blotted out.

    Parameters
    ----------
    labels : DataFrame
        ``y`` and ``outcome_us`` as `build_labels` gives them; one row a snapshot, windows still open at that time.

    Returns
    -------
    DataFrame
        ``y`` is 1 where the outcome had come by then, missing elsewhere; ``outcome_us`` likewise.
    """
    had_come = is_known(labels["outcome_us"], seen_until_us).fillna(False).astype(bool)
    came = pd.Series(1, index=labels.index, dtype="Int8").where(had_come)
    return labels.assign(y=came, outcome_us=labels["outcome_us"].where(had_come))
