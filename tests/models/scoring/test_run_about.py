"""What a run says of itself, read again from stores of this and older versions."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from models.scoring.run_about import DecisionAbout, RunAbout

FIRST_VERSION: dict[str, Any] = {
    "source": "small", "title": {"de": "Klein", "en": "Small"}, "observed_until": "2026-06-01T12:00:00Z",
    "targets": {"sql": {"stage": "SQL", "horizon_days": 30.0, "words": None}},
    "cutoffs": {"target": "sql", "mql": 0.1, "sal": 0.3}, "points_cutoffs": None, "averages": {"p_sql": None},
    "leads": 3, "reached": 1, "bands": {"SAL": 0, "MQL": 1, "none": 1}, "excluded": 0,
}  # fmt: skip
"""All that the first version said."""
WORDS = {"de": "Abschluss", "en": "deal won"}
THIS_VERSION: dict[str, Any] = {
    "source": "small", "top_reasons": 3, "title": {"de": "Klein", "en": "Small"},
    "observed_until": "2026-06-01T12:00:00.000001Z",
    "targets": {"close": {"stage": "WON", "horizon_days": 0.1, "words": WORDS}},
    "cutoffs": {"target": "close", "mql": 0.1, "sal": 1 / 3}, "points_cutoffs": {"mql": 40.0, "sal": 70.5},
    "averages": {"p_close": 0.1 + 0.2}, "leads": 3,
    "bands": {"SAL": 0, "MQL": 1, "none": 0}, "excluded": 0, "with_sales": 1, "reached": 1,
    "verdict": {"beats_baseline": True, "baseline": "points", "leads": 900, "outcomes": 40},
    "lane": {"share": 0.1, "chance": 0.01, "took_part": 5, "drawn": 1},
    "decision": {"state": "champion", "version": "0123456789ab", "since": "2026-05-01T08:00:00Z",
                 "signed_by": ["Ada", "Bo"], "waiting_for": []},
    "unknown_times": "won", "before": {"run_id": "0a1b", "observed_until": "2026-05-31T12:00:00Z"},
    "timezone": "Europe/Berlin",
}  # fmt: skip


def test_what_is_written_is_what_was_read_key_by_key_in_order_and_bit_by_bit() -> None:
    written = RunAbout.model_validate(THIS_VERSION).model_dump(mode="json")
    assert written == THIS_VERSION
    assert list(written) == list(THIS_VERSION)
    for key in ("targets", "cutoffs", "verdict", "lane", "decision", "before"):
        assert list(written[key]) == list(THIS_VERSION[key])


def test_what_the_first_version_did_not_say_has_one_meaning() -> None:
    about = RunAbout.model_validate(FIRST_VERSION)
    assert (about.verdict, about.lane, about.decision) == (None, None, None)
    assert (about.unknown_times, about.before) == (None, None)
    assert (about.top_reasons, about.with_sales) == (5, 0)


@pytest.mark.parametrize("key", FIRST_VERSION)
def test_what_every_version_said_is_needed(key: str) -> None:
    with pytest.raises(ValidationError, match=key):
        RunAbout.model_validate({name: value for name, value in FIRST_VERSION.items() if name != key})


def test_what_a_newer_version_says_besides_is_left_out() -> None:
    newer = FIRST_VERSION | {"weather": "fine", "cutoffs": FIRST_VERSION["cutoffs"] | {"third": 0.9}}
    assert RunAbout.model_validate(newer) == RunAbout.model_validate(FIRST_VERSION)


def test_the_goal_is_the_target_of_the_cut_offs() -> None:
    about = RunAbout.model_validate(THIS_VERSION)
    assert (about.goal.stage, about.probability, about.average) == ("WON", "p_close", 0.1 + 0.2)
    assert about.goal.words is not None
    assert (about.goal.words.of("de"), about.goal.words.of("en")) == ("Abschluss", "deal won")
    assert RunAbout.model_validate(FIRST_VERSION).average is None


def test_a_champion_is_named_with_days_and_teams_as_readers_write_them() -> None:
    said = DecisionAbout(
        state="champion",
        version="0123",
        since="2026-11-28T15:05:51Z",
        signed_by=("marketing: M. Vogt", "sales: S. Brandt"),
    ).words()
    assert "in Kraft seit 28.11.2026, unterschrieben von Marketing: M. Vogt, Vertrieb: S. Brandt" in said.de
    assert "in force since 28 Nov 2026, signed by marketing: M. Vogt, sales: S. Brandt" in said.en
    assert "wartet auf Vertrieb" in DecisionAbout(state="waiting", waiting_for=("sales",)).words().de
