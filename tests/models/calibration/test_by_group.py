"""Groups: a right forecast is hardly ever called wrong, a wrong one is found where it is, few leads say nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from models.calibration.by_group import (
    MISSING,
    MOST_VALUES,
    OTHER,
    Grouping,
    _holm,
    agreement,
    calibration_by_group,
    groupings,
)
from models.forecast.fit_forecast import labelled_rows


def rows(seed: int, leads: int = 4_000, looks: int = 2) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    p = np.repeat(rng.beta(1, 8, leads), looks)
    table = pd.DataFrame({"lead_id": np.repeat(np.arange(leads).astype(str), looks), "p": p})
    table["y"] = (np.repeat(rng.random(leads), looks) < p).astype(float)
    for name, values in (("channel", 5), ("country", 4), ("month", 8)):
        table[name] = np.repeat(rng.integers(0, values, leads), looks).astype(str)
    return table


def judged(table: pd.DataFrame) -> pd.DataFrame:
    divided = [Grouping("segment", name, table[name]) for name in ("channel", "country", "month")]
    return calibration_by_group(table["y"], table["p"], lead_ids=table["lead_id"], divided=divided)


def test_a_right_forecast_is_called_wrong_in_no_more_than_one_report_of_twenty() -> None:
    alarms = [(judged(rows(seed, leads=600))["verdict"].isin(["too high", "too low"])).any() for seed in range(40)]
    assert sum(alarms) <= 6  # 2 expected; more than 6 of 40 happen once in 200


def test_what_is_wrong_in_one_group_only_is_found_there() -> None:
    table = rows(1)
    wrong = table["channel"] == "3"
    table.loc[wrong, "p"] = (table.loc[wrong, "p"] * 2).clip(upper=1)
    found = judged(table).set_index(["column", "value"])
    assert found.loc[("channel", "3"), "verdict"] == "too high"
    assert (found.loc["channel"].drop(index="3")["verdict"] == "agrees").all()
    assert found.loc[("channel", "3"), "high"] < found.loc[("channel", "3"), "forecast"]


def test_numbers_worked_by_hand() -> None:
    # Lead a weighs ½ + ½ in group x; b ½ in x and ½ in y.
    table = pd.DataFrame({"lead_id": list("aabb"), "y": [1.0, 0.0, 1.0, 0.0], "p": [0.4, 0.2, 0.6, 0.1]})
    divided = [Grouping("segment", "g", pd.Series(list("xxxy")))]
    found = calibration_by_group(table["y"], table["p"], lead_ids=table["lead_id"], divided=divided).set_index("value")
    assert found.loc["x", ["leads", "outcomes"]].tolist() == [2, 2]
    assert found.loc["x", "forecast"] == pytest.approx((0.2 + 0.1 + 0.3) / 1.5)
    assert found.loc["x", "observed"] == pytest.approx((0.5 + 0.5) / 1.5)
    assert found.loc["y", ["forecast", "observed"]].tolist() == pytest.approx([0.1, 0.0])
    assert (found["verdict"] == "too few to tell").all()
    assert agreement(found) == {"groups": 2, "agrees": 0, "too_high": 0, "too_low": 0, "too_few_to_tell": 2}


def test_holm_by_hand() -> None:
    # 0.05 / 4, / 3, / 2, / 1 in order: 0.01 ≤ 0.0125, 0.016 ≤ 0.0167, 0.03 > 0.025 and so none after it
    assert _holm(np.array([0.03, 0.01, 0.04, 0.016])).tolist() == [False, True, False, True]


def test_rare_and_missing_values_have_names_of_their_own(company) -> None:
    table = labelled_rows(company.history, company.labels, "sql", ("test",)).drop_duplicates("lead_id").reset_index()
    names = [f"v{number}" for number in range(MOST_VALUES + 2)]
    counts = [12, 11, 10, 9, 8, 7, 3, 2]
    held = np.repeat(names, counts)
    values = np.concatenate([held, np.full(len(table) - len(held), None)])
    table["fit_industry"] = values
    found = groupings(table, company.features, company.spec, telling=["industry"])
    industry = next(grouping for grouping in found if grouping.column == "fit_industry").value.value_counts()
    assert industry[OTHER] == 3 + 2
    assert industry[MISSING] == len(table) - sum(counts)
    assert set(industry.index) == {*names[:MOST_VALUES], OTHER, MISSING}
    assert [grouping.dimension for grouping in found][-1] == "month"
