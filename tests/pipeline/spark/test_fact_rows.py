"""Rows in order of account are cut between accounts, never inside one."""

from __future__ import annotations

from itertools import pairwise

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from pipeline.spark.fact_rows import whole_accounts


def batches(keys: list[int], cuts: list[int]) -> list[pa.RecordBatch]:
    rows = pa.record_batch({"key": pa.array(keys, pa.int64()), "us": pa.array(range(len(keys)), pa.int64())})
    edges = [0, *sorted(min(cut, len(keys)) for cut in cuts), len(keys)]
    return [rows.slice(low, high - low) for low, high in pairwise(edges)]


@given(st.lists(st.integers(-3, 3), max_size=30), st.lists(st.integers(0, 30), max_size=6), st.integers(1, 8))
def test_each_account_is_in_one_table_and_no_row_is_lost(keys, cuts, rows):
    tables = list(whole_accounts(iter(batches(sorted(keys), cuts)), rows))
    assert [us for table in tables for us in table["us"].to_pylist()] == list(range(len(keys)))
    seen = [set(table["key"].to_pylist()) for table in tables]
    assert sum(map(len, seen)) == len(set(keys))


def test_tables_are_no_larger_than_asked_for_and_an_account():
    tables = list(whole_accounts(iter(batches([1, 1, 2, 2, 3, 3, 4, 4], [1, 3, 5, 7])), 3))
    assert [table["key"].to_pylist() for table in tables] == [[1, 1], [2, 2], [3, 3], [4, 4]]
