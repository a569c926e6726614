"""Checks of the monitor that look at leads alone: volume, open outcomes, waits and leads that lie idle."""

from __future__ import annotations

from collections.abc import Iterator
from math import isnan
from typing import Any

import pandas as pd

from features.answers import Answer, together
from features.checks import CheckResult
from features.time_units import DAY_US, WEEK_US, format_duration
from models.findings.finding import Finding, finding
from models.monitoring.followed_leads import Path, followed_mqls, handover_path
from models.monitoring.volume import still_open, volume_by_month
from models.monitoring.waiting import NEW, Wait, idle_leads, waits
from pipeline.monitor.check import MonitorCheck, Monitored, leads_on_the_ladder, untold
from pipeline.monitor.tables import Watched

RECENT_WEEKS = 13
FEWEST_IDLE = 20
"""Of fewer leads at a stage nothing is told."""


class Volume(MonitorCheck):
    """Lays volume and conversion out by month; it has no alarm of its own, the gaming check has."""

    code, title = "volume", "Volume and conversion by month"
    needs = (leads_on_the_ladder,)
    can_alarm = False

    def run(self, context: Monitored) -> Iterator[CheckResult]:
        """Give the newest month of which all is known."""
        watched, path = context.watched, _path(context)
        table = volume_by_month(watched.rows, path, by=watched.by, as_of_us=watched.as_of_us)
        goal = table[(table["dimension"] == "") & (table["stage"] == path.goal)]
        judged = goal[goal["too_young"] == 0]
        if judged.empty:
            yield self.unchecked("No month has matured yet.", tables={"months": table})
            return
        last = judged.iloc[-1]
        in_time = "" if watched.spec.unknown_times else f" within {format_duration(path.horizon_us)}"
        sentence = (
            f"In the newest month that is all known ({last['month']}) {last['reached']:,} of {last['matured']:,} leads "
            f"went from {path.entry} to {path.goal}{in_time}: "
            f"{last['share']:.0%} ({last['low']:.0%} to {last['high']:.0%})."
        )
        yield self.passed(sentence, tables={"months": table})


class Maturing(MonitorCheck):
    """Counts how many outcomes are still open, and until when; it has no alarm."""

    code, title = "maturing", "Outcomes still open"
    needs = (leads_on_the_ladder,)
    can_alarm = False

    def run(self, context: Monitored) -> Iterator[CheckResult]:
        """Give the leads whose time is not up."""
        watched, path = context.watched, _path(context)
        table = still_open(watched.rows, path, as_of_us=watched.as_of_us)
        if table.empty:
            yield self.passed("Every outcome is known.", tables={"open": table})
            return
        sentence = (
            f"{int(table['open'].sum()):,} of {len(watched.rows):,} leads may still reach {path.goal} in time; the "
            f"last of them is known on {table['known_on'].max()}. None of them counts as a no."
        )
        yield self.passed(sentence, tables={"open": table})


class Waiting(MonitorCheck):
    """Holds the newest waits for the hand-over and for each step against those of the year before."""

    code, title = "waiting", "Time to hand-over and to each step"
    needs = (leads_on_the_ladder,)
    todo = "Ask sales what holds the hand-over up: people away, more leads than hands, or leads it does not trust."

    def run(self, context: Monitored) -> Iterator[CheckResult]:
        """Give the medians of the last weeks beside those before."""
        watched = context.watched
        cut = watched.as_of_us - RECENT_WEEKS * WEEK_US
        now, then = [], []
        for path, rows in _ways(watched, _path(context)):
            now += waits(rows, path, as_of_us=watched.as_of_us, since_us=cut)
            before = rows[rows["entered_us"] < cut]
            then += waits(before, path, as_of_us=watched.as_of_us, since_us=cut - 52 * WEEK_US)
        answers = [_slower(new, old) for new, old in zip(now, then, strict=True)]
        rows_of_waits = [_wait_row(new, old, answer) for new, old, answer in zip(now, then, answers, strict=True)]
        answer = together(answers)
        unknown = () if answer is Answer.UNCHECKED else untold(answers, "untold.steps")
        todo = self.todo if answer is Answer.FAILED else ""
        yield self.found(
            answer, _median_wait(now[0]), *unknown, todo=todo, tables={"waits": pd.DataFrame(rows_of_waits)}
        )


class Idle(MonitorCheck):
    """Looks at which stage leads lie idle, without event or change of stage for longer than they may.

    Leads without a stage and recycled ones may lie as long as they like.
    """

    code, title = "idle", "Leads that lie idle"
    todo = "Give these leads to somebody, recycle them, or close them: while they lie there they are neither."

    def run(self, context: Monitored) -> Iterator[CheckResult]:
        """Give the stages at which surely too many leads lie idle."""
        watched, most = context.watched, context.options.most_idle_share
        days = context.options.idle_after / DAY_US
        if watched.events.empty:
            why = "The source has no events of leads or sales, so a lead that is worked looks like one that lies idle."
            yield self.unchecked(why)
            return
        table = idle_leads(
            watched.leads, watched.stages, watched.events, watched.spec, as_of_us=watched.as_of_us, idle_days=days
        )
        may_lie = (NEW, *watched.spec.recycled)
        answers = [None if row["stage"] in may_lie else _idle(row, most) for row in table.to_dict(orient="records")]
        worst = [
            finding("idle.stage", idle=row["idle"], leads=row["leads"], stage=row["stage"])
            for row, answer in zip(table.to_dict(orient="records"), answers, strict=True)
            if answer is Answer.FAILED
        ]
        answer, tables = together(answers), {"stages": table.assign(answer=pd.Series(answers, dtype="object"))}
        unknown = untold(answers, "untold.stages")
        if worst:
            found = finding("idle.some", days=days, stages=worst)
            yield self.found(answer, found, *unknown, todo=self.todo, tables=tables)
        elif answer is Answer.UNCHECKED:
            yield self.unchecked("Too few leads stand at any stage to tell.", tables=tables)
        else:
            found = finding("idle.none", most_share=most, days=days)
            yield self.found(answer, found, *unknown, tables=tables)


def _path(monitored: Monitored) -> Path:
    """Return the way that `leads_on_the_ladder` has found to be there."""
    path = monitored.watched.path
    assert path is not None
    return path


def _idle(row: dict[Any, Any], most_idle_share: float) -> Answer:
    """Say whether surely more, or surely no more, of a stage's leads are idle than may be."""
    if row["leads"] < FEWEST_IDLE:
        return Answer.UNCHECKED
    if row["low"] > most_idle_share:
        return Answer.FAILED
    return Answer.PASSED if row["high"] <= most_idle_share else Answer.UNCHECKED


def _median_wait(first: Wait) -> Finding:
    if not isnan(first.median_days.value):
        where = {"stage": first.stage, "origin": first.origin, "weeks": RECENT_WEEKS}
        return finding("waiting.median", days=first.median_days.value, **where)
    if not isnan(first.within.value):
        return finding("waiting.no_median", stage=first.stage, weeks=RECENT_WEEKS, within_share=first.within.value)
    return finding("waiting.too_few", stage=first.stage)


def _slower(new: Wait, old: Wait) -> Answer:
    """Say whether it surely takes longer: the two intervals lie apart. Where under half get there is no median."""
    if isnan(new.median_days.value) or isnan(old.median_days.value):
        return Answer.UNCHECKED
    return Answer.FAILED if new.median_days.low > old.median_days.high else Answer.PASSED


def _ways(watched: Watched, path: Path) -> list[tuple[Path, pd.DataFrame]]:
    """Return the way to the hand-over, where it is no step of the path, and the path, each with its leads."""
    ladder = [(path, watched.rows)]
    first = handover_path(watched.spec, path)
    if first is None:
        return ladder
    rows = followed_mqls(watched.leads, watched.stages, first, by=(), as_of_us=watched.as_of_us)
    return [(first, rows), *ladder]


def _wait_row(new: Wait, old: Wait, answer: Answer) -> dict[str, object]:
    return {
        "from": new.origin,
        "to": new.stage,
        "leads": new.leads,
        "reached": new.reached,
        "median_days": new.median_days.value,
        "median_low": new.median_days.low,
        "median_high": new.median_days.high,
        "median_days_before": old.median_days.value,
        "in_time": new.within.value,
        "in_time_before": old.within.value,
        "answer": answer,
    }
