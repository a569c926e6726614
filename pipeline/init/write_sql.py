"""The SQL files of a new source folder, and commented templates for what could not be written."""

from __future__ import annotations

from pipeline.init.guess import Guess
from pipeline.init.guess_events import events_sql
from pipeline.init.value_lines import offered_lines
from pipeline.source.sql import identifier

_STAGES_TEMPLATE = """-- No outcome was understood in the files. Write here when each lead entered which stage, and name
-- this file stages.sql. File names are looked up in the data folder.
--
-- A history, one row a change:
-- SELECT "Lead ID" AS lead_id, "New Value" AS stage, "Edit Date" AS entered_at
-- FROM read_csv('history.csv', all_varchar = true)
--
-- Dates beside the lead, one column a stage:
-- SELECT "Lead ID" AS lead_id, 'LEAD' AS stage, "Create Date" AS entered_at
-- FROM read_csv('leads.csv', all_varchar = true)
-- UNION ALL
-- SELECT "Lead ID", 'WON', "Close Date" FROM read_csv('leads.csv', all_varchar = true) WHERE "Status" = 'Won'
"""
_EVENTS_TEMPLATE = """-- No file of events was understood. Write here what happened, one row an event; name this file
-- events.sql, and declare the event types in source.yaml under events.
-- SELECT "Lead ID" AS lead_id, "Date" AS occurred_at, "Activity" AS event_type
-- FROM read_csv('activities.csv', all_varchar = true)
"""


def sql_texts(draft: Guess) -> dict[str, str]:
    """Return the texts of the SQL files by file name."""
    texts = {"leads.sql": _leads_sql(draft)}
    if draft.events:
        texts["events.sql"] = events_sql(draft.rows, list(draft.events))
    elif draft.leads.created is not None:
        texts["events.sql.example"] = _EVENTS_TEMPLATE
    if draft.stages is not None:
        texts["stages.sql"] = draft.stages.sql
    else:
        texts["stages.sql.example"] = _STAGES_TEMPLATE
    return texts


def _leads_sql(draft: Guess) -> str:
    items = [f"{draft.rows.lead_id} AS lead_id", f"{draft.rows.created} AS created_at"]
    items += [f"{identifier(draft.account.name)} AS account_id"] if draft.account else []
    fit_columns = [item for item in draft.fit if item.left_out is None]
    lines = ",\n    ".join([*items, *(f"{item.column.sql} AS {item.name}" for item in fit_columns)])
    left = [f",\n    {identifier(item.column.name)}" for item in draft.fit if item.left_out and item.column.filled]
    note = "\n    -- not declared in source.yaml, so not used; 'leadscore check' looks at them too" if left else ""
    tail = "".join(left)
    body = lines + (tail.replace(",\n", f",{note}\n", 1) if tail else "")
    head = f"{_head(draft)}\n{offered_lines(draft.leads.look)}"
    return f"{head}SELECT\n    {body}\nFROM {draft.rows.relation}{draft.rows.where}\n"


def _head(draft: Guess) -> str:
    forms = {item.column.number_form for item in draft.fit if item.left_out is None}
    head = "-- One row a lead. Plain DuckDB SQL; file names are looked up in the data folder."
    head += "\n-- Numbers such as 110.285,50 are read as 110285.50." if "german" in forms else ""
    head += "\n-- Numbers such as 110,285.50 are read as 110285.50." if "american" in forms else ""
    if draft.leads.lead_id is None:
        head += "\n-- No column is an id: rows are numbered, so an export in another order gives other ids."
    if draft.leads.created is None:
        head += "\n-- No time of creation: an hour a row stands for it, and leads without an outcome come last."
    if draft.rows.kept is not None:
        head += "\n-- Rows without a time of creation are left out: nobody knows what lay before and after it."
    if draft.leads.form.sql("x") != "x":
        head += "\n-- Ids are compared in one form, for the files write them differently."
    return head
