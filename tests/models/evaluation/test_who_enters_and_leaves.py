"""Who comes in and who falls out, counted by hand; segments where most changes come first."""

from __future__ import annotations

import pandas as pd

from features.families.feature_list import feature_list
from features.language.languages import Words
from features.source_columns import FitColumn
from features.source_spec import FeatureOptions, SourceSpec, Target
from models.evaluation.who_enters_and_leaves import compare_policies

SPEC = SourceSpec(
    name="small",
    title=Words(de="Klein", en="Small"),
    targets={"sql": Target(stage="SQL", horizon="60d")},
    fit={
        "country": FitColumn(type="category"),
        "industry": FitColumn(type="category"),
        "note": FitColumn(type="category"),
    },
)
FEATURES = tuple(
    f for f in feature_list(SPEC, FeatureOptions()) if f.name in ("fit_country", "fit_industry", "fit_note")
)


def test_worked_by_hand() -> None:
    rows = pd.DataFrame(
        {
            "lead_id": list("abcdef"),
            "p": [0.9, 0.5, 0.5, 0.4, 0.1, 0.2],
            "model_band": ["SAL", "MQL", "MQL", "MQL", "none", "none"],
            "baseline_band": ["MQL", "none", "none", "none", "SAL", "none"],
        }
    )
    X = pd.DataFrame(
        {
            "fit_country": ["DE", "DE", "AT", "AT", "DE", "AT"],
            "fit_industry": ["food", "food", "food", "food", "steel", None],
            "fit_note": [None] * 5 + ["x"],
        }
    )
    change = compare_policies(rows, X, FEATURES)
    assert change.leads == 6
    assert change.counts == {
        "model_mql": 4, "model_sal": 1, "baseline_mql": 2, "baseline_sal": 1, "both": 1, "entering": 3, "leaving": 1,
    }  # fmt: skip
    # The most probable first, ties by lead.
    assert rows.loc[change.entering, "lead_id"].tolist() == ["b", "c", "d"]
    # Industry shifts by |4 - 1| + |0 - 1| = 4, country by |2 - 2| + |2 - 0| = 2; the note is known for too few.
    assert [feature.name for feature, _ in change.segments] == ["fit_industry", "fit_country"]
    table = change.segments[0][1]
    assert table["unknown"].tolist() == [False, False, True]
    columns = ["leads", "model", "baseline", "entering", "leaving"]
    assert table[columns].to_numpy().tolist() == [[4, 4, 1, 3, 0], [1, 0, 1, 0, 1], [1, 0, 0, 0, 0]]


def test_nobody_open_changes_nothing() -> None:
    rows = pd.DataFrame({"lead_id": [], "p": [], "model_band": [], "baseline_band": []})
    X = pd.DataFrame({"fit_country": [], "fit_industry": [], "fit_note": []}, dtype=object)
    change = compare_policies(rows, X, FEATURES)
    assert (change.leads, sum(change.counts.values()), len(change.segments)) == (0, 0, 0)
