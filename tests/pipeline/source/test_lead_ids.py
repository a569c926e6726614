"""Ids as tools write them have one normal form."""

from __future__ import annotations

import duckdb
import pytest

from pipeline.source.lead_ids import LEAD_ID_MACROS, IdForm


def normal(text: str | None) -> str | None:
    with duckdb.connect() as con:
        for macro in LEAD_ID_MACROS:
            con.execute(macro)
        row = con.execute("SELECT to_lead_id($1)", [text]).fetchone()
    assert row is not None
    return None if row[0] is None else str(row[0])


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("123.0", "123"),
        ("00123", "123"),
        ('="00123"', "123"),
        ("'00123", "123"),
        ("1.23E+02", "123"),
        ("1,23E+02", "123"),
        (" 123 ", "123"),
        ("0", "0"),
        ("{0AC3-7F}", "0AC3-7F"),
        ("00Qx000001AbCdE", "00Qx000001AbCdE"),
        ("C-0012", "C-0012"),
        ("12.5", "12.5"),
        ("1234567890123456789012345.0", "1234567890123456789012345"),
        ("", None),
        (None, None),
    ],
)
def test_one_form(written: str | None, read: str | None) -> None:
    assert normal(written) == read
    assert normal(read) == read


def test_forms_add_up() -> None:
    both = IdForm(plain=True, first=15).with_form(IdForm(plain=True, lower=True))
    assert both.sql("x") == "lower(left(to_lead_id(x), 15))"
    assert IdForm().with_form(IdForm()).sql("x") == "x"
