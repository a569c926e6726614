"""The check of promises: what the cut-offs in force stated, held against the leads handed over under them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from features.answers import Answer, together
from features.checks import CheckResult
from features.time_units import DAY_US
from models.bands import Band
from models.cutoffs.cutoffs import Cutoffs
from models.cutoffs.statement import NextQuarter, Promise
from models.findings.finding import Finding, finding
from models.monitoring.promises import Promised, ShareKept, followed, share_kept, volume_kept
from pipeline.champion.folder import ChampionFolder
from pipeline.monitor.check import MonitorCheck, Monitored
from pipeline.runner.stages import StageContext
from pipeline.score.sinks.promotions import PromotedLeads, read_promotions

_WORD = {Answer.PASSED: "kept", Answer.FAILED: "not kept", Answer.UNCHECKED: "too few to tell"}


@dataclass(frozen=True)
class InForce:
    """The decision in force, and whom it promoted first.

    Attributes
    ----------
    version : str
    cutoffs : Cutoffs
    promotions : PromotedLeads
    """

    version: str
    cutoffs: Cutoffs
    promotions: PromotedLeads


def read_in_force(context: StageContext, as_of_us: int) -> InForce | None:
    """Return the decision in force and its promotions up to a moment; None without a champion that has scored."""
    decision = ChampionFolder(context.workspace.home).champion()
    if decision is None:
        return None
    store, home = context.settings.score.store, context.workspace.home
    promotions = read_promotions(store, home, decision.version, as_of_us=as_of_us)
    return None if promotions is None else InForce(decision.version, decision.parts.cutoffs, promotions)


def champion_that_scored(monitored: Monitored) -> str | None:
    """Need a decision in force that has scored, with statements of its cut-offs."""
    in_force = monitored.in_force
    if in_force is None:
        return "No champion has scored by this time, so nothing was promised."
    if not any(one for _, one in in_force.cutoffs.statements.items()):
        return "The cut-offs in force state nothing."
    return None


class PromisesKept(MonitorCheck):
    """Holds what the receipt states of the cut-offs in force against what the leads handed over under them did.

    Counted are leads that passed a cut-off for the first time after the decision's first run; for shares, only those
    whose time to reach the target is over.
    """

    code, title = "promise", "Do the cut-offs keep what was promised?"
    needs = (champion_that_scored,)
    todo = (
        "Tell both teams, look at gaming, waiting and drift first, and set new cut-offs on the newest outcomes; until "
        "then do not plan with the promise."
    )

    def run(self, context: Monitored) -> Iterator[CheckResult]:
        """Give each promise of both bands."""
        in_force = context.in_force
        assert in_force is not None
        rows = [row for band, stated in in_force.cutoffs.statements.items() if stated is not None
                for row in _of_band(context, in_force, band, stated.promise, stated.next_quarter)]  # fmt: skip
        broken = [
            {"band": row["band"], "what": row["what"], "finding": row["finding"]}
            for row in rows
            if row["answer"] is Answer.FAILED
        ]
        answer = together([row["answer"] for row in rows])
        table = pd.DataFrame([{k: v for k, v in row.items() if k != "finding"} for row in rows])
        yield self.found(
            answer, *(row["finding"] for row in rows), todo=self.todo if broken else "",
            figures={"version": in_force.version, "broken": broken}, tables={"promises": table},
        )  # fmt: skip


def _of_band(
    context: Monitored, in_force: InForce, band: Band, promise: Promise | None, quarter: NextQuarter
) -> Iterator[dict[str, Any]]:
    promotions = in_force.promotions
    leads = promotions.leads.of(band)
    bound = quarter.precision.low if quarter.precision is not None else None
    share = bound if promise is None else promise.share
    stated = quarter.leads_per_week
    promised = Promised(share, promise is not None, stated.low, stated.high, quarter.weeks)
    if share is not None and 0 < share < 1:
        yield _share_row(context, in_force, band, leads, promised)
    volume = volume_kept(leads, promised, from_us=promotions.from_us, until_us=promotions.until_us)
    sizes = {"low": stated.low, "high": stated.high, "leads": volume.leads, "weeks": volume.weeks}
    if volume.answer is Answer.PASSED:
        came = volume.leads / volume.weeks
        found = finding("promise.volume.kept", band=band, low=stated.low, high=stated.high, came=came)
    elif volume.answer is Answer.FAILED:
        found = finding("promise.volume.broken", band=band, quarter=quarter.weeks, **sizes)
    else:
        found = finding("promise.volume.too_few", band=band, quarter=quarter.weeks, **sizes)
    yield _row(band, "volume", volume.answer, found, leads=volume.leads, weeks=volume.weeks, low=stated.low,
               high=stated.high)  # fmt: skip


def _share_row(
    context: Monitored, in_force: InForce, band: Band, leads: pd.DataFrame, promised: Promised
) -> dict[str, Any]:
    spec, as_of_us = context.watched.spec, context.watched.as_of_us
    target = spec.target(in_force.cutoffs.target)
    stages = context.watched.stages
    reached = stages[stages["stage"].isin(spec.stages_reaching(target.stage))].groupby("lead_id")["entered_us"].min()
    kept = share_kept(
        followed(leads, reached, horizon_us=target.horizon, as_of_us=as_of_us), promised,
        from_us=in_force.promotions.from_us, known_until_us=as_of_us - target.horizon,
        handed_until_us=in_force.promotions.until_us,
    )  # fmt: skip
    found = _share_finding(band, target.stage, kept, float(promised.share or 0.0))
    return _row(band, "share", kept.answer, found, leads=kept.leads, reached=kept.reached, promised=promised.share,
                horizon_days=target.horizon / DAY_US)  # fmt: skip


def _share_finding(band: Band, goal: str, kept: ShareKept, share: float) -> Finding:
    figures = {"band": band, "goal": goal, "promised_share": share, "leads": kept.leads, "reached": kept.reached}
    if kept.answer is Answer.UNCHECKED:
        return finding("promise.share.too_few", **figures)
    figures["came_share"] = kept.reached / kept.leads
    if kept.answer is Answer.PASSED:
        return finding("promise.share.kept", **figures)
    if kept.since_us is None:
        return finding("promise.share.broken", **figures)
    return finding("promise.share.since", since_us=kept.since_us, **figures)


def _row(band: Band, what: str, answer: Answer, found: Finding, **figures: Any) -> dict[str, Any]:
    empty = dict.fromkeys(("promised", "low", "high", "leads", "reached", "weeks", "horizon_days"))
    return {"band": band, "what": what, "kept": _WORD[answer], **empty, **figures, "answer": answer, "finding": found}
