"""A cleaned copy holds exactly the rows of the export, however they were written, and the original stays as it is."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import InputError
from features.source_files import FileSpec
from pipeline.source.clean_files import clean_csv, cleaned_folder

HEADER = ["key", "note", "city"]
ROWS = [["k1", "5 € für Öl", "Köln"], ["k2", 'he said "no",\nthen left', "Zürich"], ["k3", "", "Ulm"]]
TEXT = st.text(st.characters(codec="cp1252", exclude_characters="\0\r\x81\x8d\x8f\x90\x9d"), max_size=12)


def written(rows: list[list[str]], *, delim: str = ";", end: str = "\n") -> str:
    quoted = (delim.join('"' + value.replace('"', '""') + '"' for value in row) for row in rows)
    return end.join(quoted) + end


def clean(tmp_path: Path, data: bytes, name: str = "in.csv") -> tuple[list[list[str]], list[str]]:
    file, target = tmp_path / name, tmp_path / f"out-{name}"
    file.write_bytes(data)
    remarks = clean_csv(file, target)
    assert file.read_bytes() == data
    with target.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream, delimiter=";")), remarks


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be"])
def test_every_encoding_gives_the_same_rows(tmp_path: Path, encoding: str, end: str) -> None:
    rows, _ = clean(tmp_path, written([HEADER, *ROWS], end=end).encode(encoding))
    assert rows == [HEADER, *ROWS]


def is_plain(text: str) -> bool:
    """Whether no line of it has the same bytes as another text in UTF-8, which nobody could tell from it."""
    for line in text.encode("cp1252").split(b"\n"):
        try:
            if not line.decode("utf-8").isascii():
                return False
        except UnicodeDecodeError:
            pass
    return True


@given(values=st.lists(TEXT.filter(is_plain), min_size=3, max_size=8))
@settings(max_examples=30, deadline=None)
def test_any_values_come_through_in_two_encodings_at_once(
    tmp_path_factory: pytest.TempPathFactory, values: list[str]
) -> None:
    rows = [[f"k{n}", value, "ä"] for n, value in enumerate(values)]
    lines = [written([HEADER]).encode(), written([["k", "ß", "ü"]]).encode()]
    lines += [written([row]).encode("cp1252") for row in rows]
    got, remarks = clean(tmp_path_factory.mktemp("clean"), b"".join(lines))
    assert got[2:] == rows
    assert any("read as Windows-1252" in remark for remark in remarks)


def test_the_lines_of_another_encoding_are_named(tmp_path: Path) -> None:
    lines = [written([row]).encode() for row in ([*HEADER], ["k1", "Tür", "x"], ["k2", "y", "z"])]
    lines.append(written([["k4", "Größe", "z"]]).encode("cp1252"))
    rows, remarks = clean(tmp_path, b"".join(lines))
    assert rows[-1] == ["k4", "Größe", "z"]
    assert remarks == ["is in UTF-8 but for line 4, read as Windows-1252"]


def test_what_is_no_data_is_left_out_and_said(tmp_path: Path) -> None:
    body = [[f"k{n}", "a", "b"] for n in range(12)]
    text = "Pipeline of spring\n\n" + written([["key", "no\nte", "city"], *body]) + "\nTotal 12\nConfidential\n"
    rows, remarks = clean(tmp_path, text.replace("a", "\0a").encode())
    assert rows == [["key", "no te", "city"], *body]
    assert any("its header in line 3" in remark for remark in remarks)
    assert any("ends with 2 lines that are no data, from line 18 on ('Total 12')" in remark for remark in remarks)
    assert any("holds NUL in" in remark for remark in remarks)


def test_a_row_in_the_middle_that_does_not_fit_is_named(tmp_path: Path) -> None:
    rows = [[f"k{n}", "x" * 200_000, "b"] for n in range(5)]
    rows[2] = ["k2", "one", "two", "many"]
    with pytest.raises(InputError, match=r"in\.csv, row 3: expected 3 values, as in the header, found 4 in line 4"):
        clean(tmp_path, written([HEADER, *rows]).encode())


def test_a_pattern_finds_each_file_once(tmp_path: Path) -> None:
    data, scratch = tmp_path / "data", tmp_path / "scratch"
    data.mkdir()
    scratch.mkdir()
    (data / "a.csv").write_bytes(written([HEADER, *ROWS]).encode("cp1252"))
    (data / "b.csv").write_text("x\n1\n")
    folder, remarks = cleaned_folder({"a.csv": FileSpec()}, data, scratch)
    assert sorted(file.name for file in folder.glob("*.csv")) == ["a.csv", "b.csv"]
    assert remarks == ["a.csv is in Windows-1252"]
    assert cleaned_folder({}, data, scratch) == (data, [])


@pytest.mark.parametrize("name", ["none.csv", "../data/a.csv", "a.parquet"])
def test_only_csv_files_of_the_data_folder_are_cleaned(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    with pytest.raises(InputError, match=r"source\.yaml\.files"):
        cleaned_folder({name: FileSpec()}, tmp_path, tmp_path)
