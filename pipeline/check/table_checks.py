"""Checks of the tables as given: rows and times, what was rejected, and whether a run would stop at what is there."""

from __future__ import annotations

from collections.abc import Iterator

from features.answers import Answer
from features.checks import CheckResult
from features.errors import InputError
from features.time_units import format_time
from pipeline.check.check import LoadedSource, SourceCheck
from pipeline.ingest.row_checks import rejected_rows
from pipeline.ingest.stage import TIME_COLUMNS, require_usable


class Tables(SourceCheck):
    """Counts the rows of each table, those that were rejected among them, and says which time they cover."""

    code = "tables"
    title = section = "Tables"

    def run(self, context: LoadedSource) -> Iterator[CheckResult]:
        """Look at each table; one without a usable row could not be looked at."""
        for table, query in context.queries.items():
            time = TIME_COLUMNS[table]
            times = f"SELECT epoch_us(min({time})), epoch_us(max({time})) FROM out_{table}"
            first, last = (None if us is None else format_time(us) for us in context.con.execute(times).fetchall()[0])
            rows, (rejected, _) = context.rows[table], rejected_rows(context.con, table)
            span = f"{first} to {last}" if first else "no times"
            yield self.answered(
                Answer.PASSED if rows > rejected else Answer.UNCHECKED,
                f"{table:<9}{rows:>12,} rows {rejected:>8,} rejected   {span}   ({query.origin})",
                subject=table,
                figures={
                    "table": table,
                    "origin": query.origin,
                    "rows": rows,
                    "rejected": rejected,
                    "first": first,
                    "last": last,
                },
            )


class RejectedRows(SourceCheck):
    """Counts rejected rows by table, column and reason, with the first as an example."""

    code = "rejects"
    title = section = "Rejected rows"

    def run(self, context: LoadedSource) -> Iterator[CheckResult]:
        """Give each reason, the most frequent first."""
        reasons = context.con.execute(
            'SELECT "table", "column", reason, count(*), min(row), arg_min(found, row) FROM rejects '
            'GROUP BY ALL ORDER BY count(*) DESC, "table", "column", reason'
        ).fetchall()
        if not reasons:
            yield self.passed("none")
        for table, column, reason, rows, first_row, value in reasons:
            example = "nothing" if value is None else repr(value)
            yield self.failed(
                f"{rows:>8,}  {table}.{column}: {reason} (first in row {first_row}: {example})",
                subject=f"{table}.{column}: {reason}",
                figures={
                    "table": table,
                    "column": column,
                    "reason": reason,
                    "rows": rows,
                    "first_row": first_row,
                    "found": value,
                },
            )


class WouldStop(SourceCheck):
    """Foretells whether a run would refuse the data: too many rows rejected, or what is missing says who won."""

    code, title = "stops", "A run would stop here"

    def run(self, context: LoadedSource) -> Iterator[CheckResult]:
        """Ask what ``ingest`` would ask."""
        rows, options = dict(context.rows), context.settings.ingest
        try:
            require_usable(context.con, context.spec, rows, context.unknown_ids, options)
        except InputError as error:
            yield self.failed(str(error))
        else:
            yield self.passed()

    def lines(self, results: object) -> list[str]:
        """Return nothing: the report ends with it."""
        return []
