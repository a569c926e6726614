from __future__ import annotations

import numpy as np
import pandas as pd

from features.catalog.feature import Feature
from features.language.languages import Words
from models.forecast.grades import fit_grades

WORDS = Words(de="x", en="x")
FAMILIES = ("fit", "account", "source", "behaviour", "journey")
FEATURES = tuple(Feature(f"{f}_x", f, "number", "", "x", WORDS, WORDS, "") for f in FAMILIES)


def table(fit, behaviour):
    columns = {f"{family}_x": np.zeros(len(fit)) for family in FAMILIES}
    return pd.DataFrame(columns | {"source_x": np.asarray(fit, float), "journey_x": np.asarray(behaviour, float)})


def test_quartiles_by_hand():
    # eight leads of equal weight: two in each quarter; A and 1 are the best
    contributions = table(fit=range(8), behaviour=[-v for v in range(8)])
    grades = fit_grades(contributions, FEATURES, np.ones(8))
    assert grades.fit_edges == (1.0, 3.0, 5.0)
    assigned = grades.assign(contributions, FEATURES)
    assert "".join(assigned["fit_grade"]) == "DDCCBBAA"
    assert "".join(assigned["behaviour_grade"]) == "11223344"


def test_edges_count_leads_not_rows():
    once = table(fit=[0, 1, 2, 3], behaviour=[0, 1, 2, 3])
    repeated = pd.concat([once, once.tail(1), once.tail(1)], ignore_index=True)
    weights = np.array([1, 1, 1, 1 / 3, 1 / 3, 1 / 3])
    assert fit_grades(repeated, FEATURES, weights) == fit_grades(once, FEATURES, np.ones(4))


def test_more_never_grades_worse(forecast, company):
    contributions = forecast.explain(company.history, "sql").contributions
    better = contributions.assign(fit_industry=contributions["fit_industry"] + 0.5)
    before, after = (forecast.grades.assign(c, forecast.features) for c in (contributions, better))
    assert (after["fit_grade"] <= before["fit_grade"]).all()
    assert (after["behaviour_grade"] == before["behaviour_grade"]).all()
    assert set(before["fit_grade"]) == set("ABCD")
