"""PSI: by hand, quiet where nothing moved, silent where too few leads could tell."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features.feature_list import feature_list
from features.spec import FeatureOptions, SourceSpec
from models.monitoring_drift import feature_drift

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


def test_psi_worked_by_hand():
    # 1000 leads each: 50 : 50 before, 90 : 10 now. PSI = 0.4 ln(0.9/0.5) + 0.4 ln(0.5/0.1) = 0.879
    before, now = (
        pd.DataFrame({"lead_id": [str(n) for n in range(1000)], "fit_industry": ["food"] * k + ["steel"] * (1000 - k)})
        for k in (500, 900)
    )
    told = feature_drift(before, now, FEATURES, seed=1).iloc[0]
    assert told["psi"] == pytest.approx(0.879, abs=0.02)
    assert told["low"] < 0.879 < told["high"]
    assert told["answer"] == "alarm"
    assert told["moved"] == "food"
    assert (told["share_before"], told["share"]) == (0.5, 0.9)


def test_nothing_moved_is_fine_and_few_leads_cannot_tell():
    assert set(feature_drift(rows(1, 3000), rows(2, 1000), FEATURES, seed=1)["answer"]) == {"fine"}
    assert set(feature_drift(rows(1, 3000), rows(2, 60, shift=3), FEATURES, seed=1)["answer"]) == {"cannot tell"}


def test_what_moved_is_named_first_and_row_order_does_not_matter():
    before, now = rows(1, 3000), rows(2, 1000, shift=1.5)
    told = feature_drift(before, now, FEATURES, seed=1)
    assert told.loc[0, "feature"] == "fit_employees"
    assert told["answer"].tolist() == ["alarm", "fine"]
    shuffled = feature_drift(
        before.sample(frac=1, random_state=3), now.sample(frac=1, random_state=4), FEATURES, seed=1
    )
    pd.testing.assert_frame_equal(told, shuffled)
