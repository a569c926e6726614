"""The list of open leads in the order in which it is read: made anew when another run comes in force."""

from __future__ import annotations

import sqlalchemy as sa

from models.scoring.groups import GROUPS
from models.scoring.run_about import RunAbout
from pipeline.score.sinks.runs import in_force
from pipeline.score.sinks.store_tables import OPEN_LEADS, SCORE_RUNS, SCORES

SEARCH = "open_lead_search"
"""On SQLite, the index of the parts of lead ids."""
_SEARCH_POSTGRESQL = "open_leads_search"


def list_open_leads(connection: sa.Connection) -> None:
    """List the newest score of each lead of the run in force, and say in that run how many there are.

    Parameters
    ----------
    connection : Connection
        In the transaction that completes or takes back a run: until its end, everybody else reads the list as it was.
    """
    connection.execute(sa.delete(OPEN_LEADS))
    run = in_force(connection)
    if run is not None:
        _list_run(connection, run.run_id, RunAbout.model_validate(run.about).probability)
    if connection.dialect.name == "postgresql":
        # Without them, the first questions would be planned for an empty table, and searches would read a pending list.
        connection.exec_driver_sql(f"SELECT gin_clean_pending_list('{_SEARCH_POSTGRESQL}')")
        connection.exec_driver_sql(f"ANALYZE {OPEN_LEADS.name}")
    elif sa.inspect(connection).has_table(SEARCH):
        connection.exec_driver_sql(f"INSERT INTO {SEARCH} ({SEARCH}) VALUES ('rebuild')")


def _list_run(connection: sa.Connection, run_id: str, probability: str) -> None:
    placed = _placed(connection, run_id, probability)
    connection.execute(sa.insert(OPEN_LEADS).from_select([column.name for column in OPEN_LEADS.columns], placed))
    groups = (OPEN_LEADS.c.counted_as, OPEN_LEADS.c.fit_grade, OPEN_LEADS.c.behaviour_grade)
    new = sa.func.count(OPEN_LEADS.c.place_in_new).label("new")
    counted = connection.execute(sa.select(*groups, sa.func.count().label("leads"), new).group_by(*groups))
    counts = [dict(row) for row in counted.mappings()]
    connection.execute(sa.update(SCORE_RUNS).where(SCORE_RUNS.c.run_id == run_id).values(counts=counts))


def _placed(connection: sa.Connection, run_id: str, probability: str) -> sa.Select[tuple[object, ...]]:
    """Return the rows of the list: group, then probability, then lead id by its characters, the same everywhere."""
    nth = sa.func.row_number().over(partition_by=SCORES.c.lead_id, order_by=SCORES.c.as_of.desc())
    names = ("lead_id", "as_of", "counted_as", "fit_grade", "behaviour_grade")
    of_run = (
        sa.select(*(SCORES.c[name] for name in (*names, "joined")), SCORES.c[probability].label("p"), nth.label("nth"))
        .where(SCORES.c.run_id == run_id)
        .subquery("of_run")
    )
    rank = sa.case({name: place for place, name in enumerate(GROUPS)}, value=of_run.c.counted_as)
    lead = sa.collate(of_run.c.lead_id, "C") if connection.dialect.name == "postgresql" else of_run.c.lead_id
    place = sa.func.row_number().over(order_by=(rank, of_run.c.p.desc().nulls_last(), lead))
    row = (
        sa.select(place.label("place"), *(of_run.c[name] for name in (*names, "joined")))
        .where(of_run.c.nth == 1)
        .subquery("placed")
    )
    fit, behaviour = row.c.fit_grade, row.c.behaviour_grade
    among = [
        sa.func.row_number().over(partition_by=same, order_by=row.c.place)
        for same in ((fit,), (behaviour,), (fit, behaviour))
    ]
    parts = sa.func.leadscore_trigrams(row.c.lead_id) if connection.dialect.name == "postgresql" else sa.null()
    is_new = row.c.joined.is_not(None)
    among_new = sa.case((is_new, sa.func.row_number().over(partition_by=is_new, order_by=row.c.place)))
    placed = [row.c[name] for name in ("place", *names)]
    return sa.select(*placed, *among, parts, sa.literal(run_id), among_new)
