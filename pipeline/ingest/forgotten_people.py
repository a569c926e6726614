"""People who were forgotten are left out of an export, with all that it says of them."""

from __future__ import annotations

import duckdb
import pyarrow as pa

from features.source_spec import SourceSpec
from features.tables.row_contracts import Table
from pipeline.outputs.forgotten import Marks
from pipeline.runner.job_log import say
from pipeline.source.sql import identifier


def leave_out(con: duckdb.DuckDBPyConnection, spec: SourceSpec, tables: dict[Table, int], marks: Marks) -> None:
    """Delete marked leads from ``typed_TABLE``, before the records of a person are joined, and say how many.

    A lead is marked by its id or by a column of the type ``email``.
    """
    if not marks.marks:
        return
    there = {name for name, *_ in con.execute("DESCRIBE typed_leads").fetchall()}
    addresses = [name for name, column in spec.fit.items() if column.type == "email" and name in there]
    columns = ", ".join(identifier(name) for name in ("lead_id", *addresses))
    rows = con.execute(f"SELECT row, {columns} FROM typed_leads").fetchall()
    found = [(row, lead_id) for row, lead_id, *values in rows if any(map(marks.names, (lead_id, *values)))]
    con.register("forgotten", pa.table({"row": [row for row, _ in found], "lead_id": [str(lead) for _, lead in found]}))
    con.execute("DELETE FROM typed_leads WHERE row IN (SELECT row FROM forgotten)")
    for table in tables:
        if table != "leads":
            con.execute(f"DELETE FROM typed_{table} WHERE lead_id IN (SELECT lead_id FROM forgotten)")
    con.unregister("forgotten")
    if found:
        say(f"{spec.name}: {len(found):,} leads of the export were left out: these people were forgotten")
