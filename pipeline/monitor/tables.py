"""What the monitor reads: tables, features and forecasts of a run, as far as they are there, as they stood then."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.as_of import is_known
from features.catalog.feature import Feature
from features.errors import InputError
from features.source_spec import SourceSpec
from features.time_units import DAY_US, format_time, to_micros
from models.monitoring.followed_leads import Path, followed_mqls, last_act, monitored_path
from pipeline.outputs.feature_rows import read_features, source_features
from pipeline.outputs.ingested_tables import read_events, read_leads, read_observed_until, read_stages
from pipeline.outputs.labels_file import read_labels
from pipeline.outputs.rules_file import read_rules
from pipeline.outputs.training_files import read_predictions
from pipeline.runner.stages import StageContext

LAST_ACT = "last_act"
NEWEST_DAYS = 28


@dataclass(frozen=True)
class Watched:
    """All that is watched, as known at one moment.

    Attributes
    ----------
    by : tuple of str
        Columns of ``rows`` that divide the leads.
    rows : DataFrame
        As from `followed_mqls`; empty where the source has no path.
    leads, stages, events : DataFrame
        With times in microseconds; ``events`` holds what leads and sales did.
    """

    spec: SourceSpec
    as_of_us: int
    path: Path | None
    by: tuple[str, ...]
    rows: pd.DataFrame
    leads: pd.DataFrame
    stages: pd.DataFrame
    events: pd.DataFrame


def read_watched(context: StageContext, as_of_us: int | None) -> Watched:
    """Read what stage ``ingest`` left, up to a moment; None is the newest time in the data.

    Raises
    ------
    InputError
        If the moment lies after the end of the data, or before its first lead.
    """
    spec, until = context.spec(), read_observed_until(context)
    now = until if as_of_us is None else as_of_us
    leads = read_leads(context, spec.watched_columns)
    first = int(leads["created_us"].min()) if len(leads) else now
    if now > until or now < first:
        raise InputError(
            expected=f"--as-of from {format_time(first)} to {format_time(until)}, first lead to last outcome",
            found=format_time(now),
            hint="Ingest a newer export, or give an earlier time",
        )
    leads = leads[is_known(leads["created_us"], now)].reset_index(drop=True)
    stages = read_stages(context)
    stages = stages[is_known(stages["entered_us"], now)]
    events = _read_events(context, now)
    path, by = monitored_path(spec), spec.watched_columns
    rows = pd.DataFrame(columns=["lead_id", "entered_us", *by])
    if path is not None:
        rows = followed_mqls(leads, stages, path, by=by, as_of_us=now)
        families = _that_bring_in(context, spec)
        if spec.monitor.last_act and families and len(events) and LAST_ACT not in by:
            rows = rows.assign(**{LAST_ACT: last_act(rows, events, families)})
            by = (*by, LAST_ACT)
    return Watched(spec, now, path, by, rows, leads, stages, events)


def _read_events(context: StageContext, as_of_us: int) -> pd.DataFrame:
    events = read_events(context)
    events = events.loc[is_known(events["occurred_us"], as_of_us) & (events["actor"] != "marketing")]
    return pd.DataFrame(events).sort_values(["lead_id", "occurred_us"], kind="stable", ignore_index=True)


def _that_bring_in(context: StageContext, spec: SourceSpec) -> dict[str, str]:
    """Return the event types that earn points, or show high intent where there are no rules, with their family."""
    rules = read_rules(context)
    actions = () if rules is None else rules.actions
    earning = {family for action in actions if action.points > 0 for family in action.families}
    chosen = {
        name: family
        for name, family in spec.events.items()
        if family.actor == "lead" and (name in earning if earning else family.intent == "high")
    }
    return {event_type: name for name, family in chosen.items() for event_type in family.types}


@dataclass(frozen=True)
class Reference:
    """Rows that the model learned from, the newest rows, and the features.

    Attributes
    ----------
    stretch : array of int64
        Which stretch of ``NEWEST_DAYS`` a row that was learned from lies in, 0 the newest; −1 in the time in which the
        first leads had not been looked at for as long as any lead is.
    """

    features: tuple[Feature, ...]
    learned: pd.DataFrame
    newest: pd.DataFrame
    stretch: NDArray[np.int64]


def read_reference(context: StageContext, as_of_us: int) -> Reference | None:
    """Return features then and now; None where no model has been trained, or it learned from later rows."""
    if not all(context.has(name) for name in ("features", "labels", "train")):
        return None
    spec, features = source_features(context)
    labels = read_labels(context, ["lead_id", "as_of", "target", "part"])
    train = labels[(labels["target"] == spec.primary_target) & (labels["part"] == "train")]
    history = read_features(context, "history").drop(columns="as_of_us")
    times = to_micros(history["as_of"])
    learned = history.merge(train[["lead_id", "as_of"]], on=["lead_id", "as_of"])
    looked_us = to_micros(learned["as_of"]).to_numpy(dtype="int64")
    if not len(learned) or int(looked_us.max()) > as_of_us:
        return None
    newest = history[(times <= as_of_us) & (times > as_of_us - NEWEST_DAYS * DAY_US)]
    settled_us = int(looked_us.min()) + (spec.snapshots.until or 0)
    stretch = np.where(looked_us < settled_us, -1, (looked_us.max() - looked_us) // (NEWEST_DAYS * DAY_US))
    return Reference(features, learned, newest, stretch)


def read_matured(context: StageContext, as_of_us: int) -> pd.DataFrame | None:
    """Return ``lead_id``, ``as_of``, ``y``, ``p`` of the test period, as far as outcomes were known; None without."""
    if not context.has("train"):
        return None
    spec = context.spec()
    rows = read_predictions(context)
    horizon = spec.target(spec.primary_target).horizon
    known = (rows["target"] == spec.primary_target) & (rows["part"] == "test")
    known &= to_micros(rows["as_of"]) + horizon <= as_of_us
    return rows.loc[known, ["lead_id", "as_of", "y", "p"]].sort_values(["lead_id", "as_of"], ignore_index=True)
