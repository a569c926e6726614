"""Rows of a frame and rows held by column answer alike."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.feature_rows import FeatureRows

TEXTS = st.lists(st.sampled_from(["new", "open", "won", None]), max_size=30)


def by_row(values):
    return FeatureRows({"stage": np.array([*values, None], dtype=object)[:-1]}, len(values))


@pytest.mark.parametrize("dtype", ["str", "object", "string"])
@settings(deadline=None)
@given(values=TEXTS)
def test_texts_of_a_frame_answer_as_row_by_row(dtype, values):
    frame = FeatureRows.of(pd.DataFrame({"stage": pd.Series(values, dtype=dtype)}))
    rows = by_row(values)
    assert frame.among("stage", ("open", "won")).tolist() == rows.among("stage", ("open", "won")).tolist()
    assert frame.known("stage").tolist() == rows.known("stage").tolist()
    length = frame.mapped("stage", lambda texts: np.array([-1.0 if text is None else len(text) for text in texts]))
    assert length.tolist() == [-1.0 if value is None else len(value) for value in values]
    assert not frame.holds_numbers("stage")


def test_a_text_of_a_frame_is_asked_about_once():
    inquired = []

    def length(texts):
        inquired.extend(texts)
        return np.array([0.0 if text is None else len(text) for text in texts])

    X = FeatureRows.of(pd.DataFrame({"stage": pd.Series(["new", "open", None] * 100, dtype="str")}))
    assert X.mapped("stage", length).tolist() == [3.0, 4.0, 0.0] * 100
    assert inquired == ["new", "open", None]
