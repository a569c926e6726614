"""People who are several leads become one: the earliest record, with the facts of all of them.

Records belong together where they share a normalised value of a column that ``dedupe.by`` names, directly or through a
third record. The earliest creation and its id stay; where records contradict each other, the earliest that has a value
holds.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from features.errors import InputError
from features.source_spec import SourceSpec
from features.tables.row_contracts import FOUND, Table, column_rules
from pipeline.source.folder import nearest
from pipeline.source.same_person import same_person_sql
from pipeline.source.sql import identifier

MOST_RECORDS = 20
"""Records that may share one value; what more have, such as info@ or a switchboard, is nobody's alone."""


@dataclass(frozen=True)
class JoinedPeople:
    """What was joined.

    Parameters
    ----------
    people, records : int
        People who were several leads, and these leads.
    shared_by_many : int
        Values that more than ``MOST_RECORDS`` records share, by which nobody was joined.
    """

    people: int
    records: int
    shared_by_many: int

    @property
    def sentence(self) -> str:
        """What a user reads."""
        many = f"; {self.shared_by_many:,} values stand in more than {MOST_RECORDS} leads each and join nobody"
        return f"{self.people:,} people were {self.records:,} leads and are one lead each now" + (
            many if self.shared_by_many else ""
        )


def load_person_keys(con: duckdb.DuckDBPyConnection, spec: SourceSpec, columns: dict[str, str]) -> None:
    """Create ``person_keys`` (``row``, ``key``) from the view ``source_rows`` of the leads.

    Raises
    ------
    InputError
        If ``dedupe.by`` names a column that ``leads.sql`` does not give.
    """
    assert spec.dedupe is not None
    for name in spec.dedupe.by:
        if name not in columns:
            near = nearest(name, columns)
            raise InputError(
                expected="columns of leads.sql under dedupe.by",
                found=repr(name),
                table="source.yaml",
                column="dedupe.by",
                hint=f"Did you mean {near!r}?" if near else None,
            )
    keys = ", ".join(
        f"{place} || ':' || {same_person_sql(identifier(name))}" for place, name in enumerate(spec.dedupe.by)
    )
    con.execute(
        "CREATE TABLE person_keys AS SELECT row, key FROM (SELECT row, unnest(keys) AS key FROM "
        f"(SELECT row_number() OVER () AS row, [{keys}] AS keys FROM source_rows)) WHERE key IS NOT NULL"
    )


def join_people(con: duckdb.DuckDBPyConnection, spec: SourceSpec, tables: dict[Table, int]) -> JoinedPeople:
    """Join the records of each person in ``typed_leads``; their facts in other tables go to the one that stays.

    A record that is going to be rejected (no id, no creation, an id that stands twice, a value that cannot be read)
    is joined with nobody.
    """
    rules = column_rules(spec, "leads")
    present = {name for name, *_ in con.execute("DESCRIBE typed_leads").fetchall()}
    unread = [f"{identifier(name + FOUND)} IS NULL" for name in rules if name + FOUND in present]
    usable = " AND ".join(["lead_id IS NOT NULL", "created_at IS NOT NULL", *unread])
    con.execute(
        f"CREATE TEMP TABLE usable AS SELECT row, lead_id, created_at FROM typed_leads WHERE {usable} "
        "QUALIFY row_number() OVER (PARTITION BY lead_id ORDER BY row) = 1"
    )
    shared = "SELECT key, count(*) AS n FROM person_keys JOIN usable USING (row) GROUP BY key HAVING count(*) > 1"
    many = int(con.execute(f"SELECT count(*) FROM ({shared}) WHERE n > {MOST_RECORDS}").fetchall()[0][0])
    pairs = con.execute(
        "SELECT row, dense_rank() OVER (ORDER BY key) - 1 AS key FROM person_keys JOIN usable USING (row) "
        f"WHERE key IN (SELECT key FROM ({shared}) WHERE n <= {MOST_RECORDS})"
    ).fetchnumpy()
    records = _together(np.asarray(pairs["row"]), np.asarray(pairs["key"]))
    con.register("together", records)
    con.execute(
        "CREATE TEMP TABLE joined AS SELECT row, lead_id, person, "
        "first_value(lead_id) OVER w AS stays, row_number() OVER w AS place FROM together JOIN usable USING (row) "
        "WINDOW w AS (PARTITION BY person ORDER BY created_at, lead_id)"
    )
    con.unregister("together")
    _join_leads(con, [name for name in rules if name in present], present)
    for table in tables:
        if table != "leads":
            con.execute(
                f"UPDATE typed_{table} SET lead_id = stays FROM joined WHERE joined.lead_id = typed_{table}.lead_id"
            )
    people, count = con.execute("SELECT count(DISTINCT person), count(*) FROM joined").fetchall()[0]
    for table_name in ("usable", "joined", "person_keys"):
        con.execute(f"DROP TABLE {table_name}")
    return JoinedPeople(int(people), int(count), many)


def _together(rows: np.ndarray, keys: np.ndarray) -> object:
    """Return ``row`` and ``person``: records that share a key, directly or through others, have one number."""
    import pyarrow as pa

    distinct, nodes = np.unique(rows, return_inverse=True)
    size = len(distinct) + (int(keys.max()) + 1 if len(keys) else 0)
    graph = coo_array((np.ones(len(rows), dtype=np.int8), (nodes, keys + len(distinct))), shape=(size, size))
    person = connected_components(graph, directed=False)[1][: len(distinct)] if len(rows) else np.zeros(0, dtype=int)
    return pa.table({"row": pa.array(distinct, pa.int64()), "person": pa.array(person, pa.int64())})


def _join_leads(con: duckdb.DuckDBPyConnection, names: list[str], present: set[str]) -> None:
    """Replace the records of a person by one: the first value that is there, by creation."""
    fixed = ("lead_id", "created_at")
    filled = [
        f"arg_min({identifier(name)}, place) FILTER ({identifier(name)} IS NOT NULL) AS {identifier(name)}"
        for name in names
        if name not in fixed
    ]
    unread = [f"NULL AS {identifier(name + FOUND)}" for name in names if name + FOUND in present]
    first = ["min(l.row) FILTER (place = 1) AS row", *(f"arg_min(l.{name}, place) AS {name}" for name in fixed)]
    con.execute(
        f"CREATE TEMP TABLE people AS SELECT {', '.join([*first, *filled, *unread])} "
        "FROM typed_leads l JOIN joined USING (row) GROUP BY person"
    )
    con.execute("DELETE FROM typed_leads WHERE row IN (SELECT row FROM joined)")
    con.execute("INSERT INTO typed_leads BY NAME SELECT * FROM people")
    con.execute("DROP TABLE people")
