"""Rows on their way into a store: whatever pieces they come in, they arrive as they are."""

from __future__ import annotations

import csv
import io

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from pipeline.score.sinks.score_rows_in import TRANSACTION_ROWS, as_csv, transactions

LEADS = [f"lead-{number:05d}" for number in range(3 * TRANSACTION_ROWS)]


def batch(first: int, count: int) -> pa.RecordBatch:
    names = LEADS[first : first + count]
    return pa.record_batch(
        {"lead_id": pa.array(names, pa.string()), "stage": pa.array([None] * len(names), pa.string())}
    )


def pieces(sizes: list[int]) -> list[pa.RecordBatch]:
    starts = [sum(sizes[:place]) for place in range(len(sizes))]
    return [batch(start, size) for start, size in zip(starts, sizes, strict=True)]


def leads_in(rows: pa.Table) -> list[str]:
    text = bytes(as_csv(rows)).decode("utf-8")
    return [lead for lead, stage in csv.reader(io.StringIO(text)) if stage == ""]


@given(st.lists(st.integers(0, 4), min_size=1, max_size=6))
def test_pieces_make_no_difference(sizes: list[int]) -> None:
    assert leads_in(pa.Table.from_batches(pieces(sizes))) == LEADS[: sum(sizes)]


@given(st.lists(st.sampled_from([0, 1, TRANSACTION_ROWS - 1, TRANSACTION_ROWS, TRANSACTION_ROWS + 1]), max_size=3))
def test_transactions_hold_all_rows_in_order(sizes: list[int]) -> None:
    tables = list(transactions(pieces(sizes)))
    assert [lead for table in tables for lead in leads_in(table)] == LEADS[: sum(sizes)]
    assert all(table.num_rows == TRANSACTION_ROWS for table in tables[:-1])
