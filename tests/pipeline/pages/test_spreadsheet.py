from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.pages.spreadsheet import FORMULA_STARTS, csv_text, safe_cell


@pytest.mark.parametrize("start", FORMULA_STARTS)
def test_no_cell_is_taken_for_a_formula(start):
    assert safe_cell(f"{start}cmd|' /C calc'!A0").startswith("'")


@pytest.mark.parametrize("text", ["-8", "-12.5", "0", "7", "0017"])
def test_a_number_is_let_through_as_it_is_written(text):
    assert safe_cell(text) == text


@pytest.mark.parametrize("text", ["+8", "+49 170 1234", "-8-8", "-.5", "-1e5", "--1", "-8\n", "-٣", "-", "1,5-"])
def test_what_is_no_plain_number_is_not(text):
    assert safe_cell(text) == (f"'{text}" if text.startswith(FORMULA_STARTS) else text)


@pytest.mark.parametrize(("value", "cell"), [(-8, "-8"), (-0.5, "-0.5"), (1e-7, "1e-07"), (None, ""), (True, "True")])
def test_what_is_no_text_is_never_a_formula(value, cell):
    assert safe_cell(value) == cell


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r"))))
def test_rows_read_back_as_their_safe_cells(cells):
    text = csv_text([{"a": cell, "b": 1} for cell in cells], ["a", "b"])
    read = list(csv.reader(io.StringIO(text, newline="")))
    assert read == [["a", "b"], *([safe_cell(cell), "1"] for cell in cells)]
