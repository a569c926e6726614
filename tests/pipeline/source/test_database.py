"""What a source's SQL can reach: the export, its own folder and the scratch, whichever way it asks."""

from __future__ import annotations

import duckdb
import pytest

from features.errors import InputError
from pipeline.settings.limits import LimitOptions
from pipeline.source.database import Export, open_for_source, running
from pipeline.source.folder import read_source
from pipeline.source.sql import Query, find_queries, load_typed, run

SOURCE_YAML = "name: small\ntitle: {de: Klein, en: Small}\ntargets: {sql: {stage: SQL, horizon: 30d}}\n"
SECRET = "the secret of another file"


@pytest.fixture
def export(tmp_path):
    """Return an export beside which lies a secret."""
    for name in ("source", "data/sub", "scratch", "other"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "source" / "source.yaml").write_text(SOURCE_YAML)
    (tmp_path / "source" / "words.csv").write_text("word\nmine\n")
    for folder in ("data", "data/sub"):
        (tmp_path / folder / "leads.csv").write_text("lead_id,created_at\nA,2025-01-01\n")
    (tmp_path / "other" / "secret.csv").write_text(f"word\n{SECRET}\n")
    data = tmp_path / "data"
    return Export(read_source(tmp_path / "source"), data, data.resolve(), LimitOptions())


def rows(export, sql, tmp_path):
    con = open_for_source(tmp_path / "scratch" / "x.duckdb", export)
    try:
        with running(con, export):
            run(con, Query("leads", sql, "leads.sql"), f"CREATE TABLE found AS {sql}", export.folder)
            return con.execute("SELECT * FROM found").fetchall()
    finally:
        con.close()
        (tmp_path / "scratch" / "x.duckdb").unlink()


ALLOWED = ["'leads.csv'", "read_csv('leads.csv')", "'sub/leads.csv'", "'*.csv'", "read_csv('*/leads.csv')",
           "'DATA/leads.csv'", "read_csv(['leads.csv', 'sub/leads.csv'])", "'../source/words.csv'",
           "(SELECT 1 FROM glob('sub/*'))"]  # fmt: skip
REFUSED = ["'../other/secret.csv'", "'OTHER/secret.csv'", "'DATA/../other/secret.csv'", "'sub/../../other/secret.csv'",
           "read_csv('../*/secret.csv')", "read_text('/etc/passwd')", "read_blob('/proc/self/environ')",
           "read_text('/proc/self/cwd/../other/secret.csv')", "glob('/etc/*')", "glob('../other/*')",
           "read_csv('file:OTHER/secret.csv')", "read_csv('http://localhost/x.csv')", "read_csv('~/x.csv')",
           "read_text('/dev/stdin')", "sniff_csv('OTHER/secret.csv')", "read_json('OTHER/secret.csv')",
           "parquet_metadata('OTHER/secret.csv')", "read_csv(['leads.csv', 'OTHER/secret.csv'])",
           "read_csv('DATAX/leads.csv')", "read_duckdb('OTHER/secret.duckdb', table_name = 't')",
           "(SELECT getenv('HOME'))",
           "query('SELECT * FROM read_text(''/etc/passwd'')')", "crm.secret", "'link.csv'", "'linked/secret.csv'",
           "enable_logging(storage = 'file', storage_config = {'path': 'OTHER/log'})",
           "enable_profiling(save_location = 'OTHER/profile.json')"]  # fmt: skip


@pytest.mark.parametrize("item", ALLOWED)
def test_files_of_the_export_and_of_the_source_folder_are_read(export, tmp_path, item):
    assert rows(export, f"SELECT * FROM {item.replace('DATA', str(export.data_dir))}", tmp_path)


@pytest.mark.parametrize("item", REFUSED)
def test_nothing_else_is_read(export, tmp_path, item):
    with duckdb.connect(str(export.data_dir / "crm.duckdb")) as con:
        con.execute(f"CREATE VIEW secret AS SELECT * FROM read_text('{tmp_path}/other/secret.csv')")
    with duckdb.connect(str(tmp_path / "other" / "secret.duckdb")) as con:
        con.execute("CREATE TABLE t AS SELECT 1 AS word")
    (export.data_dir / "link.csv").symlink_to(tmp_path / "other" / "secret.csv")
    (export.data_dir / "linked").symlink_to(tmp_path / "other")
    before = sorted((tmp_path / "other").iterdir())
    named = item.replace("DATA", str(export.data_dir)).replace("OTHER", str(tmp_path / "other"))
    with pytest.raises(InputError) as refused:
        rows(export, f"SELECT * FROM {named}", tmp_path)
    assert SECRET not in str(refused.value)
    assert sorted((tmp_path / "other").iterdir()) == before


def test_a_file_beside_the_command_does_not_stand_for_one_of_the_export(export, tmp_path, monkeypatch):
    (tmp_path / "other" / "leads.csv").write_text("lead_id,created_at\nB,2025-01-01\nC,2025-01-01\n")
    monkeypatch.chdir(tmp_path / "other")
    assert [row[0] for row in rows(export, "SELECT * FROM 'leads.csv'", tmp_path)] == ["A"]


@pytest.mark.parametrize("name", ["exports[1]", "exports?", "ex*", "a,b", "it's"])
def test_a_data_folder_is_a_plain_path(tmp_path, export, name):
    """Each pattern would find the other folders too."""
    for other in ("exports1", "exports2", "exports", name):
        (tmp_path / other).mkdir()
        (tmp_path / other / "leads.csv").write_text(f'lead_id,created_at\n"{other}",2025-01-01\n')
    data = tmp_path / name
    here = Export(export.source, data, data.resolve(), LimitOptions())
    for table, query in find_queries(here.source, data).items():
        con = open_for_source(tmp_path / "scratch" / "y.duckdb", here)
        with running(con, here):
            assert load_typed(con, here.source, query, data) == 1
        assert con.execute(f"SELECT lead_id FROM typed_{table}").fetchall() == [(name,)]
        con.close()


def test_a_file_name_that_is_a_pattern_is_refused_in_sql_with_how_to_write_it(export):
    (export.data_dir / "leads [2].csv").write_text("lead_id\nB\n")
    export.source.sql["leads"] = "SELECT * FROM 'leads [2].csv'"
    with pytest.raises(InputError, match=r"Write 'leads \[\[\]2\]\.csv'"):
        find_queries(export.source, export.data_dir)
    export.source.sql["leads"] = "SELECT * FROM 'leads [[]2].csv'"
    assert "leads" in find_queries(export.source, export.data_dir)


def test_a_database_that_is_none_is_one_message(export, tmp_path):
    (export.data_dir / "crm.duckdb").write_text("no database")
    with pytest.raises(InputError, match=r"crm\.duckdb: expected a DuckDB file"):
        open_for_source(tmp_path / "scratch" / "x.duckdb", export)


def test_sql_without_end_is_stopped(export, tmp_path):
    limited = Export(export.source, export.data_dir, export.folder, LimitOptions(sql_time="1s"))
    endless = "SELECT count(*) FROM range(1000000000) a, range(1000000000) b WHERE hash(a.range) = hash(b.range + 1)"
    with pytest.raises(InputError, match=r"through after 1s \(limits\.sql_time\)"):
        rows(limited, endless, tmp_path)


def test_more_rows_than_the_limit_are_not_read(export, tmp_path):
    query = Query(
        "leads", "SELECT range::VARCHAR AS lead_id, DATE '2025-01-01' AS created_at FROM range(10)", "leads.sql"
    )
    con = open_for_source(tmp_path / "scratch" / "x.duckdb", export)
    with running(con, export):
        assert load_typed(con, export.source, query, export.folder, most_rows=10) == 10
        con.execute("DROP TABLE typed_leads")
        with pytest.raises(InputError, match=r"leads\.sql: expected at most 9 \(limits\.rows\)"):
            load_typed(con, export.source, query, export.folder, most_rows=9)
    con.close()
