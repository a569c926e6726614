from __future__ import annotations

import numpy as np
import pandas as pd

from models.estimator.training_rows import Rows


def test_without_weights_all_rows_weigh_alike_and_together_as_many_as_there_are_leads():
    rows = Rows.of(pd.DataFrame({"x": range(4)}), [0, 1, 0, 1], lead_ids=list("aaab"), as_of_us=[3, 1, 2, 9])
    assert rows.weights.tolist() == [0.5] * 4


def test_the_canonical_order_is_by_lead_then_time_and_all_columns_keep_together():
    rows = Rows.of(pd.DataFrame({"x": range(4)}), [0, 1, 0, 1], lead_ids=list("baab"), as_of_us=[3, 1, 2, 1])
    ordered = rows.take(rows.order)
    assert ordered.lead_ids.tolist() == list("aabb")
    assert ordered.as_of_us.tolist() == [1, 2, 1, 3]
    assert ordered.X["x"].tolist() == [1, 2, 3, 0]
    assert ordered.y.tolist() == [1, 0, 1, 0]
    assert np.array_equal(ordered.take(np.argsort(rows.order)).y, rows.y)
