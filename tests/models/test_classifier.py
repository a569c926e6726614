from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.metrics import log_loss

from features.errors import InputError
from models.classifier import LeadClassifier
from models.estimator_options import EstimatorOptions

QUICK = EstimatorOptions(boosters=2, max_rounds=60, threads=1)


def draw(rows=1500, *, seed=0):
    rng = np.random.default_rng(seed)
    X = pd.DataFrame({"visits": rng.poisson(2, rows), "channel": rng.choice(["fair", "web", "ads"], rows)})
    X["asked"] = rng.random(rows) < 0.3
    X.loc[rng.random(rows) < 0.1, "visits"] = np.nan
    X.loc[rng.random(rows) < 0.1, "channel"] = None
    odds = -1.5 + 0.5 * X["visits"].fillna(1) + np.where(X["channel"] == "fair", 1.0, 0.0) + X["asked"]
    return X, (rng.random(rows) < 1 / (1 + np.exp(-odds))).astype(int)


def test_it_learns_and_its_contributions_add_up():
    X, y = draw()
    model = LeadClassifier(options=QUICK).fit(X[:1000], y[:1000])
    p = model.predict_proba(X[1000:])[:, 1]
    assert log_loss(y[1000:], p) < log_loss(y[1000:], np.full(500, y[:1000].mean())) - 0.03
    base, contributions = model.contributions(X[1000:])
    np.testing.assert_allclose(base + contributions.sum(axis=1), model.decision_function(X[1000:]), atol=1e-9)
    assert list(contributions.index) == list(X.index[1000:])
    assert (model.predict(X[1000:]) == (p > 0.5)).all()


def test_it_is_a_scikit_learn_classifier_and_the_same_seed_gives_the_same_bits():
    X, y = draw(400)
    model = LeadClassifier(options=QUICK, seed=5)
    assert model.get_params() == {"options": QUICK, "seed": 5}
    again = clone(model).fit(X, y)
    np.testing.assert_array_equal(model.fit(X, y).predict_proba(X), again.predict_proba(X))


def test_values_never_seen_and_columns_that_are_missing():
    X, y = draw(400)
    model = LeadClassifier(options=QUICK).fit(X, y)
    strange = X.head(3).assign(channel="pigeon post", visits=np.inf)
    assert np.isfinite(model.decision_function(strange)).all()
    with pytest.raises(InputError, match="channel: expected the columns of training"):
        model.predict_proba(X.drop(columns="channel"))


def test_outcomes_must_be_0_or_1():
    X, y = draw(50)
    with pytest.raises(InputError, match="each 0 or 1"):
        LeadClassifier().fit(X, y + 1)
