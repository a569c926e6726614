"""Tables of somebody's database: what is there is used as it is; what cannot work is said before anything is sent."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from features.errors import InputError
from pipeline.score.sinks.store_url import read_url

LEADS = {"1": 0.604, "2": 0.25, "3": 0.04}


@pytest.fixture(params=["sqlite", "postgresql"])
def crm(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    is_sqlite = request.param == "sqlite"
    return f"sqlite:///{tmp_path}/crm.sqlite" if is_sqlite else str(request.getfixturevalue("postgres_url"))


def test_keys_and_columns_of_other_types_are_met(nights_of: Any, sqlite_store: str, crm: str, table: Any, sql: Any):
    sql(crm, "CREATE TABLE leads (lead_id BIGINT PRIMARY KEY, p NUMERIC(5, 2), at TIMESTAMP, why VARCHAR(20))")
    sql(crm, "INSERT INTO leads VALUES (2, 0.5, '2020-01-01 00:00:00', 'by hand')")
    fields = {"p": "probability", "at": "as_of", "why": "reasons"}
    nights = nights_of(sqlite_store, kind="sql", url=crm, table="leads", fields=fields, longest=20)
    assert [nights.night(1, LEADS), nights.night(2, LEADS)] == [3, 0]  # 0.604 stands there as 0.6
    rows = table(crm, "leads", ("p", "why"))
    assert {lead_id: (float(p), why) for lead_id, (p, why) in rows.items()} == {
        1: (0.6, "demo (+60); =indust…"), 2: (0.25, "demo (+25); =indust…"), 3: (0.04, "demo (+4); =industr…"),
    }  # fmt: skip
    for number in (2, 1):
        nights.undo(number)
    [(p, at, why)] = table(crm, "leads", ("p", "at", "why")).values()
    assert (float(p), str(at), why) == (0.5, "2020-01-01 00:00:00", "by hand")


def test_a_value_that_the_column_rounds_is_not_sent_each_night(nights_of: Any, sqlite_store: str, tmp_path: Path):
    crm = f"sqlite:///{tmp_path}/crm.sqlite"
    nights = nights_of(sqlite_store, kind="sql", url=crm, table="t", create=True, fields={"p": "probability"})
    assert [nights.night(1, {"1": 1 / 3}), nights.night(2, {"1": 1 / 3 + 1e-9})] == [1, 0]


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"table": "nothing"}, "Create it, or set create: true"), ({"fields": {"tier": "band"}}, "no column tier"),
     ({"key": "id"}, "no column id")],
)  # fmt: skip
def test_what_is_not_there_is_said(
    settings: dict[str, Any], message: str, nights_of: Any, sqlite_store: str, crm: str, sql: Any
) -> None:
    sql(crm, "CREATE TABLE leads (lead_id TEXT PRIMARY KEY, band TEXT)")
    given = {"table": "leads", "fields": {"band": "band"}, **settings}
    with pytest.raises(InputError, match=message):
        nights_of(sqlite_store, kind="sql", url=crm, **given).night(1, LEADS)
    assert sql(crm, "SELECT * FROM leads") == []


def test_names_are_quoted_and_a_database_path_is_any_path(nights_of: Any, sqlite_store: str, tmp_path: Path):
    folder = tmp_path / "100%41 what?"
    folder.mkdir()
    nights = nights_of(
        sqlite_store,
        kind="sql",
        file=str(folder / "crm.sqlite"),
        table='leads"; DROP',
        key="order",
        create=True,
        fields={"select": "score"},
    )
    assert nights.night(1, LEADS) == 3
    assert [file.name for file in folder.iterdir()] == ["crm.sqlite"]


def test_a_lock_of_somebody_else_is_waited_for_and_a_refused_value_is_a_message(
    nights_of: Any, sqlite_store: str, postgres_url: str, table: Any, sql: Any
) -> None:
    sql(postgres_url, "CREATE TABLE leads (lead_id TEXT PRIMARY KEY, n INTEGER CHECK (n < 90))")
    sql(postgres_url, "INSERT INTO leads VALUES ('1', 0), ('2', 0)")
    given = {"kind": "sql", "url": postgres_url, "table": "leads", "fields": {"n": "score"}, "retries": 2}
    nights = nights_of(sqlite_store, **given)
    engine = sa.create_engine(read_url(postgres_url))
    with engine.connect() as other:
        other.execute(sa.text("UPDATE leads SET n = 1 WHERE lead_id = '2'"))
        ours = threading.Thread(target=nights.night, args=(1, LEADS))
        ours.start()
        ours.join(1.0)
        assert ours.is_alive()  # it waits
        other.rollback()
    ours.join()
    engine.dispose()
    assert table(postgres_url, "leads", ("n",)) == {"1": (60,), "2": (25,), "3": (4,)}
    with pytest.raises(InputError, match="a value that it refuses") as refused:
        nights.night(2, LEADS | {"1": 0.95})
    assert "95" not in str(refused.value)
