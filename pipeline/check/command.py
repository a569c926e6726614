"""``leadscore check``: what was understood of a source and its data, before any time is spent on a model."""

from __future__ import annotations

import tempfile
from pathlib import Path

from features.time_units import format_time
from pipeline.check.all_checks import CHECKS
from pipeline.check.check import LoadedSource
from pipeline.check.report import SourceReport
from pipeline.ingest.row_checks import check_rows
from pipeline.ingest.stage import create_outputs, load_tables
from pipeline.ingest.unknown_ids import load_wide_leads
from pipeline.settings.settings import Settings
from pipeline.source.database import open_database
from pipeline.source.folder import Source
from pipeline.source.sql import find_queries


def check_source(source: Source, data_dir: Path, settings: Settings) -> SourceReport:
    """Read a source's data as ``ingest`` does and say what is there; nothing is written.

    Parameters
    ----------
    source : Source
        The source folder as read.
    data_dir : Path
        Folder of the exports.
    settings : Settings
        ``ingest`` says how much may be wrong (more is told in ``stops``), ``split`` and ``model`` how many outcomes a
        model needs.

    Returns
    -------
    SourceReport
        With ``to_text()`` and ``to_json()``.

    Raises
    ------
    InputError
        If the tables cannot be read at all: SQL, missing columns, unusable types.
    """
    queries = find_queries(source, data_dir)
    with tempfile.TemporaryDirectory(prefix="leadscore-check-") as scratch:
        database = Path(scratch) / "check.duckdb"
        rows = load_tables(source, data_dir, database, limits=settings.limits, also=load_wide_leads)
        con = open_database(database, memory=settings.limits.memory)
        try:
            check_rows(con, source.spec, rows)
            create_outputs(con, source.spec, rows)
            loaded = LoadedSource(con, source.spec, queries, rows, settings)
            until = format_time(loaded.observed_until_us)
            return SourceReport(source.spec.name, until, {check.code: check.results(loaded) for check in CHECKS})
        finally:
            con.close()
