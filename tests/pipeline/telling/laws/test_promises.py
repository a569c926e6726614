"""Whom a decision promoted first, as the store has it, and that a promise which is not kept is told once."""

from __future__ import annotations

from datetime import UTC, datetime

from features.answers import Answer
from features.checks import CheckResult
from features.time_units import parse_time
from models.findings.finding import finding
from pipeline.score.sinks.promotions import read_promotions
from pipeline.telling.command import tell_of_checks

LOG = {"kind": "file", "language": "de", "events": ["promise.broken", "monitor.alarm"]}
LATE = parse_time("2026-12-01")


def promoted(nights, version: str, as_of_us: int = LATE) -> dict[str, list[str]]:
    promotions = read_promotions(None, nights.out, version, as_of_us=as_of_us)
    return {band: sorted(leads["lead_id"]) for band, leads in promotions.leads.items()} if promotions else {}


def test_first_promotions_are_those_after_the_decisions_first_run(nights) -> None:
    assert read_promotions(None, nights.out, "v2", as_of_us=LATE) is None
    nights.night({"a": "none", "b": "MQL"}, version="v1")
    nights.night({"a": "none", "b": "MQL", "c": "none", "d": "MQL"}, version="v2")
    nights.night({"a": "MQL", "b": "none", "c": "SAL", "d": "SAL", "e": "none"}, version="v2")
    undone = nights.night({"a": "MQL", "b": "MQL", "c": "SAL", "d": "SAL", "e": "SAL"}, version="v2")
    nights.undo(undone)
    nights.night({"a": "SAL", "c": "with_sales", "e": "none", "f": "excluded"}, version="v2")
    nights.night({"g": "SAL"}, version="v3")
    # b and d had passed in the first run of v2; d passed the cut-off for SAL later; e did in a run that was taken back
    assert promoted(nights, "v2") == {"MQL": ["a", "c"], "SAL": ["a", "c", "d"]}
    assert promoted(nights, "v2", parse_time("2026-06-03T07:00:00Z")) == {"MQL": [], "SAL": []}
    assert promoted(nights, "v2", parse_time("2026-06-02")) == {}


def broken(*names: tuple[str, str], version: str = "v1") -> CheckResult:
    figures = {"promised_share": 0.3, "goal": "SQL", "leads": 400, "reached": 80, "came_share": 0.2}
    found = [
        {"band": band, "what": what, "finding": finding("promise.share.broken", band=band, **figures)}
        for band, what in names
    ]
    answer = Answer.FAILED if names else Answer.PASSED
    return CheckResult("promise", "", answer, figures={"version": version, "broken": found})


def test_a_promise_that_is_not_kept_is_told_once_for_each_decision(nights) -> None:
    mql, sal = ("MQL", "share"), ("SAL", "share")
    for hour, (result, bands) in enumerate(
        [
            (broken(), []),
            (broken(mql), ["MQL"]),
            (broken(mql), []),
            (broken(), []),
            (broken(mql, sal), ["SAL"]),
            (broken(mql, version="v2"), ["MQL"]),
        ]
    ):
        before = len(nights.lines())
        at = datetime(2026, 6, 1, hour, tzinfo=UTC)
        tell_of_checks(nights.settings(log=LOG), nights.out, [result], as_of_us=parse_time(at))
        assert [line["data"]["band"] for line in nights.lines()[before:]] == bands, hour
    line = nights.lines()[0]
    assert line["type"] == "promise.broken"
    assert line["data"]["subject"] == "Die Schwelle für MQL hält nicht, was versprochen wurde."
    assert "80 von 400 haben es erreicht" in line["data"]["sentence"]
