"""The checks of the monitor: each has one of three answers, a sentence, and the figures behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isnan

import pandas as pd

from features.time_units import DAY_US, WEEK_US, format_duration
from models.calibration.by_group import Grouping, calibration_by_group
from models.monitoring.drift import feature_drift
from models.monitoring.followed_leads import Path, followed_mqls, handover_path
from models.monitoring.gaming import Answer
from models.monitoring.volume import still_open, volume_by_month
from models.monitoring.waiting import NEW, Wait, idle_leads, waits
from pipeline.monitor.tables import Reference, Watched
from pipeline.pages.number_words import subject_title
from pipeline.settings.settings import MonitorOptions

RECENT_WEEKS = 13
NOBODY = "No lead has entered the ladder yet, or the goal is its first rung."
FEWEST_IDLE = 20
"""Of fewer leads at a stage nothing is told."""


@dataclass(frozen=True)
class Check:
    """One question and its answer.

    Attributes
    ----------
    name : str
        For machines.
    title, sentence : str
        For people.
    answer : {"alarm", "fine", "cannot tell"}
    todo : str
        What to do about an alarm; empty otherwise.
    tables : mapping of str to DataFrame
        The figures.
    """

    name: str
    title: str
    answer: Answer
    sentence: str
    todo: str = ""
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)


def together(answers: Sequence[str]) -> Answer:
    """Return the answer of several: an alarm if one is, else fine if one is, else nobody can tell."""
    return "alarm" if "alarm" in answers else "fine" if "fine" in answers else "cannot tell"


def volume_check(watched: Watched) -> Check:
    """Lay volume and conversion out; it has no alarm of its own, the gaming check has."""
    title = "Volume and conversion by month"
    if watched.path is None or not len(watched.rows):
        return Check("volume", title, "cannot tell", NOBODY)
    table = volume_by_month(watched.rows, watched.path, by=watched.by, as_of_us=watched.as_of_us)
    goal = table[(table["dimension"] == "") & (table["stage"] == watched.path.goal)]
    judged = goal[goal["too_young"] == 0]
    if judged.empty:
        return Check("volume", title, "cannot tell", "No month has matured yet.", tables={"months": table})
    last = judged.iloc[-1]
    sentence = (
        f"In the newest month that is all known ({last['month']}) {last['reached']:,} of {last['matured']:,} leads "
        f"went from {watched.path.entry} to {watched.path.goal} within {format_duration(watched.path.horizon_us)}: "
        f"{last['share']:.0%} ({last['low']:.0%} to {last['high']:.0%})."
    )
    return Check("volume", title, "fine", sentence, tables={"months": table})


def maturing_check(watched: Watched) -> Check:
    """Say how many outcomes are still open, and until when."""
    title = "Outcomes still open"
    if watched.path is None or not len(watched.rows):
        return Check("maturing", title, "cannot tell", "No lead has entered the ladder yet.")
    table = still_open(watched.rows, watched.path, as_of_us=watched.as_of_us)
    if table.empty:
        return Check("maturing", title, "fine", "Every outcome is known.", tables={"open": table})
    sentence = (
        f"{int(table['open'].sum()):,} of {len(watched.rows):,} leads may still reach {watched.path.goal} in time; the "
        f"last of them is known on {table['known_on'].max()}. None of them counts as a no."
    )
    return Check("maturing", title, "fine", sentence, tables={"open": table})


def waiting_check(watched: Watched) -> Check:
    """Hold the newest waits against those of the year before."""
    title = "Time to hand-over and to each step"
    if watched.path is None or not len(watched.rows):
        return Check("waiting", title, "cannot tell", "No lead has entered the ladder yet.")
    cut = watched.as_of_us - RECENT_WEEKS * WEEK_US
    now, then = [], []
    for path, rows in _ways(watched):
        now += waits(rows, path, as_of_us=watched.as_of_us, since_us=cut)
        before = rows[rows["entered_us"] < cut]
        then += waits(before, path, as_of_us=watched.as_of_us, since_us=cut - 52 * WEEK_US)
    answers = [_slower(new, old) for new, old in zip(now, then, strict=True)]
    table = pd.DataFrame([_wait_row(new, old, told) for new, old, told in zip(now, then, answers, strict=True)])
    first = now[0]
    sentence = f"Too few of the newest leads reached {first.stage} to tell how long it takes."
    if not isnan(first.median_days.value):
        sentence = (
            f"Half of the leads of the last {RECENT_WEEKS} weeks reach {first.stage} within "
            f"{first.median_days.value:.1f} days of {first.origin}."
        )
    elif not isnan(first.within.value):
        sentence = (
            f"Less than half of the leads of the last {RECENT_WEEKS} weeks reach {first.stage} in time "
            f"({first.within.value:.0%}), so there is no median."
        )
    todo = "Ask sales what holds the hand-over up: people away, more leads than hands, or leads it does not trust."
    answer = together(answers)
    return Check("waiting", title, answer, sentence, todo if answer == "alarm" else "", {"waits": table})


def _slower(new: Wait, old: Wait) -> Answer:
    """Say whether it surely takes longer: the two intervals lie apart. Where under half get there is no median."""
    if isnan(new.median_days.value) or isnan(old.median_days.value):
        return "cannot tell"
    return "alarm" if new.median_days.low > old.median_days.high else "fine"


def _ways(watched: Watched) -> list[tuple[Path, pd.DataFrame]]:
    """Return the way to the hand-over, where it is no step of the path, and the path, each with its leads."""
    if watched.path is None:
        return []
    first = handover_path(watched.spec, watched.path)
    own = [(watched.path, watched.rows)]
    if first is None:
        return own
    rows = followed_mqls(watched.leads, watched.stages, first, by=(), as_of_us=watched.as_of_us)
    return [(first, rows), *own]


def _wait_row(new: Wait, old: Wait, answer: str) -> dict[str, object]:
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


def idle_check(watched: Watched, options: MonitorOptions) -> Check:
    """Say who lies idle at which stage."""
    title = "Leads that lie idle"
    days = options.idle_after / DAY_US
    if watched.events.empty:
        said = "The source has no events of leads or sales, so a lead that is worked looks like one that lies idle."
        return Check("idle", title, "cannot tell", said)
    table = idle_leads(
        watched.leads, watched.stages, watched.events, watched.spec, as_of_us=watched.as_of_us, idle_days=days
    )
    answers = []
    for row in table.to_dict(orient="records"):
        kept = row["stage"] == NEW or row["stage"] in watched.spec.recycled
        if kept or row["leads"] < FEWEST_IDLE:
            answers.append("not judged" if kept else "cannot tell")
        elif row["low"] > options.most_idle_share:
            answers.append("alarm")
        else:
            answers.append("fine" if row["high"] <= options.most_idle_share else "cannot tell")
    table = table.assign(answer=answers)
    worst = table[table["answer"] == "alarm"]
    sentence = (
        f"At no stage more than {options.most_idle_share:.0%} of the leads are idle for over {days:g} days for sure."
    )
    if len(worst):
        told = [f"{row['idle']:,} of {row['leads']:,} at {row['stage']}" for row in worst.to_dict(orient="records")]
        sentence = f"Nothing has happened for more than {days:g} days to {', '.join(told)}."
    elif together(answers) == "cannot tell":
        sentence = "Too few leads stand at any stage to tell."
    todo = "Give these leads to somebody, recycle them, or close them: while they lie there they are neither."
    return Check("idle", title, together(answers), sentence, todo if len(worst) else "", {"stages": table})


def drift_check(watched: Watched, reference: Reference | None) -> Check:
    """Hold the newest leads against those that the model learned from."""
    title = "Do the newest leads look like those the model learned from?"
    if reference is None:
        said = "No model has been trained on rows before this time, so there is nothing to compare with."
        return Check("drift", title, "cannot tell", said)
    table = feature_drift(reference.learned, reference.newest, reference.features, stretch=reference.stretch)
    spec = watched.spec
    expected = table["subject"].isin(spec.watched_columns) | table["family"].isin(["source", "account"])
    table = table.assign(
        title=[subject_title(spec, str(row["family"]), str(row["subject"])) for row in table.to_dict(orient="records")],
        answer=table["answer"].where(~expected, "not judged"),
    )
    drifted = table[table["answer"] == "alarm"]
    sentence = f"None of {int((~expected).sum())} features has drifted for sure."
    if len(drifted):
        named = ", ".join(
            dict.fromkeys(f"{row['title']} (PSI {row['psi']:.2f})" for row in drifted.head(3).to_dict(orient="records"))
        )
        sentence = f"{len(drifted)} of {int((~expected).sum())} features have drifted, first {named}."
    elif together(table["answer"].tolist()) == "cannot tell":
        sentence = "There are too few newest leads, or too few that were learned from, to tell."
    todo = "Look whether a form, an import or a campaign changed; if it is here to stay, train again."
    answer = together(table["answer"].tolist())
    return Check("drift", title, answer, sentence, todo if len(drifted) else "", {"features": table})


def calibration_check(watched: Watched, matured: pd.DataFrame | None) -> Check:
    """Hold forecasts of the test period against what came true, by month, once all of a month is known.

    A month that is looked at every week while its outcomes come in would be tested four times.
    """
    title = "Do the percentages still hold?"
    if matured is None or matured.empty:
        return Check("calibration", title, "cannot tell", "No forecast has matured yet, or no model has been trained.")
    horizon_us = watched.spec.target(watched.spec.primary_target).horizon
    known_until = pd.Timestamp(watched.as_of_us - horizon_us, unit="us", tz="UTC")
    matured = matured[matured["as_of"] < known_until.normalize().replace(day=1)]
    if matured.empty:
        return Check("calibration", title, "cannot tell", "No month has matured as a whole yet.")
    month = matured["as_of"].dt.strftime("%Y-%m")
    table = calibration_by_group(
        matured["y"].astype("float64"),
        matured["p"],
        lead_ids=matured["lead_id"],
        divided=[Grouping("month", "", month)],
    ).drop(columns=["dimension", "column"])
    verdicts = {"agrees": "fine", "too few to tell": "cannot tell"}
    table = table.assign(answer=[verdicts.get(verdict, "alarm") for verdict in table["verdict"]])
    wrong = table[table["answer"] == "alarm"]
    sentence = f"In none of {len(table)} months the percentages were wrong for sure."
    if len(wrong):
        told = [
            f"{row['value']} (forecast {row['forecast']:.1%}, came true {row['observed']:.1%})"
            for row in wrong.to_dict(orient="records")
        ]
        sentence = f"The percentages were wrong in {', '.join(told)}."
    elif together(table["answer"].tolist()) == "cannot tell":
        sentence = "There are too few matured outcomes in any month to tell."
    todo = "Train again, so that the newest outcomes calibrate; until then trust the order more than the percentages."
    answer = together(table["answer"].tolist())
    return Check("calibration", title, answer, sentence, todo if len(wrong) else "", {"months": table})
