"""The matrix of grades on the demo's test leads: conversion rises with both grades, and the report shows it."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from pipeline.evaluate.report.grades import grade_rows


@pytest.fixture(scope="module")
def matrix(demo_run: Path) -> pd.DataFrame:
    return pd.DataFrame(json.loads((demo_run / "evaluate" / "evaluation.json").read_text())["grades"])


def rate(cells: pd.DataFrame) -> float:
    return float(cells["outcomes"].sum() / cells["leads"].sum())


def test_every_test_lead_is_in_one_cell_once(demo_run: Path, matrix: pd.DataFrame) -> None:
    tested = pd.read_parquet(demo_run / "evaluate" / "test_predictions.parquet").query("target == 'sql'")
    assert matrix["leads"].sum() == tested["lead_id"].nunique()
    assert matrix[["fit_grade", "behaviour_grade"]].drop_duplicates().shape[0] == 16


@pytest.mark.parametrize(("grade", "better"), [("fit_grade", ("A", "B")), ("behaviour_grade", ("1", "2"))])
def test_conversion_rises_with_the_grade(matrix: pd.DataFrame, grade: str, better: tuple[str, str]) -> None:
    upper = matrix[grade].isin(better)
    assert rate(matrix[upper]) > 1.5 * rate(matrix[~upper])


def test_no_cell_is_surely_worse_than_one_with_a_worse_grade(matrix: pd.DataFrame) -> None:
    """Cells are small, so neighbours may change places by chance; beyond chance they must not."""
    wide = {
        name: matrix.pivot_table(index="fit_grade", columns="behaviour_grade", values=name) for name in ("low", "high")
    }
    for axis in (0, 1):
        low, high = (wide[name].to_numpy() if axis == 0 else wide[name].to_numpy().T for name in ("low", "high"))
        for best in range(4):
            for worse in range(best + 1, 4):
                assert not (high[best] < low[worse]).any()


def test_the_best_cell_is_promoted_more_than_the_worst(matrix: pd.DataFrame) -> None:
    shares = matrix.set_index(["fit_grade", "behaviour_grade"])["promoted"]
    assert shares["A", "1"] > shares["D", "4"]


def test_the_report_lays_it_out(demo_run: Path, matrix: pd.DataFrame) -> None:
    rows = grade_rows(matrix)
    assert [row["grade"] for row in rows] == list("ABCD")
    html = (demo_run / "evaluate" / "report.html").read_text()
    for row in rows:
        for cell in row["cells"]:
            assert f">{cell['rate']}<small>{cell['bounds']}</small>" in html
    assert grade_rows(None) == []


def test_open_leads_are_left_with_stage_and_grades(demo_run: Path) -> None:
    opened = pd.read_parquet(demo_run / "evaluate" / "open.parquet").set_index("lead_id")
    scores = pd.read_parquet(demo_run / "score" / "scores.parquet").set_index("lead_id").loc[opened.index]
    for name in ("stage", "fit_grade", "behaviour_grade"):
        assert opened[name].astype(object).where(opened[name].notna(), None).tolist() == (
            scores[name].astype(object).where(scores[name].notna(), None).tolist()
        ), name
    about = json.loads((demo_run / "evaluate" / "open.json").read_text())
    assert {column["name"] for column in about["columns"]} <= set(opened.columns)
    assert [column["name"] for column in about["columns"] if column["is_source"]] == ["fit_campaign", "fit_channel"]
