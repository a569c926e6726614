"""The check against gamed MQLs: weekly runs, who is named, and the words for it."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from features.answers import Answer, together
from features.checks import CheckResult
from features.time_units import DAY_US
from models.findings.finding import Finding, finding
from models.monitoring.decomposition import decompose
from models.monitoring.gaming import WEEK_DAYS, weekly_runs
from models.monitoring.gaming_options import GamingOptions
from models.monitoring.responsible_groups import INSIDE_COMPANY, responsible, surplus_inside
from models.monitoring.step_counts import count_entries
from pipeline.monitor.check import MonitorCheck, Monitored, leads_on_the_ladder
from pipeline.monitor.tables import Watched

RUNS_SHOWN = 26


class Gaming(MonitorCheck):
    """Looks whether a group's volume of MQLs rose while fewer of them moved on, and who is responsible."""

    code, title = "gaming", "More MQLs of which fewer move on"
    needs = (leads_on_the_ladder,)
    todo = (
        "Look at ten of the newest leads of what is named, with whoever runs it: an incentive, a form that counts "
        "twice, or downloads that nobody asked for? Take its points away until it is clear."
    )

    def run(self, context: Monitored) -> Iterator[CheckResult]:
        """Run the weeks and name who raised an alarm."""
        watched, options = context.watched, context.options.gaming
        weeks = _weeks(watched, options)
        now = weeks[weeks["weeks_ago"] == 0]
        named = responsible(
            now, watched.rows, by=watched.by, now_us=watched.as_of_us, reference_weeks=options.reference_weeks
        )
        answer = together(now["answer"])
        tables = {"runs": weeks, "named": named, **_decompositions(watched, now, named, options)}
        if answer is Answer.FAILED:
            findings = [
                _finding(watched, now, row["dimension"], row["value"], row["how"], row["window_weeks"], options)
                for row in named.to_dict(orient="records")
            ]
            yield self.found(answer, *findings, todo=self.todo, tables=tables)
        elif answer is Answer.UNCHECKED:
            why = "Too few leads, too short a past or too few outcomes to tell of any group."
            yield self.unchecked(why, tables=tables)
        else:
            answers = [together(group["answer"]) for _, group in now.groupby(["dimension", "value"])]
            passes, blind = answers.count(Answer.PASSED), answers.count(Answer.UNCHECKED)
            yield self.found(answer, finding("gaming.none", groups=passes, blind=blind), tables=tables)


def _weeks(watched: Watched, options: GamingOptions) -> pd.DataFrame:
    """Return what each of the last weekly runs says, as far back as the leads go."""
    assert watched.path is not None
    longest = max(options.windows_weeks) + options.reference_weeks + RUNS_SHOWN
    first = int(watched.rows["entered_us"].min())
    days = int(min((watched.as_of_us - first) // DAY_US + 1, longest * WEEK_DAYS))
    counts = count_entries(watched.rows, watched.path, by=watched.by, as_of_us=watched.as_of_us, days=days)
    return weekly_runs(counts, options, runs=max(1, min(RUNS_SHOWN, days // WEEK_DAYS)))


def _decompositions(
    watched: Watched, now: pd.DataFrame, named: pd.DataFrame, options: GamingOptions
) -> dict[str, pd.DataFrame]:
    """Return for each column where the change of the company's conversion comes from, in the window of the alarm."""
    window = int(named.iloc[0]["window_weeks"]) if len(named) else sorted(options.windows_weeks)[0]
    looked = now[now["window_weeks"] == window]
    return {f"change by {column}": decompose(looked, column).assign(window_weeks=window) for column in watched.by}


def _finding(
    watched: Watched, now: pd.DataFrame, dimension: str, value: str, how: str, window: int, options: GamingOptions
) -> Finding:
    who = f"{dimension.replace('_', ' ')} {value}" if dimension else finding("gaming.company")
    if how != "its own figures":
        where = how.removeprefix("inside ").split(" ", 1)
        inside = surplus_inside(
            watched.rows,
            dimension="" if how == INSIDE_COMPANY else where[0],
            value="" if how == INSIDE_COMPANY else where[1],
            within=dimension,
            now_us=watched.as_of_us,
            window_weeks=window,
            reference_weeks=options.reference_weeks,
        )
        part = inside.loc[inside["value"] == value].iloc[0]
        place = how.removeprefix("inside ")
        group = finding("gaming.inside.group", group=place)
        return finding(
            "gaming.inside",
            who=who,
            part_share=part["part"],
            where=finding("gaming.inside.company") if how == INSIDE_COMPANY else group,
            leads=round(part["leads"]),
            weeks=window,
            usual=round(part["usual"]),
        )
    chosen = (now["dimension"] == dimension) & (now["value"] == value) & (now["window_weeks"] == window)
    row = now[chosen].iloc[0]
    usual = row["leads_before"] / max(row["weeks_before"], 1) * window
    due = row["expected"] * row["moved_before"] / max(row["expected_before"], 1e-9)
    return finding(
        "gaming.own",
        who=who,
        leads=round(row["leads"]),
        weeks=window,
        usual=round(usual),
        moved=round(row["moved"]),
        steps=list(watched.path.steps) if watched.path else [],
        due=round(due),
    )
