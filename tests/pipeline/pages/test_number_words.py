from __future__ import annotations

from models.measures.bootstrap import Interval
from pipeline.pages.number_words import bounds, percent, percent_bounds, signed


def test_numbers_that_are_not_there_are_dashes() -> None:
    none = Interval(float("nan"), float("nan"), float("nan"))
    assert (bounds(none, 2), percent_bounds(none), percent(none.value), signed(none.value, 1)) == ("–",) * 4
    assert bounds(Interval(0, -0.5, 0.25), 2, with_sign=True) == "−0.50 to +0.25"
