"""The check of promises, on a company that keeps them and one whose rate drops by 40 % in its tenth week."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.answers import Answer
from features.checks import CheckResult
from features.source_spec import SourceSpec
from features.time_units import DAY_US, WEEK_US, parse_time
from models.bands import PerBand
from models.cutoffs.cutoffs import Cutoffs
from models.findings.finding import said
from pipeline.monitor.check import Monitored
from pipeline.monitor.promise_check import InForce, PromisesKept
from pipeline.monitor.report import Result, to_json, to_page
from pipeline.monitor.tables import Watched
from pipeline.score.sinks.promotions import PromotedLeads
from pipeline.settings.settings import MonitorOptions

SPEC = SourceSpec.model_validate(
    {
        "name": "x", "title": {"de": "X", "en": "X"}, "ladder": ["MQL", "SAL", "SQL", "WON"],
        "targets": {"sql": {"stage": "SQL", "horizon": "30d"}}, "fit": {"industry": {"type": "category"}},
    }
)  # fmt: skip
START, WEEKS, A_WEEK = parse_time("2026-01-05"), 30, 40


def statement(low: float, promise: float | None) -> dict[str, Any]:
    stated = {"value": 40.0, "low": 25.0, "high": 70.0}
    quarter = {
        "weeks": 13, "confidence": 0.9, "leads_per_week": stated, "recall": None, "outcomes_per_week": None,
        "precision": {"value": low + 0.1, "low": low, "high": low + 0.2}, "deals_per_week": None,
        "value_per_week": None, "judged_leads": 300,
    }  # fmt: skip
    kept = {"threshold": 0.4, "share": promise, "confidence": 0.9, "leads": 300, "won": 120}
    return {
        "policy": "promised_precision", "asked": "", "promise": None if promise is None else kept, "forward": 0.4,
        "raised_to_mql": False, "next_quarter": quarter,
    }  # fmt: skip


CUTOFFS = Cutoffs.model_validate(
    {
        "target": "sql", "mql": 0.4, "sal": 0.5, "policy": "promised_precision", "weeks": 8.0,
        "mql_volume": {"asked_per_week": None, "got_per_week": 40.0},
        "sal_volume": {"asked_per_week": None, "got_per_week": 40.0},
        "baseline": {"kind": "points", "mql": 40, "sal": 55, "mql_per_week": 40, "sal_per_week": 40},
        "mql_statement": statement(0.25, 0.3), "sal_statement": statement(0.25, None),
    }
)  # fmt: skip


def look(as_of_us: int, *, drops: bool, seed: int = 1) -> CheckResult:
    """Look at a company that hands 40 leads a week over, of which 36 % reach SQL, as it stood at a moment."""
    rng = np.random.default_rng(seed)
    at = np.sort(START + rng.integers(0, WEEKS * WEEK_US, WEEKS * A_WEEK))
    chance = np.where(drops & (at >= START + 10 * WEEK_US), 0.6 * 0.36, 0.36)
    came = rng.random(len(at)) < chance
    leads = pd.DataFrame({"lead_id": [f"L{number}" for number in range(len(at))], "at_us": at})
    entered = at + rng.integers(1, 30 * DAY_US, len(at))
    stages = pd.DataFrame({"lead_id": leads["lead_id"], "stage": "SQL", "entered_us": entered})
    stages = stages[came & (entered <= as_of_us)]
    known = leads[leads["at_us"] <= as_of_us]
    until = min(as_of_us, START + WEEKS * WEEK_US)
    in_force = InForce("v1", CUTOFFS, PromotedLeads(PerBand(known, known), START, until))
    nothing = pd.DataFrame()
    watched = Watched(SPEC, as_of_us, None, (), nothing, nothing, stages, nothing)
    monitored = Monitored(watched, MonitorOptions(), lambda: None, lambda: None, lambda: in_force)
    [result] = PromisesKept().results(monitored)
    if result.tables:
        whole = Result(watched, (result,), result.answer)
        assert "promises" in to_json(whole)
        assert "Do the cut-offs keep what was promised?" in to_page(whole)
    return result


@pytest.mark.parametrize("seed", range(3))
def test_a_company_that_keeps_its_promises_is_never_called(seed: int) -> None:
    for week in range(2, WEEKS + 5, 2):
        assert look(START + week * WEEK_US, drops=False, seed=seed).answer is not Answer.FAILED, week
    last = look(START + (WEEKS + 5) * WEEK_US, drops=False, seed=seed)
    assert last.answer is Answer.PASSED
    assert set(last.tables["promises"]["kept"]) == {"kept"}
    assert "MQL: kept. Promised: at least 30.0% reach SQL; " in last.sentence


@pytest.mark.parametrize("seed", range(3))
def test_a_rate_that_drops_by_40_percent_is_called_and_told_with_its_counts(seed: int) -> None:
    assert look(START + 12 * WEEK_US, drops=True, seed=seed).answer is not Answer.FAILED
    result = look(START + (WEEKS + 5) * WEEK_US, drops=True, seed=seed)
    assert result.answer is Answer.FAILED
    broken = {(one["band"], one["what"]): one["finding"] for one in result.figures["broken"]}
    assert ("MQL", "share") in broken
    assert ("MQL", "volume") not in broken
    row = result.tables["promises"].iloc[0]
    assert row["kept"] == "not kept"
    german = said(broken["MQL", "share"], "de")
    assert german.startswith("MQL: nicht gehalten. Versprochen: Mindestens 30,0")
    assert f"{row['reached']:.0f} von {row['leads']:.0f}" in german


def test_without_a_champion_nothing_was_promised() -> None:
    nothing = pd.DataFrame()
    watched = Watched(SPEC, START, None, (), nothing, nothing, nothing, nothing)
    [result] = PromisesKept().results(Monitored(watched, MonitorOptions(), lambda: None, lambda: None))
    assert result.answer is Answer.UNCHECKED
    assert "nothing was promised" in result.sentence
