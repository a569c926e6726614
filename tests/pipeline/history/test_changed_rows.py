"""A table goes back through any number of states: what is put together again is what was there, row for row."""

from __future__ import annotations

import math
import tempfile
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.history.changed_rows import Back, restore, write_back

COLUMNS = {"lead_id": pa.string(), "at": pa.timestamp("us", "UTC"), "value": pa.float64(), "word": pa.string()}
rows = st.tuples(
    st.sampled_from(["a", "b", "it's", "ü"]),
    st.integers(0, 3).map(lambda second: second * 1_000_000 + 7),
    st.sampled_from([None, math.nan, 1.5, -0.25]),
    st.sampled_from([None, "", "x"]),
)
states = st.lists(st.lists(rows, max_size=6), min_size=1, max_size=4)


def write(state: list[tuple[object, ...]], file: Path) -> None:
    columns = [
        pa.array([row[place] for row in state], kind, from_pandas=False) for place, kind in enumerate(COLUMNS.values())
    ]
    pq.write_table(pa.table(dict(zip(COLUMNS, columns, strict=True))), file)


def counted(file: Path) -> Counter[str]:
    return Counter(repr(row) for row in pq.read_table(file).to_pylist())


@given(states)
@settings(max_examples=15, deadline=None)
def test_every_state_comes_back(states: list[list[tuple[object, ...]]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number, state in enumerate(states):
            write(state, folder / f"{number}.parquet")
        backs = []
        for number in range(len(states) - 1):
            backs.append(Back.of(folder, f"step{number}"))
            write_back(folder / f"{number}.parquet", folder / f"{number + 1}.parquet", backs[number])
        for number in range(len(states)):
            restore(folder / f"{len(states) - 1}.parquet", backs[number:][::-1], folder / "again.parquet")
            assert counted(folder / "again.parquet") == counted(folder / f"{number}.parquet")
            assert pq.read_schema(folder / "again.parquet").names == list(COLUMNS)


def test_a_state_with_other_columns_is_kept_whole(tmp_path: Path) -> None:
    kept = [
        pa.table({"lead_id": ["a"]}),
        pa.table({"lead_id": ["a"], "new": [1.0]}),
        pa.table({"lead_id": ["b"], "new": [2.0]}),
    ]
    for number, table in enumerate(kept):
        pq.write_table(table, tmp_path / f"{number}.parquet")
    backs = [Back.of(tmp_path, f"step{number}") for number in range(2)]
    for number, back in enumerate(backs):
        write_back(tmp_path / f"{number}.parquet", tmp_path / f"{number + 1}.parquet", back)
    assert backs[0].whole.is_file()
    assert not backs[1].whole.is_file()
    for number, table in enumerate(kept):
        restore(tmp_path / "2.parquet", backs[number:][::-1], tmp_path / "again.parquet")
        assert pq.read_table(tmp_path / "again.parquet").to_pylist() == table.to_pylist()


def test_rows_that_stay_cost_nothing(tmp_path: Path) -> None:
    many = [(f"lead {number}", number, float(number), "x") for number in range(20_000)]
    write(many, tmp_path / "before.parquet")
    write([*many[:-1], ("new", 1, 2.0, None)], tmp_path / "after.parquet")
    back = Back.of(tmp_path, "step")
    write_back(tmp_path / "before.parquet", tmp_path / "after.parquet", back)
    assert [pq.read_metadata(file).num_rows for file in (back.drop, back.put)] == [1, 1]
