"""What the contracts of the four tables let through and what they name."""

from __future__ import annotations

import pandas as pd
import pytest

from features.source_spec import SourceSpec
from features.tables.row_contracts import REASONS, Table, column_rules, contract, failures

SPEC = SourceSpec.model_validate(
    {
        "name": "x",
        "title": {"de": "X", "en": "X"},
        "targets": {"sql": {"stage": "SQL", "horizon": "30d"}},
        "fit": {
            "employees": {"type": "number"},
            "industry": {"type": "category", "values": ["machinery", "medical"]},
            "budget": {"type": "category", "known": "changes"},
        },
        "events": {"calls": {"types": ["call"], "actor": "sales"}},
    }
)
TIME = pd.Timestamp("2025-01-01", tz="UTC")


def found(table: Table, **columns: list[object]) -> list[list[object]]:
    rows = pd.DataFrame(columns, index=range(1, 1 + len(next(iter(columns.values())))), dtype="object")
    failed = failures(contract(SPEC, table), rows).sort_values(["row", "column"])
    return failed[["row", "column", "reason", "found"]].to_numpy().tolist()


def leads(**changed: list[object]) -> dict[str, list[object]]:
    good: dict[str, list[object]] = {
        "lead_id": ["A", "B"],
        "created_at": [TIME, TIME],
        "created_at__found": [None, None],
        "account_id": [None, "ACME"],
        "employees": [None, 5.0],
        "employees__found": [None, None],
        "industry": [None, "medical"],
    }
    return {**good, **changed}


def test_good_rows_have_no_failures() -> None:
    assert found("leads", **leads()) == []
    assert found("stages", lead_id=["A"], stage=["SQL"], entered_at=[TIME], reason=[None]) == []
    assert found("stages", lead_id=["A"], stage=["LOST"], entered_at=[TIME], reason=["price"]) == []
    assert found("changes", lead_id=["A"], changed_at=[TIME], field=["budget"], value=[None]) == []


def test_every_fault_of_a_row_is_named_once() -> None:
    faulty = leads(
        lead_id=["A", None],
        created_at=[None, TIME],
        created_at__found=["soon", None],
        employees__found=[None, "many"],
        industry=["bakery", None],
    )
    assert found("leads", **faulty) == [
        [1, "created_at", "not a time", "soon"],  # and not "missing" as well
        [1, "industry", "not among the declared values", "bakery"],
        [2, "employees", "not a number", "many"],
        [2, "lead_id", "missing", None],
    ]


STAGE = {"lead_id": ["A"], "stage": ["SQL"], "entered_at": [TIME], "reason": [None]}
CHANGE = {"lead_id": ["A"], "changed_at": [TIME], "field": ["budget"], "value": ["x"]}
EVENT = {"lead_id": ["A"], "occurred_at": [TIME], "event_type": ["call"], "actor": ["sales"]}
EVENT |= {"detail": [None], "quantity": [None]}


@pytest.mark.parametrize(
    ("table", "row", "column", "value", "reason"),
    [
        ("stages", STAGE, "stage", "Won!", "not a known stage"),
        ("changes", CHANGE, "field", "industry", "not a field with known: changes"),
        ("events", EVENT, "event_type", "fax", "not a declared event type"),
        ("events", EVENT, "actor", "me", "not a known actor"),
    ],
)
def test_values_that_the_source_does_not_declare(
    table: Table, row: dict[str, list[object]], column: str, value: str, reason: str
) -> None:
    assert found(table, **row) == []
    assert found(table, **{**row, column: [value]}) == [[1, column, reason, value]]


@pytest.mark.parametrize("table", ["leads", "changes", "events", "stages"])
def test_every_reason_says_what_was_expected_and_what_to_do(table: Table) -> None:
    for rule in column_rules(SPEC, table).values():
        assert rule.reason in REASONS
    assert all(reason.expected and reason.hint for reason in REASONS.values())


def test_a_column_known_from_changes_is_not_asked_of_leads() -> None:
    assert list(column_rules(SPEC, "leads")) == ["lead_id", "created_at", "account_id", "employees", "industry"]
