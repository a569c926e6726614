from __future__ import annotations

import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.pages.spreadsheet import COMMAS, FORMULA_STARTS, GERMAN, csv_text, safe_cell


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


@pytest.mark.parametrize("cell", ["x;=1+1", "x; =1+1", "x;;@SUM(A1)", "x\t-1+1", "a;b;+49"])
def test_a_semicolon_begins_no_formula_in_a_list_that_german_excel_splits_there(cell):
    for form in (COMMAS, GERMAN):
        text = csv_text([{"a": cell, "b": 0.5}], ["a", "b"], quoted=True, form=form)
        for part in re.split('[;\t"]', text):
            assert not part.strip().startswith(FORMULA_STARTS)


def test_german_form_has_semicolons_and_commas_and_every_cell_in_quotes():
    rows = [{"lead": "A,B", "p": 0.25, "n": 3, "none": None}]
    assert csv_text(rows, list(rows[0]), quoted=True, form=GERMAN).split("\r\n")[1] == '"A,B";"0,25";"3";""'
