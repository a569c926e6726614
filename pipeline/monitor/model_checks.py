"""Checks of the monitor that look at the model: drift of what it reads, and whether its percentages still hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from features.answers import Answer, together
from features.checks import CheckResult
from features.language.languages import Words
from features.source_spec import SourceSpec
from models.calibration.by_group import Grouping, GroupVerdict, calibration_by_group
from models.findings.finding import finding
from models.monitoring.drift import feature_drift
from pipeline.monitor.check import MonitorCheck, Monitored, untold
from pipeline.pages.number_words import subject_words


def model_of_before(monitored: Monitored) -> str | None:
    """Need rows that a model learned from, none of them later than the moment looked at."""
    if monitored.reference is None:
        return "No model has been trained on rows before this time, so there is nothing to compare with."
    return None


def matured_forecasts(monitored: Monitored) -> str | None:
    """Need forecasts whose outcome is known."""
    if monitored.matured is None or monitored.matured.empty:
        return "No forecast has matured yet, or no model has been trained."
    return None


class FeatureDrift(MonitorCheck):
    """Holds each feature of the newest leads against those that the model learned from.

    Columns that divide the leads, rates of sources and counts of accounts are listed but not judged: campaigns come and
    go.
    """

    code, title = "drift", "Do the newest leads look like those the model learned from?"
    needs = (model_of_before,)
    todo = "Look whether a form, an import or a campaign changed; if it is here to stay, train again."

    def run(self, context: Monitored) -> Iterator[CheckResult]:
        """Give the features that have surely drifted."""
        reference, spec = context.reference, context.watched.spec
        assert reference is not None
        table = feature_drift(reference.learned, reference.newest, reference.features, stretch=reference.stretch)
        listed = table["subject"].isin(spec.watched_columns) | table["family"].isin(["source", "account"])
        answers = [None if only else answer for answer, only in zip(table["answer"], listed, strict=True)]
        table = table.assign(
            title=[_subject(spec, row).en for row in table.to_dict(orient="records")],
            answer=pd.Series(answers, dtype="object"),
        )
        answer, tables, judged = together(answers), {"features": table}, int((~listed).sum())
        unknown = untold(answers, "untold.features")
        if answer is Answer.FAILED:
            drifted = table[table["answer"] == Answer.FAILED]
            first = drifted.head(3).drop_duplicates(["title", "psi"]).to_dict(orient="records")
            named = [finding("drift.feature", title=_subject(spec, row), psi=row["psi"]) for row in first]
            found = finding("drift.some", drifted=len(drifted), judged=judged, named=named)
            yield self.found(answer, found, *unknown, todo=self.todo, tables=tables)
        elif answer is Answer.UNCHECKED:
            why = "There are too few newest leads, or too few that were learned from, to tell."
            yield self.unchecked(why, tables=tables)
        else:
            yield self.found(answer, finding("drift.none", judged=judged), *unknown, tables=tables)


class PercentagesHold(MonitorCheck):
    """Holds forecasts of the test period against what came true, by month, once all of a month is known.

    A month that is looked at every week while its outcomes come in would be tested four times.
    """

    code, title = "calibration", "Do the percentages still hold?"
    needs = (matured_forecasts,)
    todo = "Train again, so that the newest outcomes calibrate; until then trust the order more than the percentages."

    def run(self, context: Monitored) -> Iterator[CheckResult]:
        """Give the months whose percentages were surely wrong."""
        matured, watched = context.matured, context.watched
        assert matured is not None
        horizon_us = watched.spec.target(watched.spec.primary_target).horizon
        known_until = pd.Timestamp(watched.as_of_us - horizon_us, unit="us", tz="UTC")
        matured = matured[matured["as_of"] < known_until.normalize().replace(day=1)]
        if matured.empty:
            yield self.unchecked("No month has matured as a whole yet.")
            return
        table = calibration_by_group(
            matured["y"].astype("float64"),
            matured["p"],
            lead_ids=matured["lead_id"],
            divided=[Grouping("month", "", matured["as_of"].dt.strftime("%Y-%m"))],
        ).drop(columns=["dimension", "column"])
        answers = [_agreeing(verdict) for verdict in table["verdict"]]
        table = table.assign(answer=pd.Series(answers, dtype="object"))
        answer, tables = together(answers), {"months": table}
        unknown = untold(answers, "untold.months")
        if answer is Answer.FAILED:
            wrong = [
                finding(
                    "calibration.month", month=str(row["value"]), forecast_share=row["forecast"],
                    observed_share=row["observed"],
                )
                for row in table[table["answer"] == Answer.FAILED].to_dict(orient="records")
            ]  # fmt: skip
            found = finding("calibration.wrong", months=wrong)
            yield self.found(answer, found, *unknown, todo=self.todo, tables=tables)
        elif answer is Answer.UNCHECKED:
            yield self.unchecked("There are too few matured outcomes in any month to tell.", tables=tables)
        else:
            yield self.found(answer, finding("calibration.none", months=len(table)), *unknown, tables=tables)


def _subject(spec: SourceSpec, row: Mapping[Any, Any]) -> Words:
    return subject_words(spec, str(row["family"]), str(row["subject"]))


def _agreeing(verdict: GroupVerdict) -> Answer:
    """Return what a verdict on one group says of its percentages."""
    if verdict == "agrees":
        return Answer.PASSED
    return Answer.UNCHECKED if verdict == "too few to tell" else Answer.FAILED
