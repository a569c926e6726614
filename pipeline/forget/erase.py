"""A person taken out of files: rows of Parquet and CSV that name one of the leads, and example rows in MLflow."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.forget.search import place_of_leads
from pipeline.runner.renewed_stamps import renew_stamps
from pipeline.runner.workspace import Workspace, write_durably

EXAMPLES = ("input_example.json", "serving_input_example.json")
NOT_OURS = ("simulate",)
"""Folders of OUT that hold a company's export and not what was made from it."""
_GUARD = "'"
"""It stands before text that a spreadsheet would compute."""


def feature_rows(out: Path, lead_ids: Collection[str]) -> list[dict[str, Any]]:
    """Return every feature row of some leads below a folder: an example in MLflow does not say whose it is."""
    rows = []
    for file in [*out.glob("features/*.parquet"), *out.glob("history/runs/*/features.parquet")]:
        rows += pq.read_table(file, filters=[("lead_id", "in", list(lead_ids))]).to_pylist()
    return rows


def erase_from_files(out: Path, lead_ids: Collection[str]) -> dict[str, int]:
    """Rewrite every file below OUT that has rows about some leads, without these; give the rows by file.

    Stages whose outputs were rewritten stay finished: their stamps say what lies there now, and so do those of the
    stages that were made from them.
    """
    examples = feature_rows(out, lead_ids)
    erased: dict[str, int] = {}
    for file in sorted(out.rglob("*")):
        if not file.is_file() or file.relative_to(out).parts[0] in NOT_OURS:
            continue
        rows = 0
        if file.suffix == ".parquet":
            rows = _erase_from_parquet(file, lead_ids)
        elif file.suffix == ".csv":
            rows = _erase_from_csv(file, out, lead_ids)
        elif file.name in EXAMPLES:
            rows = _erase_from_example(file, examples)
        if rows:
            erased[file.relative_to(out).as_posix()] = rows
    renew_stamps(Workspace(out))
    return erased


def _erase_from_parquet(file: Path, lead_ids: Collection[str]) -> int:
    if "lead_id" not in pq.read_schema(file).names:
        return 0
    keys = pq.read_table(file, columns=["lead_id"])["lead_id"].cast(pa.string())
    mine = pc.is_in(keys, pa.array(sorted(lead_ids)))
    rows = int(pc.sum(mine).as_py() or 0)
    if rows:
        partial = file.with_name(f".{file.name}.partial")
        pq.write_table(pq.read_table(file).filter(pc.invert(mine)), partial, compression="zstd")
        partial.replace(file)
    return rows


def _erase_from_csv(file: Path, out: Path, lead_ids: Collection[str]) -> int:
    with file.open(encoding="utf-8", newline="") as stream:
        lines = list(csv.reader(stream))
    place = place_of_leads(file.relative_to(out), lines[0] if lines else ())
    if place is None:
        return 0
    left = [line for line in lines if place >= len(line) or line[place].lstrip(_GUARD) not in lead_ids]
    if len(left) < len(lines):
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(left)
        _replace(file, text.getvalue())
    return len(lines) - len(left)


def _erase_from_example(file: Path, rows: list[dict[str, Any]]) -> int:
    tree = json.loads(file.read_text(encoding="utf-8"))
    table = tree.get("dataframe_split", tree)
    names, data = table.get("columns"), table.get("data")
    if not isinstance(names, list) or not isinstance(data, list):
        return 0
    known = {_key([row.get(name) for name in names]) for row in rows}
    left = [row for row in data if _key(row) not in known]
    if len(left) < len(data):
        table["data"] = left
        if "index" in table:
            table["index"] = list(range(len(left)))
        _replace(file, json.dumps(tree))
    return len(data) - len(left)


def _key(values: list[Any]) -> str:
    """Return a text that equal rows share, whichever of them went through JSON."""
    return json.dumps([_plain(value) for value in values])


def _plain(value: Any) -> Any:
    if value is None or value != value:
        return None
    return f"{float(value):.9g}" if isinstance(value, bool | int | float) else str(value)


def _replace(file: Path, text: str) -> None:
    partial = file.with_name(f".{file.name}.partial")
    write_durably(partial, text)
    partial.replace(file)
