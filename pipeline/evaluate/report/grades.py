"""How the report lays out what became of each pair of fit and behaviour grades."""

from __future__ import annotations

from typing import Any

import pandas as pd

from pipeline.pages.number_words import percent

FEW = 20
"""Leads below which a cell's share is an anecdote."""


def grade_rows(table: pd.DataFrame | None) -> list[dict[str, Any]]:
    """Return the matrix a row a fit grade, a cell a behaviour grade, best first; empty where nothing was graded.

    Parameters
    ----------
    table : DataFrame or None
        From `models.evaluation.grade_matrix.grade_matrix`.
    """
    if table is None:
        return []
    largest = max(float(table["rate"].max()), 1e-9)
    return [
        {"grade": str(grade), "cells": [_cell(cell, largest) for cell in cells.to_dict("records")]}
        for grade, cells in table.groupby("fit_grade", sort=True)
    ]


def _cell(cell: dict[Any, Any], largest: float) -> dict[str, Any]:
    if not cell["leads"]:
        return {"rate": "–", "bounds": "no lead", "leads": "0", "promoted": "–", "few": True, "shade": 0}
    return {
        "rate": percent(cell["rate"], 1),
        "bounds": f"{percent(cell['low'], 1)} to {percent(cell['high'], 1)}",
        "leads": f"{cell['leads']:,}",
        "promoted": percent(cell["promoted"]),
        "few": cell["leads"] < FEW,
        "shade": min(4, int(5 * cell["rate"] / largest)),
    }
