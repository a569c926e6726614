"""Naive Bayes: counted by hand, unknown values skipped, read back exactly."""

from __future__ import annotations

from math import log

import numpy as np
import pandas as pd
import pytest

from features.families.feature_list import feature_list
from features.language.languages import Words
from features.source_columns import FitColumn
from features.source_spec import FeatureOptions, SourceSpec, Target
from models.rules.naive_bayes import NaiveBayes, fit_naive_bayes

SPEC = SourceSpec(
    name="small",
    title=Words(de="Klein", en="Small"),
    targets={"sql": Target(stage="SQL", horizon="60d")},
    fit={"source": FitColumn(type="category"), "employees": FitColumn(type="number")},
)
BY_NAME = {feature.name: feature for feature in feature_list(SPEC, FeatureOptions())}
SOURCE, EMPLOYEES = BY_NAME["fit_source"], BY_NAME["fit_employees"]


def test_counted_by_hand() -> None:
    X = pd.DataFrame({"fit_source": ["fair", "fair", "web", "web", None]})
    bayes = fit_naive_bayes(X, [1, 1, 0, 1, 0], [SOURCE])
    # prior: 3 won + 0.1, 2 lost + 0.1
    prior = log(3.1 / 2.1)
    # fair: 2 won, 0 lost; web: 1 won, 1 lost; each + 0.1: won 2.1 and 1.1 of 3.2, lost 0.1 and 1.1 of 1.2
    fair = log(2.1 / 3.2) - log(0.1 / 1.2)
    web = log(1.1 / 3.2) - log(1.1 / 1.2)
    new = pd.DataFrame({"fit_source": ["fair", "web", None, "never seen"]})
    assert bayes.log_odds(new) == pytest.approx([prior + fair, prior + web, prior, prior])


def test_numbers_are_cut_at_deciles_and_missing_ones_skipped() -> None:
    X = pd.DataFrame({"fit_employees": [*np.arange(100.0), np.nan]})
    y = np.array([*(np.arange(100) >= 50).astype(float), 0.0])
    bayes = fit_naive_bayes(X, y, [EMPLOYEES])
    odds = bayes.log_odds(pd.DataFrame({"fit_employees": [-5.0, 2.0, 95.0, 1e9, np.nan]}))
    assert odds[0] == odds[1] < odds[4] < odds[2] == odds[3]
    assert odds[4] == pytest.approx(log(50.1 / 51.1))


def test_few_distinct_numbers_stand_for_themselves() -> None:
    X = pd.DataFrame({"fit_employees": [0.0, 0.0, 1.0, 1.0]})
    bayes = fit_naive_bayes(X, [0, 0, 1, 0], [EMPLOYEES])
    assert bayes.fields[0].edges is None
    odds = bayes.log_odds(pd.DataFrame({"fit_employees": [0.0, 1.0, 0.5]}))
    assert odds[0] < odds[2] < odds[1]


def test_weights_count_rows_as_often() -> None:
    X = pd.DataFrame({"fit_source": ["fair", "web", "web"]})
    repeated = pd.DataFrame({"fit_source": ["fair", "fair", "web", "web"]})
    weighted = fit_naive_bayes(X, [1, 0, 1], [SOURCE], weights=[2, 1, 1])
    assert weighted == fit_naive_bayes(repeated, [1, 1, 0, 1], [SOURCE])


def test_reads_back_exactly() -> None:
    generator = np.random.default_rng(0)
    X = pd.DataFrame({"fit_source": generator.choice(["a", "b"], 50), "fit_employees": generator.lognormal(size=50)})
    bayes = fit_naive_bayes(X, generator.integers(0, 2, 50), [SOURCE, EMPLOYEES])
    again = NaiveBayes.from_json(bayes.to_json())
    assert again == bayes
    assert (again.log_odds(X) == bayes.log_odds(X)).all()
