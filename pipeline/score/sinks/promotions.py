"""Which leads passed a cut-off for the first time while a decision was in force, as the store has it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import sqlalchemy as sa

from features.time_units import parse_time
from models.bands import BANDS, Band, PerBand
from models.scoring.run_about import RunAbout
from pipeline.score.sinks.scores_before import asking
from pipeline.score.sinks.store_tables import SCORE_RUNS, SCORES
from pipeline.score.sinks.store_url import store_url

_MANY = 500
_PASSING = PerBand[tuple[Band, ...]](mql=BANDS, sal=("SAL",))
"""The bands of leads that pass the cut-off of each: every SAL is an MQL."""


@dataclass(frozen=True)
class PromotedLeads:
    """First promotions by one decision.

    Attributes
    ----------
    leads : PerBand of DataFrame
        ``lead_id`` and ``at_us``, one row a lead. Leads that had passed in the decision's first run already are left
        out: nobody knows when they would have passed first.
    from_us, until_us : int
        Moments of the first and the newest run by the decision.
    """

    leads: PerBand[pd.DataFrame]
    from_us: int
    until_us: int


def read_promotions(given: str | None, outputs: Path, version: str, *, as_of_us: int) -> PromotedLeads | None:
    """Read the first promotions by a decision, up to a moment; None where it has not scored by then.

    Parameters
    ----------
    given : str or None
        ``score.store`` of the settings.
    outputs : Path
    version : str
        Of the decision.
    as_of_us : int
        Later runs are left out.

    Raises
    ------
    InputError
        If the store cannot be asked.
    """
    with asking(store_url(given, outputs)) as connection:
        if connection is None:
            return None
        runs = _runs(connection, version, as_of_us)
        if not runs:
            return None
        names = list(runs)
        return PromotedLeads(
            PerBand.by(lambda band: _first_passes(connection, names, band)), runs[names[0]], max(runs.values())
        )


def _runs(connection: sa.Connection, version: str, as_of_us: int) -> dict[str, int]:
    """Return the visible runs by a decision that were not taken back, in order, and their moments."""
    visible = sa.select(SCORE_RUNS.c.run_id, SCORE_RUNS.c.about).where(
        SCORE_RUNS.c.sequence.is_not(None), SCORE_RUNS.c.undone_at.is_(None)
    )
    runs = {}
    for row in connection.execute(visible.order_by(SCORE_RUNS.c.sequence)):
        about = RunAbout.model_validate(row.about)
        moment = parse_time(about.observed_until)
        if about.decision is not None and about.decision.version == version and moment <= as_of_us:
            runs[str(row.run_id)] = moment
    return runs


def _first_passes(connection: sa.Connection, runs: Sequence[str], band: Band) -> pd.DataFrame:
    first = pd.DataFrame({"lead_id": [], "at_us": []}).astype({"lead_id": object, "at_us": "int64"})
    bands = _PASSING.of(band)
    for start in range(0, len(runs), _MANY):
        passed = sa.select(SCORES.c.lead_id, sa.func.min(SCORES.c.as_of, type_=SCORES.c.as_of.type)).where(
            SCORES.c.run_id.in_(runs[start : start + _MANY]), SCORES.c.band.in_(bands), SCORES.c.reached.is_(False)
        )
        rows = [(str(lead), parse_time(at)) for lead, at in connection.execute(passed.group_by(SCORES.c.lead_id))]
        first = pd.concat([first, pd.DataFrame(rows, columns=["lead_id", "at_us"])], ignore_index=True)
    stock = sa.select(SCORES.c.lead_id).where(SCORES.c.run_id == runs[0], SCORES.c.band.in_(bands))
    there = set(connection.execute(stock).scalars())
    first = first[~first["lead_id"].isin(there)]
    return first.groupby("lead_id")["at_us"].min().reset_index()
