"""Looking at files as people export them: German and American numbers and times, old encodings, broken rows."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from features.errors import InputError
from pipeline.init.columns.look_at_columns import ColumnLook
from pipeline.init.look_at_files import FileLook, look_at
from pipeline.source.macros import add_macros


def look(tmp_path: Path, text: str, *, encoding: str = "utf-8") -> FileLook:
    file = tmp_path / "export.csv"
    file.write_bytes(text.encode(encoding))
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        return look_at(con, file)


def values(found: FileLook, column: ColumnLook, *, cast: str) -> list[object]:
    with duckdb.connect() as con:
        add_macros(con)
        rows = con.execute(f"SELECT ({column.sql})::{cast} FROM {found.relation_at_home}").fetchall()
    return [row[0] for row in rows]


@pytest.mark.parametrize(
    ("written", "read", "noted"),
    [
        (["110.285,50", "2.152", "12"], [110285.5, 2152, 12], False),
        (["1,5", "2,25"], [1.5, 2.25], False),
        (["2.152", "12", "850"], [2152, 12, 850], True),  # small whole numbers beside it: thousands
        (["2.152", "1.250"], [2.152, 1.25], True),
        (["2.152", "1500"], [2.152, 1500], True),  # 1500 has no dot, so dots are no thousands
        (["0.152", "12"], [0.152, 12], False),
        (["2.152", "1.5"], [2.152, 1.5], False),
        (["110,285.50", "2,152", "12"], [110285.5, 2152, 12], False),
        (["2,152", "12"], [2152, 12], True),
        (["1.234.567", "12"], [1234567, 12], False),
        (["-3", "1e3", ".5"], [-3, 1000, 0.5], False),
    ],
)
def test_numbers_are_read_as_they_were_meant(
    tmp_path: Path, written: list[str], read: list[float], noted: bool
) -> None:
    found = look(tmp_path, "id;n\n" + "".join(f"k{i};{n}\n" for i, n in enumerate(written)))
    column = found.columns[1]
    assert column.kind == "number"
    assert values(found, column, cast="DOUBLE") == read
    assert (column.note is not None) == noted


def test_numbers_of_both_forms_stay_text(tmp_path: Path) -> None:
    column = look(tmp_path, "id;n\na;1,5\nb;2.25\n").columns[1]
    assert (column.kind, column.number_form) == ("text", None)


@pytest.mark.parametrize(
    ("written", "time_format"),
    [
        (["1/31/2025 9:30 PM", "2/1/2025 10:00 AM"], "%m/%d/%Y %I:%M %p"),
        (["1/2/2025 9:30:05 PM"], "%m/%d/%Y %I:%M:%S %p"),
        (["1/31/2025 21:30"], "%m/%d/%Y %H:%M"),
        (["31/1/2025 21:30"], "%d/%m/%Y %H:%M"),
        (["31.01.25"], "%d.%m.%y"),
        (["31.01.2025 09:30"], "%d.%m.%Y %H:%M"),
        (["31.01.2025 09:30:05"], "%d.%m.%Y %H:%M:%S"),
        ([f"1/{day}/2025" for day in (1, 2, 3)] * 40 + ["1/31/2025"], "%m/%d/%Y"),  # one day above 12 decides
    ],
)
def test_times_are_read_by_the_whole_column(tmp_path: Path, written: list[str], time_format: str) -> None:
    found = look(tmp_path, "id;t\n" + "".join(f"k{i};{t}\n" for i, t in enumerate(written)))
    assert (found.columns[1].kind, found.columns[1].time_format) == ("time", time_format)


def test_days_that_could_be_months_are_called_ambiguous(tmp_path: Path) -> None:
    column = look(tmp_path, "id;t\na;1/2/2025\nb;3/4/2025\n").columns[1]
    assert column.time_format == "%d/%m/%Y"
    assert column.note is not None


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_umlauts_are_read_in_every_usual_encoding(tmp_path: Path, encoding: str) -> None:
    found = look(tmp_path, "id;Größe\n1;Müller\n2;Weiß\n", encoding=encoding)
    assert [column.name for column in found.columns] == ["id", "Größe"]
    assert values(found, found.columns[1], cast="VARCHAR") == ["Müller", "Weiß"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "utf-16-le", "utf-16-be"])
def test_a_euro_sign_is_read(tmp_path: Path, encoding: str) -> None:
    found = look(tmp_path, "id;price\n1;5 €\n2;x\n", encoding=encoding)
    assert values(found, found.columns[1], cast="VARCHAR") == ["5 €", "x"]


@pytest.mark.parametrize("row", ["k3;c;d;2025-01-01", "k3;c"])
def test_a_row_that_does_not_fit_is_named(tmp_path: Path, row: str) -> None:
    rows = [f"k{i};x;2025-01-01" for i in range(40)]
    rows[3] = row
    with pytest.raises(
        InputError, match=r"export\.csv, row 4: expected 3 values, as in the header, found \d in line 5"
    ):
        look(tmp_path, "\n".join(["id;name;created", *rows]) + "\n")


def test_an_empty_file_and_a_workbook_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="0 bytes"):
        look(tmp_path, "")
    (tmp_path / "leads.xlsx").write_bytes(b"PK")
    with duckdb.connect() as con, pytest.raises(InputError, match="save it as CSV"):
        look_at(con, tmp_path / "leads.xlsx")


def test_everything_sniffed_is_pinned(tmp_path: Path) -> None:
    relation = look(tmp_path, "id;name\n1;Müller\n2;x\n", encoding="cp1252").relation
    for option in ("delim = ';'", "quote = '\"'", "header = true", "encoding = 'latin-1'"):
        assert option in relation


def test_quotes_and_lines_before_the_header_are_read(tmp_path: Path) -> None:
    found = look(tmp_path, 'Export of 2025\nid,name\n1,"a, b"\n2,"x ""y"""\n')
    assert [column.name for column in found.columns] == ["id", "name"]
    assert values(found, found.columns[1], cast="VARCHAR") == ["a, b", 'x "y"']
