"""Weights in training and evaluation, and whether a history can tell anything about leads below the cut-off."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.answers import Answer
from features.source_spec import SourceSpec
from models.evaluation.target_evaluation import evaluate_target
from models.forecast.saved_form import to_files
from models.measures.lead_weights import even_weights
from models.measures.observed_outcomes import effective_leads, observed_rows, overlap

SPEC = SourceSpec.model_validate(
    {
        "name": "tiny",
        "title": {"de": "Klein", "en": "Tiny"},
        "targets": {"sql": {"stage": "SQL", "horizon": "60d"}},
    }
)


def test_weights_of_one_are_no_weights() -> None:
    rows = pd.DataFrame({"lead_id": ["a", "b", "a"], "y": [1, 0, 1]})
    for given in (rows, rows.assign(weight=1.0)):
        kept, weights = observed_rows(given)
        assert kept is given
        np.testing.assert_array_equal(weights, even_weights(rows["lead_id"]))


def test_silent_rows_fall_out_and_the_rest_weigh_what_they_are_worth() -> None:
    rows = pd.DataFrame({"lead_id": ["a", "a", "b", "c"], "weight": [0.0, 1.0, 20.0, 0.0]})
    kept, weights = observed_rows(rows)
    assert kept["lead_id"].tolist() == ["a", "b"]
    # Rows weigh alike, times 1 and 20. Worth 21² / (1² + 20²) = 1.09975 leads, shared out 1 : 20.
    assert weights.tolist() == pytest.approx([1.09975 / 21, 1.09975 * 20 / 21], abs=1e-4)
    flat = observed_rows(rows, power=0.0)[1]
    assert flat.tolist() == pytest.approx([1.0, 1.0])  # two leads alike


def test_effective_leads_are_between_one_and_all() -> None:
    ids, draw = [f"{i // 3}" for i in range(60)], np.random.default_rng(2).gamma(0.3, size=60)
    assert effective_leads(ids, np.ones(60)) == pytest.approx(20)
    assert 1 <= effective_leads(ids, draw) < 20
    assert effective_leads(ids, 7 * draw) == pytest.approx(effective_leads(ids, draw))
    assert effective_leads([], []) == 0


def test_what_silent_rows_say_changes_nothing(fit_company: Any, make_company: Any) -> None:
    company = make_company(leads=400, seed=1)
    labels, silent = company.labels, company.labels["lead_id"].str[-1].isin(["0", "1", "2"])
    weighted = labels.assign(weight=np.where(silent, 0.0, np.where(labels["lead_id"].str[-1] == "3", 4.0, 1.0)))
    turned = weighted.assign(y=labels["y"].where(~silent, 1 - labels["y"]))
    files = [to_files(fit_company(replace(company, labels=own))) for own in (weighted, turned, labels)]
    assert files[0] == files[1] != files[2]


def test_a_weighted_measure_is_that_of_rows_repeated() -> None:
    draw = np.random.default_rng(4)
    rows = pd.DataFrame({"lead_id": [f"L{i}" for i in range(300)], "p": draw.random(300), "points": draw.random(300)})
    rows["y"] = (draw.random(300) < rows["p"]).astype(float)
    rows["weight"] = draw.integers(0, 4, 300).astype(float)
    weighted = evaluate_target("sql", rows, rows, draws=50, seed=1)
    many = rows.loc[rows.index.repeat(rows["weight"].astype(int))].drop(columns="weight").reset_index(drop=True)
    many["lead_id"] = [f"M{i}" for i in range(len(many))]
    repeated = evaluate_target("sql", many, many, draws=50, seed=1)
    assert weighted.rate == pytest.approx(repeated.rate)
    for key in ("auc", "ap", "lift10", "log_loss", "brier"):
        assert weighted.comparison.values["model"][key] == pytest.approx(repeated.comparison.values["model"][key])
    width = [c.comparison.interval("model", "auc") for c in (weighted, repeated)]
    assert width[0].high - width[0].low > width[1].high - width[1].low  # weights are no additional leads


def history(*, silent: int, promoted: int, won: int, silent_won: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    ids = [f"s{i}" for i in range(silent)] + [f"p{i}" for i in range(promoted)]
    labels = pd.DataFrame({"lead_id": ids, "target": "sql", "y": pd.Series(0, index=range(len(ids)), dtype="Int8")})
    entered = [(f"p{i}", "MQL") for i in range(promoted)] + [(f"p{i}", "SQL") for i in range(won)]
    entered += [(f"s{i}", "SQL") for i in range(silent_won)]
    return labels, pd.DataFrame(entered, columns=["lead_id", "stage"])


@pytest.mark.parametrize(
    ("counts", "verdict"),
    [
        ({"silent": 1_000, "promoted": 400, "won": 60}, Answer.FAILED),
        ({"silent": 1_000, "promoted": 400, "won": 60, "silent_won": 1}, Answer.PASSED),
        ({"silent": 150, "promoted": 400, "won": 60}, Answer.UNCHECKED),  # too few to be surprised
        ({"silent": 1_000, "promoted": 400, "won": 10}, Answer.UNCHECKED),
        (
            {"silent": 1_000, "promoted": 40_000, "won": 600},
            Answer.UNCHECKED,
        ),  # 1.5 %, and 3 in 1,000 may be silent luck
    ],
)
def test_silence_of_the_unpromoted_is_noticed(counts: dict[str, int], verdict: Answer) -> None:
    assert overlap(*history(**counts), SPEC).verdict is verdict


def test_a_ladder_without_a_promotion_cannot_tell() -> None:
    spec = SPEC.model_copy(update={"rungs": ("SQL", "WON")})
    assert overlap(*history(silent=1_000, promoted=400, won=60), spec).verdict is Answer.UNCHECKED


@pytest.mark.parametrize(("drawn", "verdict"), [(0, Answer.FAILED), (9, Answer.FAILED), (10, Answer.PASSED)])
def test_a_declared_source_needs_draws(drawn: int, verdict: Answer) -> None:
    labels, stages = history(silent=300, promoted=100, won=30)
    labels["how"] = ["drawn"] * drawn + ["silent"] * (len(labels) - drawn)
    found = overlap(labels, stages, SPEC.model_copy(update={"follow_up": "promoted_only"}))
    assert (found.verdict, found.drawn) == (verdict, drawn)
