"""Machine code of the slow loops, made and kept on disk before a stage needs it, beside the first ones of the demo."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from features.engine import compute_features
from features.kernel.streams import in_order_of
from features.source_spec import FeatureOptions, SourceSpec
from features.tables.facts import FactFrames
from models.estimator.linear_part import LinearPart
from models.estimator.linear_terms import LinearScale
from models.tree_shap.forest import Forest
from models.tree_shap.leaf_sums import FEW_ROWS, LeafSums
from pipeline.settings.shipped import DEMO_SOURCE, at_hand
from pipeline.source.folder import read_source


def compile_features(spec: SourceSpec) -> None:
    """Compute the features of one lead with one event, and put an event in order as DuckDB hands it over."""
    leads = pd.DataFrame({"lead_id": ["a"], "created_us": np.zeros(1, np.int64)})
    events = pd.DataFrame(
        {"lead_id": ["a"], "occurred_us": np.ones(1, np.int64), "event_type": [next(iter(spec.events))]}
    )
    looks = pd.DataFrame({"lead_id": ["a"], "as_of_us": np.full(1, 2, np.int64)})
    compute_features(FactFrames(leads, events=events), looks, spec, FeatureOptions())
    lead, moment, code = (pa.array([0], kind).to_numpy() for kind in (pa.int32(), pa.int64(), pa.int16()))
    in_order_of([(lead, moment, code)], 1)


def compile_forecasts() -> None:
    """Forecast few rows and many by a tree with one split, and explain that."""
    import lightgbm

    X, params = np.arange(40.0).reshape(-1, 1), {"verbosity": -1, "min_data_in_leaf": 5, "num_threads": 1}
    booster = lightgbm.train(params, lightgbm.Dataset(X, X[:, 0]), num_boost_round=1)
    texts, many = [booster.model_to_string()], np.zeros((FEW_ROWS + 1, 1))
    Forest.of_texts(texts).contributions(X)
    for rows in (X, many):
        LeafSums.of_texts(texts).of_rows(rows)


def compile_linear_part() -> None:
    """Read a row of one number and one category."""
    scale = LinearScale(np.zeros(1), np.ones(1), (np.zeros(1),), (1,))
    LinearPart(0.0, scale, np.ones(1), (np.zeros(3), np.zeros(2))).contributions(np.zeros((1, 2)))


if __name__ == "__main__":
    compile_features(read_source(at_hand(DEMO_SOURCE), {}).spec)
    compile_forecasts()
    compile_linear_part()
