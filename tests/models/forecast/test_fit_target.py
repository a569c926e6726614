"""Young leads: a company whose world changes with the newest leads, whose outcomes are not known yet."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features.catalog.feature import Feature
from features.labelling.labels import as_seen
from features.labelling.seen_so_far import seen_so_far
from features.language.languages import Words
from features.time_units import DAY_US
from models.estimator.fitting import Fitting
from models.estimator.options import EstimatorOptions
from models.forecast.fit_target import fit_target
from models.log_odds import log_losses, log_odds_to_probability

HORIZON = 40 * DAY_US
TEST_FROM = 400 * DAY_US
QUICK = EstimatorOptions(boosters=2, max_rounds=80, threads=1)
FEATURES = tuple(
    Feature(name, "fit", "number", "", name, Words(de=name, en=name), Words(de="-", en="-"), "drawn")
    for name in ("interest", "novelty")
)


def draw(leads, *, seed=0, new=1.5):
    """Interest always counts and makes quick; novelty counts from day 350 on: only young leads tell."""
    rng = np.random.default_rng(seed)
    as_of = np.sort(rng.uniform(0, 460, leads) * DAY_US).astype(np.int64)
    interest, novelty = rng.normal(size=(2, leads))
    odds = -1.2 + 0.8 * interest + np.where(as_of > 350 * DAY_US, new, 0.0) * novelty
    y = rng.random(leads) < log_odds_to_probability(odds)
    days = 40 * rng.beta(1.2, np.exp(0.5 * interest) + 1.5)
    lost = np.where(y, np.inf, rng.exponential(25, leads))
    rows = pd.DataFrame(
        {
            "lead_id": [f"L{number:05d}" for number in range(leads)],
            "as_of_us": as_of,
            "interest": interest,
            "novelty": novelty,
            "y": pd.array(y.astype(int), dtype="Int8"),
            "outcome_us": pd.array(np.where(y, as_of + days * DAY_US, 0).astype(np.int64), dtype="Int64"),
        }
    )
    rows["outcome_us"] = rows["outcome_us"].where(y)
    given_up = pd.DataFrame({"lead_id": rows["lead_id"], "stage": "LOST", "entered_us": as_of + lost * DAY_US})
    given_up = given_up[np.isfinite(given_up["entered_us"])].astype({"entered_us": "int64"})
    done = as_of + HORIZON <= TEST_FROM
    part = np.select(
        [as_of >= TEST_FROM, ~done, as_of < 240 * DAY_US, as_of < 280 * DAY_US],
        ["test", "young", "train", "between"],
        "calibration",
    )
    return rows.assign(part=part, odds=odds), given_up


@pytest.fixture(scope="module")
def company():
    return draw(5000)


def known_rows(company):
    rows, stages = company
    seen = as_seen(rows[rows["part"] == "young"], seen_until_us=TEST_FROM)
    rows = pd.concat([rows.drop(seen.index), seen]).sort_index()
    rows = rows.join(seen_so_far(rows, stages, horizon_us=HORIZON, seen_until_us=TEST_FROM))
    rows["delay_us"] = (rows["outcome_us"] - rows["as_of_us"]).astype("float64")
    return rows[rows["part"] != "test"].sort_values(["lead_id", "as_of_us"], ignore_index=True)


def loss(model, company):
    rows = company[0]
    test = rows[rows["part"] == "test"]
    p_true = log_odds_to_probability(test["odds"].to_numpy())
    found = model.log_odds(test)
    return float(np.mean(p_true * log_losses(found, np.ones(len(test))) + (1 - p_true) * log_losses(found, 0 * found)))


def fit(rows):
    return fit_target(rows, Fitting(FEATURES, QUICK, seed=1), horizon_us=HORIZON)


@pytest.fixture(scope="module")
def with_young(company):
    return fit(known_rows(company))


def test_young_leads_teach_what_only_they_know(company, with_young):
    rows = known_rows(company)
    without = fit(rows[rows["part"] != "young"].reset_index(drop=True))
    assert loss(with_young.final, company) < loss(without.final, company) - 0.01
    assert loss(with_young.final, company) < loss(with_young.forward, company)


def test_young_leads_do_not_shift_the_level_of_a_world_that_stays():
    company = draw(5000, seed=3, new=0.0)
    test = company[0][company[0]["part"] == "test"]
    p = log_odds_to_probability(fit(known_rows(company)).final.log_odds(test))
    assert p.mean() == pytest.approx(log_odds_to_probability(test["odds"].to_numpy()).mean(), abs=0.02)


def test_what_comes_after_the_test_begins_changes_nothing(company):
    rows, stages = company
    other = rows.copy()
    later = other["outcome_us"].notna() & (other["outcome_us"] > TEST_FROM)
    other.loc[later, "y"] = 0
    other.loc[later, "outcome_us"] = pd.NA
    first, second = known_rows(company), known_rows((other, stages))
    pd.testing.assert_frame_equal(first, second)
    assert first.loc[first["part"] == "young", "y"].notna().any()


def test_the_parts_of_the_forward_model_have_not_seen_the_calibration_period(company, with_young):
    rows = known_rows(company)
    turned = rows.assign(interest=rows["interest"].where(rows["part"] != "calibration", -9.0))
    other = fit(turned).forward.estimator
    blend = with_young.forward.estimator.blend  # how parts are combined is learned there, like the calibration
    assert with_young.forward.estimator.to_files() == other.blended(blend, "newer leads").to_files()
