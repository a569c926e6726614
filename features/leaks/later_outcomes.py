"""What became of each lead after it was first looked at: the outcomes that a column must not know."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.as_of import is_known
from features.source_spec import SourceSpec
from features.time_units import DAY_US

END = "the end"
NOT = "not "


@dataclass(frozen=True)
class Stories:
    """Leads at their first look, one row a lead, sorted by ``lead_id`` (the index of every table).

    Parameters
    ----------
    looked_at_us, created_us : Series of int64
        When the lead was looked at first, and when it was created.
    target : str
        The column of ``reached`` that counts as winning.
    reached : DataFrame of float
        A column a stage: 1 entered (or passed) after the look, 0 never, NaN where that is not known yet or lies before
        the look. ``the end`` is any stage that closes a story.
    entered_us : DataFrame of float
        When each of them was entered first after the look; NaN if not.
    later : DataFrame of float
        Amounts that nobody knew at the look: days to the end, events after it; NaN where there are none.
    observed_until_us : int
        Until when the export tells outcomes.
    slack_us : int
        How much later than the look a time may lie and still count as known at it.
    """

    looked_at_us: pd.Series
    created_us: pd.Series
    target: str
    reached: pd.DataFrame
    entered_us: pd.DataFrame
    later: pd.DataFrame
    observed_until_us: int
    slack_us: int

    @property
    def judged(self) -> np.ndarray:
        """Which leads have an outcome to judge by."""
        return self.reached[self.target].notna().to_numpy()


def tell_stories(
    looks: pd.DataFrame,
    stages: pd.DataFrame,
    activity: pd.DataFrame,
    spec: SourceSpec,
    *,
    observed_until_us: int,
) -> Stories:
    """Tell what became of leads.

    Parameters
    ----------
    looks : DataFrame
        ``lead_id``, ``created_us``, ``as_of_us``, ``y`` (missing: too young to tell), one row a lead: its first look.
    stages : DataFrame
        ``lead_id``, ``stage``, ``entered_us``.
    activity : DataFrame
        Indexed by ``lead_id``: ``lead_events``, ``sales_events`` and ``last_us``, of events after the look.
    spec : SourceSpec
        The ladder, the targets and what ends a story.
    observed_until_us : int
        Until when outcomes are in the export.

    Returns
    -------
    Stories
        Of all the leads of ``looks``.
    """
    looks = looks.sort_values("lead_id").set_index("lead_id")
    looked_at = looks["as_of_us"].astype("int64")
    known = looks["y"].notna()
    entered, reached = {}, {}
    for name, members in _judged_stages(spec).items():
        entries = stages[stages["stage"].isin(members)]
        first = entries.groupby("lead_id")["entered_us"].min().reindex(looks.index)
        before = is_known(first, looked_at)
        entered[name] = first.where(~before)
        reached[name] = entered[name].notna().astype("float64").where(known & ~before)
    times = pd.DataFrame(entered, index=looks.index).astype("float64")
    spans = [target.horizon for target in spec.targets.values()]
    return Stories(
        looked_at_us=looked_at,
        created_us=looks["created_us"].astype("int64"),
        target=spec.targets[spec.primary_target].stage,
        reached=pd.DataFrame(reached, index=looks.index),
        entered_us=times,
        later=_later(times, looked_at, activity, spec),
        observed_until_us=observed_until_us,
        slack_us=min(DAY_US, min(spans) // 10),
    )


def _judged_stages(spec: SourceSpec) -> dict[str, tuple[str, ...]]:
    """Return the stages that nobody knows beforehand: what sales decides, and the ends.

    Stages before sales' acceptance often follow from points or a form by rule: whoever knows the form knows the stage.
    """
    target = spec.targets[spec.primary_target].stage
    ladder = [target, *(stage for stage in (*spec.accepted_stages, *_targets(spec)) if stage != target)]
    judged = {stage: spec.stages_reaching(stage) for stage in dict.fromkeys(ladder)}
    return judged | {stage: (stage,) for stage in spec.lost} | {END: spec.closed_stages}


def _targets(spec: SourceSpec) -> list[str]:
    return [target.stage for target in spec.targets.values()]


def _later(times: pd.DataFrame, looked_at: pd.Series, activity: pd.DataFrame, spec: SourceSpec) -> pd.DataFrame:
    target = spec.targets[spec.primary_target].stage
    lead_activity = activity.reindex(looked_at.index)
    amounts = {
        "days until the end of its story": (times[END] - looked_at) / DAY_US,
        f"days until {target}": (times[target] - looked_at) / DAY_US,
        "days until its last event": (lead_activity["last_us"] - looked_at) / DAY_US,
        "number of events by sales after the look": lead_activity["sales_events"],
        "number of its own events after the look": lead_activity["lead_events"],
    }
    table = pd.DataFrame(amounts, index=looked_at.index).astype("float64")
    return table.where(table > 0)
