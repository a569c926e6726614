"""PSI: by hand, quiet where nothing moved, silent where too few leads could tell."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features.answers import Answer
from features.families.feature_list import feature_list
from features.source_spec import FeatureOptions, SourceSpec
from models.monitoring.drift import feature_drift

SPEC = SourceSpec.model_validate(
    {
        "name": "x",
        "title": {"de": "X", "en": "X"},
        "targets": {"sql": {"stage": "SQL", "horizon": "30d"}},
        "fit": {"industry": {"type": "category"}, "employees": {"type": "number"}},
    }
)
FEATURES = [f for f in feature_list(SPEC, FeatureOptions()) if f.name in ("fit_industry", "fit_employees")]


def rows(seed, leads, *, food=0.5, shift=0.0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "lead_id": [f"{seed}-{number // 2}" for number in range(2 * leads)],
            "fit_industry": np.repeat(np.where(rng.random(leads) < food, "food", "steel"), 2),
            "fit_employees": np.repeat(rng.normal(shift, 1, leads), 2),
        }
    )


NONE = np.full(20_000, -1)
"""No row of the reference in any stretch."""


def drift(before, now, stretch=None):
    return feature_drift(before, now, FEATURES, stretch=NONE[: len(before)] if stretch is None else stretch)


def test_psi_worked_by_hand():
    # 1000 leads each: 50 : 50 before, 90 : 10 now. PSI = 0.4 ln(0.9/0.5) + 0.4 ln(0.5/0.1) = 0.879
    before, now = (
        pd.DataFrame({"lead_id": [str(n) for n in range(1000)], "fit_industry": ["food"] * k + ["steel"] * (1000 - k)})
        for k in (500, 900)
    )
    told = drift(before, now).iloc[0]
    assert told["psi"] == pytest.approx(0.879, abs=0.02)
    assert told["low"] < 0.879 < told["high"]
    assert told["answer"] == Answer.FAILED
    assert told["moved"] == "food"
    assert (told["share_before"], told["share"]) == (0.5, 0.9)


def test_nothing_moved_is_fine_and_few_leads_cannot_tell():
    assert set(drift(rows(1, 3000), rows(2, 1000))["answer"]) == {Answer.PASSED}
    assert set(drift(rows(1, 3000), rows(2, 60, shift=3))["answer"]) == {Answer.UNCHECKED}


def test_what_moved_is_named_first_and_row_order_does_not_matter():
    before, now = rows(1, 3000), rows(2, 1000, shift=1.5)
    told = drift(before, now)
    assert told.loc[0, "feature"] == "fit_employees"
    assert told["answer"].tolist() == [Answer.FAILED, Answer.PASSED]
    shuffled = drift(before.sample(frac=1, random_state=3), now.sample(frac=1, random_state=4))
    pd.testing.assert_frame_equal(told, shuffled)


def test_standard_error_and_excess_are_those_of_many_samples():
    """PSI of 300 pairs of samples, half of whose leads come twice: its spread, and its mean less the truth."""
    told = [drift(rows(seed, 600, food=0.6), rows(seed + 1, 400, food=0.4)) for seed in range(0, 600, 2)]
    psi = np.array([table.set_index("feature").loc["fit_industry", "psi"] for table in told])
    reach = np.array([table.set_index("feature")["high"]["fit_industry"] for table in told]) - psi
    truth = 2 * 0.2 * np.log(0.6 / 0.4)
    assert psi.mean() == pytest.approx(truth, abs=3 * psi.std() / np.sqrt(len(psi)))
    error = reach / 2.2414  # 97.5 % shared by two features: the normal quantile of 1 - 0.05 / 4
    assert error.mean() == pytest.approx(psi.std(ddof=1), rel=0.15)


def test_what_came_and_went_while_it_learned_is_no_drift():
    """A trade fair: for one stretch of five nine leads in ten come from food, and so they do now."""
    shares = (0.3, 0.3, 0.9, 0.3, 0.3)
    before = pd.concat([rows(at + 1, 600, food=share) for at, share in enumerate(shares)], ignore_index=True)
    stretch = np.repeat(np.arange(5), 1200)
    now = rows(9, 600, food=0.85)
    usual = drift(before, now, stretch).set_index("feature").loc["fit_industry"]
    assert drift(before, now).set_index("feature")["answer"]["fit_industry"] == Answer.FAILED
    assert usual["answer"] == Answer.PASSED
    assert usual["usual"] > usual["high"] > usual["psi"] > 0.25
    # where no stretch had as much it still is one
    calm = pd.concat([rows(at + 1, 600, food=0.3) for at in range(5)], ignore_index=True)
    assert drift(calm, now, stretch).set_index("feature")["answer"]["fit_industry"] == Answer.FAILED
    # two stretches are too few to say what is usual
    assert drift(before, now, np.where(stretch < 3, -1, stretch))["usual"].isna().all()
