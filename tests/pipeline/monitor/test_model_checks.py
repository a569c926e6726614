"""Checks of the monitor that look at the model, on tables made for them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from features.answers import Answer
from features.checks import CheckResult
from features.source_spec import SourceSpec
from features.time_units import parse_time
from pipeline.monitor.check import Monitored
from pipeline.monitor.model_checks import FeatureDrift, PercentagesHold
from pipeline.monitor.tables import Watched
from pipeline.settings.settings import MonitorOptions

SPEC = SourceSpec.model_validate(
    {
        "name": "x",
        "title": {"de": "X", "en": "X"},
        "targets": {"sql": {"stage": "SQL", "horizon": "60d"}},
        "fit": {"industry": {"type": "category"}},
    }
)


def watched_at(text: str) -> Watched:
    nothing = pd.DataFrame()
    return Watched(SPEC, parse_time(text), None, (), nothing, nothing, nothing, nothing)


def calibration(at: str, matured: pd.DataFrame | None) -> CheckResult:
    monitored = Monitored(watched_at(at), MonitorOptions(), lambda: None, lambda: matured)
    [result] = PercentagesHold().results(monitored)
    return result


def forecasts(p: float, rate: float) -> pd.DataFrame:
    """20 leads a day from January to April 2026, each forecast ``p``; every 1/``rate``-th reaches the target."""
    days = pd.date_range("2026-01-01", "2026-04-30", freq="D", tz="UTC").as_unit("us").repeat(20)
    y = np.arange(len(days)) % round(1 / rate) == 0
    ids = [f"L{number}" for number in range(len(days))]
    return pd.DataFrame({"lead_id": ids, "as_of": days, "y": y.astype(float), "p": p})


def known(rows: pd.DataFrame, at: str) -> pd.DataFrame:
    horizon_us = SPEC.target("sql").horizon
    return rows[rows["as_of"] <= pd.Timestamp(parse_time(at) - horizon_us, unit="us", tz="UTC")]


def test_a_month_is_judged_once_all_of_it_is_known():
    rows = forecasts(0.2, 0.2)
    for at, months in (("2026-03-20", []), ("2026-04-20", ["2026-01"]), ("2026-05-20", ["2026-01", "2026-02"])):
        told = calibration(at, known(rows, at))
        judged = told.tables["months"]["value"].tolist() if told.tables else []
        assert judged == months, at
        assert told.answer == (Answer.PASSED if months else Answer.UNCHECKED)


def test_percentages_that_are_wrong_are_told_with_the_month():
    told = calibration("2026-05-20", known(forecasts(0.4, 0.2), "2026-05-20"))
    assert told.answer is Answer.FAILED
    assert "2026-01 (forecast 40.0%" in told.sentence
    assert told.todo


def test_without_matured_forecasts_nothing_can_be_told():
    assert calibration("2026-05-20", None).answer is Answer.UNCHECKED


def test_months_that_could_not_be_told_are_counted():
    # two outcomes of ten leads in February: odds twice as high would go unnoticed
    rows = forecasts(0.2, 0.2)
    few = rows[(rows["as_of"].dt.month == 1) | ((rows["as_of"].dt.month == 2) & (rows["as_of"].dt.day == 1))]
    result = calibration("2026-06-20", few)
    assert result.answer is Answer.PASSED
    assert result.sentence.endswith("1 of 2 months could not be told.")


def test_without_a_model_drift_could_not_be_checked():
    [result] = FeatureDrift().results(Monitored(watched_at("2026-05-20"), MonitorOptions(), lambda: None, lambda: None))
    assert (result.code, result.answer) == ("drift", Answer.UNCHECKED)
    assert "No model has been trained" in result.sentence


def test_what_a_check_needs_is_read_once():
    reads = []
    monitored = Monitored(watched_at("2026-05-20"), MonitorOptions(), lambda: None, lambda: reads.append("matured"))
    for _ in range(3):
        PercentagesHold().results(monitored)
    assert reads == ["matured"]
