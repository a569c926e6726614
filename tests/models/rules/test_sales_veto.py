"""A lead that sales rejected is not promoted again until it does something or time has passed."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from features.time_units import DAY_US
from models.rules.sales_veto import Veto, vetoed
from pipeline.source.folder import read_source

VETO = Veto(stages=("RECYCLED", "LOST"), days=90)


def rows(**changed: list[object]) -> pd.DataFrame:
    table: dict[str, list[object]] = {
        "journey_current_stage": ["RECYCLED"],
        "journey_days_in_stage": [20.0],
        "journey_days_since_last_event": [50.0],
    }
    return pd.DataFrame({**table, **changed})


@pytest.mark.parametrize(
    ("changed", "held"),
    [
        ({}, True),
        ({"journey_current_stage": ["LOST"]}, True),
        ({"journey_current_stage": ["SAL"]}, False),
        ({"journey_current_stage": [None]}, False),
        ({"journey_days_in_stage": [90.0]}, False),
        ({"journey_days_since_last_event": [19.0]}, False),
        ({"journey_days_since_last_event": [20.0]}, True),  # what it did at the very moment is what was judged
        ({"journey_days_since_last_event": [None]}, True),
    ],
)
def test_the_last_word_of_sales(changed: dict[str, list[object]], held: bool) -> None:
    X = rows(**changed)
    X["journey_days_since_last_event"] = X["journey_days_since_last_event"].astype("float64")
    assert vetoed(X, VETO).tolist() == [held]


def test_no_veto_and_no_stages_on_record_hold_nobody() -> None:
    assert vetoed(rows(), None).tolist() == [False]
    assert vetoed(rows(), Veto(stages=("RECYCLED",), days=0)).tolist() == [False]
    assert vetoed(rows().drop(columns="journey_current_stage"), VETO).tolist() == [False]
    assert vetoed(rows().drop(columns="journey_days_since_last_event"), VETO).tolist() == [True]


def test_a_source_s_veto_is_its_recycled_and_lost_stages() -> None:

    spec = read_source(Path(__file__).parents[3] / "sources" / "demo", {}).spec
    assert Veto.of(spec, 30 * DAY_US) == Veto(stages=("RECYCLED", "LOST"), days=30)
