"""The score row is spelled once: rows, file, table, API and docs follow ``models/scoring/score_columns.py``."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.dialects import postgresql

from models.scoring.score_columns import COLUMNS, KEY, SCORE_COLUMNS, Kind, ScoreColumn
from pipeline.score.scores_file import SCHEMA
from pipeline.score.sinks.store_tables import SCORES
from serve.api.contracts import OnlineScoreOut, ScoreOut, StoredScoreOut

NAMES = [column.name for column in COLUMNS]
IN_THE_API = {"counted_as": "group"}
"""Columns that the API has always called otherwise."""
API_NAMES = {IN_THE_API.get(name, name) for name in NAMES}
IN_JSON: dict[Kind, set[str]] = {
    "text": {"string"}, "number": {"number"}, "boolean": {"boolean"}, "time": {"date-time"}, "json": {"array"},
}  # fmt: skip


def test_each_column_is_declared_once_with_what_it_means() -> None:
    assert len(set(NAMES)) == len(NAMES)
    assert set(KEY) == {"run_id", "lead_id", "as_of"}  # whatever a later run says is a row of its own
    for column in COLUMNS:
        assert column.meaning[0].isupper() or column.meaning[0] in "`1"
        assert not column.meaning.endswith(".")
        assert not (column.name in KEY and column.nullable)


def test_the_file_holds_all_that_the_store_does_not_fill_in() -> None:
    assert SCHEMA.names == [column.name for column in COLUMNS if column.filled_by != "store"]
    assert set(SCORE_COLUMNS) < set(SCHEMA.names)


def test_the_table_holds_every_column_the_oldest_first() -> None:
    oldest = ["lead_id", "as_of", "model_version"]
    assert [column.name for column in SCORES.columns] == [*oldest, *(name for name in NAMES if name not in oldest)]
    assert tuple(column.name for column in SCORES.primary_key) == KEY
    for column in COLUMNS:
        assert SCORES.c[column.name].nullable == column.nullable, column.name


def test_the_api_gives_every_column_and_the_online_score_all_but_those_of_a_stored_run() -> None:
    assert set(StoredScoreOut.model_fields) == API_NAMES | {"sequence", "trend"}
    stored_only = {c.name for c in COLUMNS if c.filled_by in ("hand-over", "comparison")} | {"run_id"}
    assert set(ScoreOut.model_fields) == API_NAMES - stored_only
    assert not stored_only & set(OnlineScoreOut.model_fields)


def offered(schema: dict[str, object]) -> Iterator[str]:
    """Return what a property may be; a date by its format."""
    for option in schema.get("anyOf", [schema]):  # type: ignore[attr-defined]
        yield option.get("format") or option["type"]


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: column.name)
def test_the_api_says_of_a_column_what_is_declared(column: ScoreColumn) -> None:
    said = StoredScoreOut.model_json_schema()["properties"][IN_THE_API.get(column.name, column.name)]
    assert said["description"] == column.meaning
    lead_may_have_no_name = column.name == "lead_id"  # facts that are posted without one
    filled_by_migration = column.name == "counted_as"  # the column came later, and its migration leaves no row empty
    empty = {"null"} if (column.nullable and not filled_by_migration) or lead_may_have_no_name else set()
    assert set(offered(said)) == IN_JSON[column.kind] | empty


def test_the_docs_list_the_table_as_declared(project_root: Path) -> None:
    lines = (project_root / "docs" / "store.md").read_text().splitlines()
    start = lines.index("| column | type on PostgreSQL | is |") + 2
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    types = {column.name: column.type.compile(dialect).lower() for column in SCORES.columns}
    types = {name: re.sub("timestamp with time zone", "timestamptz", text) for name, text in types.items()}
    declared = [f"| `{column.name}` | {types[column.name]} | {column.meaning} |" for column in COLUMNS]
    assert lines[start : start + len(declared)] == declared
    assert lines[start + len(declared)] == ""


def listed_in(file: Path) -> Iterator[set[str]]:
    """Return the names that stand together in each literal and each call of a module."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Tuple | ast.List | ast.Set | ast.Dict | ast.Call):
            parts = node.keys if isinstance(node, ast.Dict) else node.args if isinstance(node, ast.Call) else node.elts
            texts = {
                inner.value
                for part in parts
                if part is not None
                for inner in ast.walk(part)
                if isinstance(inner, ast.Constant) and isinstance(inner.value, str)
            }
            yield texts & set(NAMES)


def test_no_other_module_lists_the_row(project_root: Path) -> None:
    """A list of half the columns or more is a second declaration; migrations are history and stay as they are."""
    for package in ("features", "models", "pipeline", "serve"):
        for file in (project_root / package).rglob("*.py"):
            if "migrations" in file.parts or file.name == "score_columns.py":
                continue
            for names in listed_in(file):
                assert len(names) <= len(NAMES) / 2, f"{file}: {sorted(names)}"
