"""The leads that a monitor follows: who entered the ladder when, and when each next step was reached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd

from features.as_of import is_known
from features.source_spec import SourceSpec

ENTRY: Final = "MQL"
MISSING: Final = "(missing)"


@dataclass(frozen=True)
class Path:
    """The stages that a lead passes from entry to goal, and how long each step is given.

    Attributes
    ----------
    stages : tuple of str
        The entry first, the goal last; between them the rung at which sales accepts a lead (SAL), where the ladder has
        it there. Acceptance is the early sign: it is known weeks before the goal.
    reaching : tuple of tuple of str
        For each of ``stages`` the stages that count as having reached it.
    horizon_us : int
        Time given to each step, that of the primary target.
    """

    stages: tuple[str, ...]
    reaching: tuple[tuple[str, ...], ...]
    horizon_us: int

    @property
    def entry(self) -> str:
        """Stage that makes a lead count."""
        return self.stages[0]

    @property
    def goal(self) -> str:
        """Stage that it is all for."""
        return self.stages[-1]

    @property
    def steps(self) -> tuple[str, ...]:
        """The stages to reach after the entry."""
        return self.stages[1:]


def monitored_path(spec: SourceSpec) -> Path | None:
    """Return entry, early sign and goal of a source; None where the goal is the first rung of the ladder.

    The entry is MQL where the ladder has it below the goal, else the first rung.
    """
    target = spec.target(spec.primary_target)
    below = spec.ladder[: spec.ladder.index(target.stage)]
    if not below:
        return None
    entry = ENTRY if ENTRY in below else below[0]
    between = below[below.index(entry) + 1 :]
    accepted = [stage for stage in spec.accepted_stages[:1] if stage in between]
    stages = (entry, *accepted, target.stage)
    return Path(stages, tuple(spec.stages_reaching(stage) for stage in stages), target.horizon)


def handover_path(spec: SourceSpec, path: Path) -> Path | None:
    """Return the way from the entry to the very next rung, the hand-over; None where that is a step already."""
    rung = spec.ladder[spec.ladder.index(path.entry) + 1]
    if rung in path.steps:
        return None
    return Path((path.entry, rung), (path.reaching[0], spec.stages_reaching(rung)), path.horizon_us)


def followed_mqls(
    leads: pd.DataFrame, stages: pd.DataFrame, path: Path, *, by: Sequence[str], as_of_us: int
) -> pd.DataFrame:
    """Return the leads that entered the path, as known at a moment.

    Parameters
    ----------
    leads : DataFrame
        ``lead_id`` and the columns of ``by``.
    stages : DataFrame
        ``lead_id``, ``stage``, ``entered_us``; later rows than ``as_of_us`` are not looked at.
    path : Path
    by : sequence of str
        Columns that divide the leads; a missing value is a group of its own.
    as_of_us : int

    Returns
    -------
    DataFrame
        One row a lead that entered ``path.entry`` itself and was not yet beyond it, ordered by time of entry:
        ``lead_id``, ``entered_us`` (first time), one column ``reached_STAGE_us`` a step (Int64, null: not yet; a
        skipped stage was reached together with the next), and the columns of ``by`` as text.
    """
    entries = stages[is_known(stages["entered_us"], as_of_us)]
    first = entries[entries["stage"] == path.entry].groupby("lead_id")["entered_us"].min()
    rows = pd.DataFrame({"lead_id": first.index.astype(str), "entered_us": first.to_numpy(dtype="int64")})
    for stage, reaching in zip(path.steps, path.reaching[1:], strict=True):
        reached = entries[entries["stage"].isin(reaching)].groupby("lead_id")["entered_us"].min()
        rows[f"reached_{stage}_us"] = rows["lead_id"].map(reached).astype("Int64")
    beyond = (rows[f"reached_{path.steps[0]}_us"] < rows["entered_us"]).fillna(False).astype(bool)
    rows = rows[~beyond].merge(group_columns(leads, by), on="lead_id", how="left", validate="one_to_one")
    return rows.sort_values(["entered_us", "lead_id"], ignore_index=True)


def group_columns(leads: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Return ``lead_id`` with the columns of ``by`` as text, the missing under a name of their own."""
    text = {name: leads[name].astype("string").fillna(MISSING).astype(str) for name in by}
    return pd.DataFrame({"lead_id": leads["lead_id"].astype(str), **text})


def last_act(rows: pd.DataFrame, events: pd.DataFrame, families: Mapping[str, str]) -> pd.Series:
    """Return the event family of the last act at or before each entry: the form or page that brought the lead in.

    Parameters
    ----------
    rows : DataFrame
        ``lead_id``, ``entered_us``.
    events : DataFrame
        ``lead_id``, ``event_type``, ``occurred_us``.
    families : mapping of str to str
        The event types that can bring a lead in, each with its family.
    """
    acts = events[events["event_type"].isin(list(families))]
    acts = acts.assign(family=acts["event_type"].map(families)).sort_values(["occurred_us", "family"], kind="stable")
    entries = rows[["lead_id", "entered_us"]].assign(place=range(len(rows))).sort_values("entered_us", kind="stable")
    last_acts = pd.merge_asof(
        entries,
        acts[["lead_id", "occurred_us", "family"]],
        left_on="entered_us",
        right_on="occurred_us",
        by="lead_id",
    )
    named: pd.Series = last_acts.set_index("place")["family"].sort_index().astype("string").fillna(MISSING).astype(str)
    return named.reset_index(drop=True)
