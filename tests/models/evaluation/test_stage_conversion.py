"""Conversion of promoted leads: worked by hand, maturity, and the as-of rule."""

from __future__ import annotations

import pandas as pd
import pytest

from features.language.languages import Words
from features.source_spec import SourceSpec, Target
from features.time_units import DAY_US
from models.evaluation.stage_conversion import Conversion, Step, conversion_steps, convert

SPEC = SourceSpec(
    name="small",
    title=Words(de="Klein", en="Small"),
    targets={"sql": Target(stage="SQL", horizon="60d"), "close": Target(stage="WON", horizon="180d")},
)


def follow(
    promotions: list[tuple[str, int]], stages: list[tuple[str, str, int]], until_day: int, horizon_days: int = 30
) -> tuple[int, int, int, int, float]:
    step = Step("SQL", ("SQL", "WON"), horizon_days * DAY_US)
    promoted = pd.DataFrame(promotions, columns=["lead_id", "as_of_us"])
    entries = pd.DataFrame(stages, columns=["lead_id", "stage", "entered_us"])
    promoted["as_of_us"] *= DAY_US
    entries["entered_us"] = entries["entered_us"].astype("int64") * DAY_US
    result = convert(promoted, entries, [step], observed_until_us=until_day * DAY_US, draws=100, seed=1)[0]
    return result.leads, result.already_there, result.too_young, result.reached, result.median_days.value


def test_worked_by_hand() -> None:
    promotions = [("a", 0), ("b", 0), ("c", 0), ("d", 0), ("e", 0), ("f", 10), ("g", 90)]
    stages = [
        ("a", "SQL", 4),  # reached after 4 days
        ("b", "WON", 30),  # reached (a rung above), on the last day
        ("c", "SQL", 31),  # a day too late
        ("d", "SAL", 5),  # another stage
        ("e", "SQL", 0),  # there when promoted: known at the as-of time, not an outcome
        ("f", "SQL", 20),  # reached after 10 days
        ("f", "SQL", 15),  # the first entry counts: 5 days
        ("g", "SQL", 91),  # 30 days have not passed by day 100: too young, although it was quick
    ]
    # Counted: a, b, c, d, f. Reached: a (4), b (30), f (5); median 5.
    assert follow(promotions, stages, until_day=100) == (5, 1, 1, 3, 5.0)


def test_nobody_promoted_gives_no_share() -> None:
    leads, _, _, reached, median = follow([], [("a", "SQL", 1)], until_day=50)
    assert (leads, reached) == (0, 0)
    assert pd.isna(median)


def test_the_share_has_wilsons_interval() -> None:
    promoted = pd.DataFrame({"lead_id": list("abcdefghij"), "as_of_us": 0})
    entries = pd.DataFrame({"lead_id": ["a"], "stage": ["SQL"], "entered_us": [DAY_US]})
    step = Step("SQL", ("SQL",), 30 * DAY_US)
    share = convert(promoted, entries, [step], observed_until_us=60 * DAY_US, draws=50, seed=1)[0].share
    # Wilson for 1 of 10: 0.0179 to 0.4042.
    assert (share.value, share.low, share.high) == (
        0.1,
        pytest.approx(0.0179, abs=1e-4),
        pytest.approx(0.4042, abs=1e-4),
    )


def test_weights_count_and_who_says_nothing_is_left_out() -> None:
    promoted = pd.DataFrame({"lead_id": list("abcd"), "as_of_us": 0})
    entries = pd.DataFrame(
        {"lead_id": list("acd"), "stage": "SQL", "entered_us": [2 * DAY_US, 5 * DAY_US, 20 * DAY_US]}
    )
    step = Step("SQL", ("SQL",), 30 * DAY_US)

    def share_of(promotions: pd.DataFrame) -> Conversion:
        return convert(promotions, entries, [step], observed_until_us=60 * DAY_US, draws=50, seed=1)[0]

    plain = share_of(promoted)
    assert share_of(promoted.assign(weight=1.0)) == plain
    assert (plain.worked, plain.effective_leads, plain.median_days.value) == (4, 4, 5)
    # a and b are with sales, c was drawn with probability 1 in 8, d came to sales by itself later: of a, b and c, those
    # that reached it weigh 9 of 10; most of the weight is c's, after 5 days.
    found = share_of(promoted.assign(weight=[1.0, 1.0, 8.0, 0.0]))
    assert (found.leads, found.worked, found.share.value, found.median_days.value) == (4, 3, 0.9, 5)


def test_outcomes_after_the_end_of_observation_change_nothing_that_counts() -> None:
    promotions, stages = [("a", 0), ("b", 5)], [("a", "SQL", 3)]
    later = [*stages, ("b", "SQL", 80)]
    assert follow(promotions, stages, until_day=60) == follow(promotions, later, until_day=60)


def test_steps_follow_the_ladder() -> None:
    steps = conversion_steps(SPEC)
    assert [(s.stage, s.horizon_us // DAY_US) for s in steps] == [("SAL", 60), ("SQL", 60), ("WON", 180)]
    assert steps[0].reaching == ("SAL", "SQL", "WON")
    short = SPEC.model_copy(update={"rungs": ("OFFER", "SQL", "WON")})
    assert [s.stage for s in conversion_steps(short)] == ["SQL", "WON"]
