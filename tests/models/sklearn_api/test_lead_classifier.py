from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.base import clone
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.utils.estimator_checks import parametrize_with_checks

from features.errors import InputError
from models.estimator.options import EstimatorOptions
from models.sklearn_api.lead_classifier import LeadClassifier

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
    assert {name: value for name, value in model.get_params().items() if value is not None} == {
        "options": QUICK,
        "seed": 5,
    }
    again = clone(model).fit(X, y)
    np.testing.assert_array_equal(model.fit(X, y).predict_proba(X), again.predict_proba(X))


def test_values_never_seen_and_columns_that_are_missing():
    X, y = draw(400)
    model = LeadClassifier(options=QUICK).fit(X, y)
    strange = X.head(3).assign(channel="pigeon post", visits=np.inf)
    assert np.isfinite(model.decision_function(strange)).all()
    with pytest.raises(InputError, match="channel: expected the columns of training"):
        model.predict_proba(X.drop(columns="channel"))


def test_outcomes_have_two_labels_and_none_is_missing():
    X, y = draw(50)
    for wrong, said in ((y.where(y.index > 0), "1 missing"), (y.mask(y.index == 0, 2), "found 3: .*binary")):
        with pytest.raises(InputError, match=said):
            LeadClassifier().fit(X, wrong)
    with pytest.raises(InputError, match=r"rows with the outcome .*50 samples of one class"):
        LeadClassifier().fit(X, y * 0)


def strange_table(rows=400, *, seed=0):
    """Every kind of column that an export may hold, under names that mean something to training as well."""
    rng = np.random.default_rng(seed)
    when = pd.Timestamp("2024-01-01") + pd.to_timedelta(pd.Series(rng.integers(0, 10**7, rows)), unit="s")
    X = pd.DataFrame({"visits": rng.poisson(2, rows), "constant": 1, "nothing": np.nan, "none": None})
    X["yes"] = rng.random(rows) < 0.3
    X["asked"], X["met"] = when, (when + pd.Timedelta(days=3)).mask(rng.random(rows) < 0.5)
    X["abroad"], X["day"] = when.dt.tz_localize("UTC").dt.tz_convert("Asia/Tokyo"), when.dt.date
    X["text_day"], X["month"] = when.dt.strftime("%Y-%m-%d"), when.dt.to_period("M")
    X["took"] = pd.to_timedelta(rng.integers(0, 10**6, rows), unit="s")
    X["kind"] = pd.Categorical(rng.choice(list("xyz"), rows))
    X["number_kind"] = pd.Categorical(rng.integers(0, 5, rows))
    X["whole"] = pd.array(np.where(rng.random(rows) < 0.2, None, rng.integers(0, 9, rows)), dtype="Int64")
    X["perhaps"] = pd.array(np.where(rng.random(rows) < 0.2, None, rng.random(rows) < 0.5), dtype="boolean")
    X["mixed"] = [[1, "two", None, 3.5, np.nan][number] for number in rng.integers(0, 5, rows)]
    X["text"] = pd.array(rng.choice(["ä", "{x}", "a,b:[c]"], rows), dtype="string")
    X["endless"], X["huge"] = np.where(rng.random(rows) < 0.1, np.inf, 1.0), rng.normal(size=rows) * 1e300
    for name in (
        "lead_id",
        "y",
        "part",
        "as_of_us",
        "weight",
        "seen_us",
        "evidence",
        "delay_us",
        'odd {x} [y]: "é"',
        7,
    ):
        X[name] = rng.normal(size=rows)
    X = pd.concat([X, X[["visits"]]], axis=1)  # the same name twice
    return X, (rng.random(rows) < 1 / (1 + np.exp(1 - X["y"]))).astype(int)


def check(X, y, later):
    model = LeadClassifier(options=EstimatorOptions(boosters=2, max_rounds=10, threads=1)).fit(X, y)
    odds = model.decision_function(later)
    base, contributions = model.contributions(later)
    assert np.isfinite(odds).all()
    assert list(contributions.columns) == list(X.columns)
    np.testing.assert_allclose(base + contributions.sum(axis=1).to_numpy(), odds, atol=1e-9)
    return model


def test_any_table_will_do():
    X, y = strange_table()
    check(X, y, X.head(5))
    check(X, y, X.head(0))
    check(X.set_axis(np.zeros(400, dtype=int)), y, X.tail(5))
    unseen = X.head(3).astype({"kind": object}).assign(kind="never seen", text="nor this", yes=None, whole=pd.NA)
    check(X, y, unseen.assign(constant="7", met=pd.NaT))


@pytest.mark.parametrize("rows", [1, 2, 5, 25])
def test_a_few_rows_will_do(rows):
    X, _ = strange_table()
    check(X.head(rows), np.arange(rows) == 0, X.tail(3))


@pytest.mark.parametrize(("older", "newer"), [(None, 0), (None, 1), (0, None), (1, None), (1, 1)])
def test_parts_of_one_answer_will_do(older, newer):
    X, y = strange_table()
    if older is not None:
        y.iloc[:320] = older
    if newer is not None:
        y.iloc[320:] = newer
    check(X, y, X.tail(3))


def test_answers_of_any_type_with_two_values():
    X, y = draw(400)
    wanted = LeadClassifier(options=QUICK).fit(X, y).predict_proba(X)
    for other in (y.astype(bool), y.astype("Int64"), y.astype(bool).astype("boolean"), y.tolist()):
        np.testing.assert_array_equal(LeadClassifier(options=QUICK).fit(X, other).predict_proba(X), wanted)
    for labels in ((0, 1), (False, True), ("lost", "won"), (3, 8)):
        model = LeadClassifier(options=QUICK).fit(X, y.map(dict(enumerate(labels))))
        np.testing.assert_array_equal(model.predict_proba(X), wanted)
        assert model.classes_.tolist() == list(labels)
        assert set(model.predict(X).tolist()) == set(labels)


@parametrize_with_checks(
    [LeadClassifier(boosters=2, max_rounds=20, threads=1)],
    expected_failed_checks=lambda _: {
        "check_sample_weight_equivalence_on_dense_data": "rows are drawn into folds: two rows are not one of weight 2"
    },
)
def test_the_conventions_of_scikit_learn(estimator, check):
    check(estimator)


def test_single_knobs_are_those_of_the_options_and_a_search_can_set_them():
    X, y = draw(600)
    plain = LeadClassifier(boosters=2, max_rounds=60, threads=1).fit(X, y)
    np.testing.assert_array_equal(plain.predict_proba(X), LeadClassifier(options=QUICK).fit(X, y).predict_proba(X))
    knobs = LeadClassifier().get_params().keys() - {"options", "seed"}
    assert knobs <= EstimatorOptions.model_fields.keys()
    search = GridSearchCV(plain, {"num_leaves": [2, 8], "l2": [1.0]}, cv=TimeSeriesSplit(2), scoring="neg_log_loss")
    assert search.fit(X, y).best_params_["num_leaves"] in (2, 8)
    with pytest.raises(ValueError, match="num_leaves"):
        plain.set_params(num_leaves=1).fit(X, y)


def test_rows_that_weigh_nothing_are_not_learned_from_and_heavier_ones_move_the_level():
    X, y = draw(800)
    model = LeadClassifier(options=QUICK)
    turned = y.mask(y.index % 2 == 0, 1 - y)
    weights = np.where(y.index % 2 == 0, 0.0, 1.0)
    apart = model.fit(X, turned, sample_weight=weights).predict_proba(X)
    same = model.fit(X, y, sample_weight=weights).predict_proba(X)
    np.testing.assert_array_equal(apart, same)
    heavy = model.fit(X, y, sample_weight=np.where(y == 1, 3.0, 1.0)).predict_proba(X)[:, 1].mean()
    share = 3 * y.mean() / (3 * y.mean() + 1 - y.mean())
    assert abs(heavy - share) < 0.05 < share - y.mean()
    for weights, said in ((-np.ones(800), "0 or more"), (np.zeros(800), "above zero"), (np.ones(3), "800 weights")):
        with pytest.raises(InputError, match=said):
            model.fit(X, y, sample_weight=weights)


def test_importances_are_shares_and_name_what_matters():
    X, y = draw(1500)
    X["noise"] = np.random.default_rng(1).normal(size=1500)
    model = LeadClassifier(options=QUICK).fit(X, y)
    assert model.feature_importances_.sum() == pytest.approx(1)
    assert list(model.get_feature_names_out()) == list(X.columns)
    assert model.feature_importances_.argmin() == list(X.columns).index("noise")


def test_tables_of_other_libraries_keep_their_names():
    X, y = draw(400)
    model = LeadClassifier(options=QUICK).fit(X, y)
    np.testing.assert_allclose(model.predict_proba(pa.Table.from_pandas(X)), model.predict_proba(X), atol=1e-12)


def test_the_date_itself_is_not_learned_from():
    """Later rows lie beyond all dates of training: moved on by ten weeks, they are forecast the same."""
    X, y = strange_table()
    times = X[["asked", "met"]]
    model = LeadClassifier(options=QUICK).fit(times, y)
    moved = times + pd.Timedelta(days=70)
    np.testing.assert_array_equal(model.decision_function(moved), model.decision_function(times))


def test_too_few_outcomes_give_exactly_the_smoothed_base_rate():
    X, _ = strange_table()
    y = np.isin(np.arange(400), np.arange(0, 399, 21))  # 19 of 400, none of the calibration's doing
    p = LeadClassifier().fit(X, y).predict_proba(X)[:, 1]
    np.testing.assert_allclose(p, (y.sum() + 0.5) / 401, rtol=1e-12)
