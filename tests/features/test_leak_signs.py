"""Columns of a made-up CRM whose honest and late columns are known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features.leak_signs import as_times, auc, judge_columns, name_sign


@pytest.fixture(scope="module")
def answers() -> dict[str, str]:
    rng = np.random.default_rng(3)
    n = 4000
    intent = rng.normal(size=n)
    won = pd.Series(rng.random(n) < 1 / (1 + np.exp(-(1.2 * intent - 1))))
    created = pd.Series(pd.Timestamp("2025-01-01", tz="UTC") + pd.to_timedelta(np.arange(n), unit="h")).dt.as_unit("us")

    def text(*choices: object) -> pd.Series:
        return pd.Series(np.select([won & (rng.random(n) < 0.9), ~won & (rng.random(n) < 0.9)], choices, "other"))

    filled = pd.Series(rng.random(n) < 0.6)
    day = pd.Timedelta(days=1)
    values = pd.DataFrame(
        {
            # honest, some of them strong
            "industry": np.where(rng.random(n) < 0.3 + 0.2 * (intent > 0), "machinery", "food"),
            "visits": (2 * intent + rng.normal(size=n)).round(2),
            "last_name": rng.choice(["Maier", "Huber", "Schmidt"], n),
            "company_founded": (created - 3000 * day).dt.strftime("%Y-%m-%d"),
            "current_employees": rng.integers(1, 500, n).astype(str),
            "title": rng.choice(["Lost property manager", "CEO", "CFO"], n),
            "nothing": None,
            "same": "x",
            # written late
            "tags": text("hot", "ringing"),
            "contract_number": pd.Series(np.arange(n).astype(str)).where(won),
            "lost_because": pd.Series("price", index=range(n)).where(~won & (rng.random(n) < 0.5)),
            "lead_score": (intent + rng.normal(size=n) * 3).round(2),
            "Last Activity": np.where(rng.random(n) < 0.3 + 0.2 * won, "call", "mail"),
            "next_step_on": (created + 9 * day).dt.strftime("%Y-%m-%d"),
            "remarks": np.where(won & (rng.random(n) < 0.3), "Closed by Meier", "open"),
            # doubtful
            "occupation": pd.Series("engineer", index=range(n)).where(won | (rng.random(n) < 0.6)),
            "quality": rng.choice(["a", "b"], n),
            "block_score": pd.Series((intent + rng.normal(size=n)).round(2)).where(filled),
            "block_region": pd.Series(rng.choice(["n", "s"], n)).where(filled),
        }
    )
    looked_at = created + day
    return {v.column: v.answer for v in judge_columns(values, won, looked_at, outcome_names=["WON", "LOST"])}


@pytest.mark.parametrize(
    "column", ["industry", "visits", "last_name", "company_founded", "current_employees", "title", "nothing", "same"]
)
def test_honest_columns_are_fine(answers: dict[str, str], column: str) -> None:
    assert answers[column] == "fine"


@pytest.mark.parametrize(
    "column",
    [
        "tags",
        "contract_number",
        "lost_because",
        "lead_score",
        "Last Activity",
        "next_step_on",
        "remarks",
        "block_score",
    ],
)
def test_late_columns_are_leaks(answers: dict[str, str], column: str) -> None:
    assert answers[column] == "leak"


@pytest.mark.parametrize("column", ["occupation", "quality", "block_region"])
def test_what_the_figures_cannot_settle_is_left_open(answers: dict[str, str], column: str) -> None:
    assert answers[column] == "cannot tell"


def test_too_few_outcomes_are_never_a_pass() -> None:
    won = pd.Series([True] * 19 + [False] * 500)
    values = pd.DataFrame({"industry": ["a", "b", "c"] * 173})
    looked_at = pd.Series([pd.Timestamp("2025-01-01", tz="UTC")] * 519)
    (verdict,) = judge_columns(values, won, looked_at)
    assert verdict.answer == "cannot tell"
    assert "19 winners" in verdict.why


@pytest.mark.parametrize(
    ("name", "says_something"),
    [
        ("Last Notable Activity", True),
        ("lastActivityDate", True),
        ("lead_status", True),
        ("Lost Reason", True),
        ("Asymmetrique Profile Index", True),
        ("letzte_aktivität", True),
        ("last_name", False),
        ("What is your current occupation", False),
        ("Get updates on DM Content", False),
        ("country", False),
    ],
)
def test_names(name: str, says_something: bool) -> None:
    assert (name_sign(name) is not None) is says_something


def test_auc_counts_pairs() -> None:
    # pairs (won, other): (3, 1) right, (3, 2) right, (2, 1) right, (2, 2) tied: 3.5 of 4
    assert auc(np.array([3.0, 2.0, 1.0, 2.0]), np.array([True, True, False, False])) == 3.5 / 4


def test_numbers_are_not_taken_for_times() -> None:
    assert as_times(pd.Series(["20250101", "20250102"])) is None
    assert as_times(pd.Series(["2025-01-01", None])) is not None
