"""What an open lead is counted as: once, by precedence; and whom sales gets next."""

from __future__ import annotations

import itertools

import pandas as pd
import pytest

from features.source_spec import SourceSpec
from models.scoring.groups import GROUPS, counted_as, is_with_sales, to_hand_over

FLAGS = [False, True]


def spec(ladder: list[object]) -> SourceSpec:
    targets = {"sql": {"stage": "SQL", "horizon": "30d"}}
    return SourceSpec.model_validate(
        {"name": "x", "title": {"de": "X", "en": "X"}, "targets": targets, "ladder": ladder}
    )


def test_every_lead_is_in_one_group_and_the_first_that_applies_wins() -> None:
    rows = list(itertools.product(["none", "MQL", "SAL"], FLAGS, FLAGS, FLAGS))
    band, reached, with_sales, excluded = (list(column) for column in zip(*rows, strict=True))
    groups = counted_as(band, reached=reached, with_sales=with_sales, excluded=excluded)
    for group, (its_band, at_goal, at_sales, by_rule) in zip(groups, rows, strict=True):
        assert group in GROUPS
        assert group == ("reached" if at_goal else "with_sales" if at_sales else "excluded" if by_rule else its_band)


def test_sales_gets_those_at_a_cut_off_whom_nothing_holds_back() -> None:
    #                  hand over   below the cut-off   at SAL already   at SQL already   a student
    band = ["MQL", "none", "SAL", "SAL", "none"]
    groups = counted_as(
        band,
        reached=[False, False, False, True, False],
        with_sales=[False, False, True, True, False],
        excluded=[False, False, False, False, True],
    )
    assert groups.tolist() == ["MQL", "none", "with_sales", "reached", "excluded"]
    assert to_hand_over(groups).tolist() == [True, False, False, False, False]
    assert to_hand_over([]).tolist() == []


@pytest.mark.parametrize(
    ("ladder", "expected"),
    [
        (["MQL", "SRL", "SAL", "SQL", "WON"], ["SAL", "SQL"]),
        (["MQL", {"stage": "SRL", "with_sales": True}, "SAL", "SQL", "WON"], ["SRL", "SAL", "SQL"]),
        (["MQL", "SRL", "SQL", "WON"], []),
    ],
)
def test_lost_recycled_and_new_leads_are_not_with_sales(ladder: list[object], expected: list[str]) -> None:
    stages = pd.Series(["MQL", "SRL", "SAL", "SQL", "LOST", "RECYCLED", None], dtype="object")
    for dtype in ("object", "str", "category"):
        found = is_with_sales(stages.astype(dtype), spec(ladder))
        assert stages[found].tolist() == expected
