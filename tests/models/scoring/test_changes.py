"""The change of a score is shared out without a rest, and each cause gets what it alone moved."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.log_odds import log_odds_to_probability
from models.scoring.changes import CAUSES, EARLIER, PathPoint, band_causes, split_changes, total_change

BANDS = ["none", "MQL", "SAL"]
standings = st.lists(st.tuples(st.floats(-12, 12), st.sampled_from(BANDS)), min_size=6, max_size=6)


def path_of(leads: list[list[tuple[float, str]]]) -> list[PathPoint]:
    return [
        PathPoint(np.array([lead[step][0] for lead in leads]), [lead[step][1] for lead in leads]) for step in range(6)
    ]


@given(st.lists(standings, min_size=1, max_size=4))
def test_parts_add_up_to_both_scores(leads: list[list[tuple[float, str]]]) -> None:
    for lead, parts in zip(leads, split_changes(path_of(leads)), strict=True):
        assert [part["part"] for part in parts] == [EARLIER, *CAUSES]
        odds, points = (sum(part[name] for part in parts) for name in ("log_odds", "percentage_points"))
        assert odds == pytest.approx(lead[-1][0], abs=1e-9)
        assert points == pytest.approx(100 * float(log_odds_to_probability(lead[-1][0])), abs=1e-9)
        assert total_change(parts) == pytest.approx(points - parts[0]["percentage_points"], abs=1e-9)
        assert [part["band"] for part in parts] == [band for _, band in lead]


@given(standings, st.integers(1, 5))
def test_what_did_not_change_has_no_part_in_it(lead: list[tuple[float, str]], step: int) -> None:
    lead[step] = lead[step - 1]
    part = split_changes(path_of([lead]))[0][step]
    assert part["log_odds"] == 0.0
    assert part["percentage_points"] == 0.0
    assert part["part"] not in band_causes(split_changes(path_of([lead]))[0])


def test_a_lead_that_reached_the_target_is_not_split_and_disturbs_nobody() -> None:
    usual = [(value, "none") for value in (-2.0, -1.5, -1.6, -0.5, -0.4, -0.4)]
    reached = [*usual[:3], *[(float("inf"), "SAL")] * 3]
    alone, together = split_changes(path_of([usual])), split_changes(path_of([reached, usual]))
    assert together == [[], *alone]


def test_a_band_has_the_causes_that_moved_it() -> None:
    lead = [(0.0, "none"), (0.0, "none"), (0.1, "none"), (0.5, "MQL"), (0.5, "MQL"), (0.5, "SAL")]
    assert band_causes(split_changes(path_of([lead]))[0]) == ("new_behaviour", "new_cutoffs")
    assert band_causes([]) == ()


def test_a_path_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="6 points"):
        split_changes(path_of([[(0.0, "none")] * 6])[:5])
