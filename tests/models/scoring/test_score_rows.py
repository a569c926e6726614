"""Score rows: the same alone and among others, with rules and without."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.language.languages import Words
from features.source_spec import Condition, Exclusion
from models.cutoffs.cutoffs import Cutoffs
from models.forecast.forecast import Forecast
from models.forecast.saved_form import from_files
from models.rules.points import PointsRules
from models.scoring.score_rows import SCORE_COLUMNS, score_rows
from models.scoring.wording import ScoreWording


@pytest.fixture(scope="module")
def forecast(demo_run: Path) -> Forecast:
    return from_files({file.name: file.read_text() for file in (demo_run / "train" / "model").iterdir()})


@pytest.fixture(scope="module")
def cutoffs(demo_run: Path) -> Cutoffs:
    return Cutoffs.model_validate_json((demo_run / "cutoffs" / "cutoffs.json").read_text())


@pytest.fixture(scope="module")
def rules(demo_run: Path) -> PointsRules:
    return PointsRules.model_validate(json.loads((demo_run / "ingest" / "rules.json").read_text()))


@pytest.fixture(scope="module")
def open_rows(demo_run: Path) -> pd.DataFrame:
    return pd.read_parquet(demo_run / "features" / "open.parquet").head(40)


def test_a_row_scores_the_same_alone_among_others_and_in_any_order(
    open_rows: pd.DataFrame, forecast: Forecast, cutoffs: Cutoffs, rules: PointsRules
) -> None:
    together = score_rows(open_rows, open_rows, forecast=forecast, cutoffs=cutoffs, rules=rules)
    backwards = score_rows(open_rows[::-1], open_rows[::-1], forecast=forecast, cutoffs=cutoffs, rules=rules)
    pd.testing.assert_frame_equal(together, backwards[::-1], check_exact=True)
    for row in range(0, 40, 13):
        one = open_rows.iloc[[row]]
        alone = score_rows(one, one, forecast=forecast, cutoffs=cutoffs, rules=rules)
        pd.testing.assert_frame_equal(alone, together.iloc[[row]], check_exact=True, check_dtype=False)
    assert tuple(together.columns) == SCORE_COLUMNS


def test_a_row_says_when_as_the_forecast_does(open_rows: pd.DataFrame, forecast: Forecast, cutoffs: Cutoffs) -> None:
    """Every curve rises, ends at the row's own probability, and the close is never ahead of SQL."""
    scores = score_rows(open_rows, open_rows, forecast=forecast, cutoffs=cutoffs)
    for _, score in scores.iterrows():
        points = pd.DataFrame(score["curve"])
        assert points["days"].is_monotonic_increasing
        for name in ("sql", "close"):
            assert points[f"p_{name}"].is_monotonic_increasing
            assert points[f"p_{name}"].iloc[-1] == pytest.approx(score[f"p_{name}"], abs=1e-6)
        assert (points["p_close"] <= points["p_sql"]).all()
    for name in ("sql", "close"):
        days = forecast.expected_days(open_rows, name)
        np.testing.assert_allclose(scores[f"expected_days_{name}"], days, atol=5e-4)
        assert (scores[f"expected_days_{name}"] <= 60).all()


def test_without_rules_there_are_no_points_and_no_gates(
    open_rows: pd.DataFrame, forecast: Forecast, cutoffs: Cutoffs
) -> None:
    scores = score_rows(open_rows, open_rows, forecast=forecast, cutoffs=cutoffs)
    assert scores["points"].isna().all()
    assert scores["points_band"].isna().all()
    assert not scores["points_reasons"].map(bool).any()
    assert not scores["gates_missing"].map(bool).any()


def test_exclusions_of_source_and_rules_and_gates_are_named(
    open_rows: pd.DataFrame, forecast: Forecast, cutoffs: Cutoffs, rules: PointsRules
) -> None:
    # Worked by hand. Row 0: a student by the source's exclusion, without budget. Row 1: excluded by the rules (country
    # XX), budget known. Row 2: neither; the second gate, need, is closed.
    rows = open_rows.head(3).assign(
        fit_email_kind=["university", "company", "company"],
        fit_country=["DE", "XX", "DE"],
        fit_budget=[None, "confirmed", "confirmed"],
        fit_need=["confirmed", "confirmed", None],
    )
    abroad = Exclusion(name="abroad", when=(Condition(column="fit_country", in_=("XX",)),), words=Words(de="A", en="B"))
    gates = {"SAL": [{"column": "fit_budget", "in": ["confirmed"]}, {"column": "fit_need", "missing": False}]}
    own = PointsRules.model_validate(
        {**rules.model_dump(by_alias=True), "exclusions": [abroad.model_dump(by_alias=True)], "gates": gates}
    )
    everybody = cutoffs.model_copy(update={"mql": 0.0, "sal": 0.0})
    scores = score_rows(rows, rows, forecast=forecast, cutoffs=everybody, rules=own)
    assert scores["exclusions"].tolist() == [
        [{"name": "students"}],
        [{"name": "abroad"}],
        [],
    ]
    assert [[gate["column"] for gate in row] for row in scores["gates_missing"]] == [["fit_budget"], [], ["fit_need"]]
    assert scores["gates_missing"].iloc[2][0]["condition"] == {"column": "fit_need", "missing": False}
    sentences = ScoreWording.of(forecast, own).sentences
    said = [sentences.worded(row) for row in scores.to_dict("records")]
    assert [row["exclusions"] for row in said[:2]] == [
        [{"name": "students", "de": "Studierende", "en": "Students"}],
        [{"name": "abroad", "de": "A", "en": "B"}],
    ]
    assert said[2]["gates_missing"][0]["de"] == "Bedarf: angegeben"
    assert scores["excluded"].tolist() == [True, True, False]
    assert scores["band"].tolist() == ["none", "none", "MQL"]
