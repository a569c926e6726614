"""What another result would have taken: parts are taken away exactly, and the fewest that turn the band are named."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.bands import PerBand
from models.log_odds import log_odds_to_probability
from models.scoring.reason import OTHER
from models.scoring.variation import band_at, variation

parts = st.lists(st.floats(-3, 3), min_size=1, max_size=5)
cutoffs = st.tuples(st.floats(0.05, 0.9), st.floats(0, 0.09)).map(lambda pair: PerBand(pair[0], pair[0] + pair[1]))


def reasons_of(odds: list[float], rest: float) -> list[dict[str, object]]:
    return [{"family": "fit", "log_odds": value} for value in odds] + [{"family": OTHER, "log_odds": rest}]


@given(parts, st.floats(-2, 2), st.floats(-3, 1), cutoffs, st.booleans(), st.booleans())
def test_what_is_said_is_what_taking_parts_away_gives(odds, rest, base, at, excluded, gates_open) -> None:
    total = base + rest + sum(odds)
    p = float(log_odds_to_probability(total))
    answer = variation(p, reasons_of(odds, rest), at, excluded=excluded, gates_open=gates_open)
    assert answer.start == pytest.approx(float(log_odds_to_probability(base)), abs=1e-9)
    for value, without in zip(odds, answer.each, strict=True):
        assert without.probability == pytest.approx(float(log_odds_to_probability(total - value)), abs=1e-9)
        assert without.band == band_at(without.probability, at, excluded=excluded, gates_open=gates_open)


@given(parts, st.floats(-2, 2), st.floats(-3, 1), cutoffs, st.booleans())
def test_no_choice_of_fewer_parts_turns_the_band(odds, rest, base, at, gates_open) -> None:
    total = base + rest + sum(odds)
    p = float(log_odds_to_probability(total))
    turning = variation(p, reasons_of(odds, rest), at, excluded=False, gates_open=gates_open).turning
    band = band_at(p, at, excluded=False, gates_open=gates_open)
    fewer = range(1, len(odds) + 1) if turning is None else range(1, len(turning.parts))
    for count in fewer:
        for chosen in itertools.combinations(odds, count):
            other = float(log_odds_to_probability(total - sum(chosen)))
            on_edge = min(abs(other - at.mql), abs(other - at.sal)) < 1e-9
            assert on_edge or band_at(other, at, excluded=False, gates_open=gates_open) == band
    assert turning is None or turning.band != band


def test_nothing_turns_a_lead_that_a_rule_excludes() -> None:
    answer = variation(0.9, reasons_of([2.0, -1.0], 0.1), PerBand(0.2, 0.5), excluded=True, gates_open=True)
    assert answer.turning is None
