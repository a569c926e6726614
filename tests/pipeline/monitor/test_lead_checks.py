"""Checks of the monitor that look at leads alone, on tables made for them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features.answers import Answer
from features.source_spec import SourceSpec
from features.time_units import DAY_US, parse_time
from models.monitoring.followed_leads import followed_mqls, monitored_path
from pipeline.monitor.all_checks import CHECKS
from pipeline.monitor.check import Monitored
from pipeline.monitor.tables import Watched
from pipeline.settings.settings import MonitorOptions

SPEC = SourceSpec.model_validate(
    {
        "name": "x",
        "title": {"de": "X", "en": "X"},
        "ladder": ["MQL", "SAL", "SQL", "WON"],
        "targets": {"sql": {"stage": "SQL", "horizon": "60d"}},
        "fit": {"industry": {"type": "category"}},
    }
)
NOW = parse_time("2026-06-01")


def monitored(*, slow_days: float = 5.0, leads: int = 600, touched: bool | None = None) -> Monitored:
    """A lead a day becomes MQL until today, each SAL 5 days later, of the last 13 weeks after ``slow_days``.

    ``touched`` says whether something happened to all leads yesterday; None: the source has no events.
    """
    ids = np.array([f"L{number}" for number in range(leads)])
    entered = NOW - np.arange(leads) * DAY_US - 1
    wait = np.where(entered > NOW - 91 * DAY_US, slow_days, 5.0)
    accepted = entered + (wait * DAY_US).astype("int64")
    stages = pd.concat(
        [
            pd.DataFrame({"lead_id": ids, "stage": "MQL", "entered_us": entered}),
            pd.DataFrame({"lead_id": ids, "stage": "SAL", "entered_us": accepted})[accepted <= NOW],
        ],
        ignore_index=True,
    )
    table = pd.DataFrame({"lead_id": ids, "created_us": entered})
    at = NOW - DAY_US if touched else entered
    events = pd.DataFrame({"lead_id": ids, "event_type": "call", "actor": "sales", "occurred_us": at})
    path = monitored_path(SPEC)
    assert path is not None
    rows = followed_mqls(table, stages, path, by=(), as_of_us=NOW)
    events = events if touched is not None else events.iloc[:0]
    watched = Watched(SPEC, NOW, path, (), rows, table, stages, events)
    return Monitored(watched, MonitorOptions(), lambda: None, lambda: None)


def result(code: str, **company):
    [one] = CHECKS[code].results(monitored(**company))
    return one


def test_a_longer_wait_for_a_step_is_an_alarm():
    assert result("waiting").answer is Answer.PASSED
    slow = result("waiting", slow_days=20.0)
    assert slow.answer is Answer.FAILED
    assert slow.todo


def test_steps_of_which_nobody_can_tell_are_counted():
    # nobody reaches SQL, so of that step there is no median to hold against another
    assert result("waiting").sentence.endswith("1 of 2 steps could not be told.")


@pytest.mark.parametrize(
    ("company", "answer"),
    [
        ({"touched": True}, Answer.PASSED),
        ({"touched": False}, Answer.FAILED),  # nothing since the day they came: most lie idle for over 30 days
        ({"touched": None}, Answer.UNCHECKED),
        ({"touched": True, "leads": 15}, Answer.UNCHECKED),
    ],
)
def test_leads_that_lie_idle(company, answer):
    assert result("idle", **company).answer is answer


def test_the_share_that_may_lie_idle_is_a_setting():
    few = monitored(touched=False)
    all_may = Monitored(few.watched, MonitorOptions(most_idle_share=1.0), lambda: None, lambda: None)
    assert CHECKS["idle"].results(all_may)[0].answer is Answer.PASSED


@pytest.mark.parametrize("code", ["volume", "maturing"])
def test_figures_for_reading_never_fail(code):
    shown = result(code)
    assert (shown.answer, CHECKS[code].can_alarm) == (Answer.PASSED, False)
    assert shown.tables


@pytest.mark.parametrize("code", ["gaming", "volume", "waiting", "maturing"])
def test_without_a_ladder_nothing_could_be_checked(code):
    nothing = pd.DataFrame()
    watched = Watched(SPEC, NOW, None, (), nothing, nothing, nothing, nothing)
    [one] = CHECKS[code].results(Monitored(watched, MonitorOptions(), lambda: None, lambda: None))
    assert one.answer is Answer.UNCHECKED
