"""Who is to be forgotten: all leads that are this person, and what the person can be found by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.source_spec import SourceSpec

MOST_RECORDS = 20
"""Leads that may share one address; what more have is nobody's alone, as in ``dedupe``."""


@dataclass(frozen=True)
class Person:
    """What is known of somebody.

    Attributes
    ----------
    lead_ids : tuple of str
        The lead that was named first, then all that share an e-mail address with it.
    addresses : tuple of str
        E-mail addresses as they are written.
    values : tuple of str
        Further values that nobody else has, of columns that are kept for people to see.
    """

    lead_ids: tuple[str, ...]
    addresses: tuple[str, ...]
    values: tuple[str, ...]

    @property
    def traces(self) -> tuple[str, ...]:
        """Everything that a search looks for."""
        return (*self.lead_ids, *self.addresses, *self.values)


def find_person(lead_id: str, out: Path, spec: SourceSpec) -> Person:
    """Look for a person in all tables of leads below a folder, those of past nights among them.

    Parameters
    ----------
    lead_id : str
    out : Path
    spec : SourceSpec
        Says which columns hold e-mail addresses.
    """
    columns = [name for name, column in spec.fit.items() if column.type == "email"]
    rows = set(_rows(_tables(out, "leads"), columns))
    lead_ids, addresses = {lead_id}, set[str]()
    while True:
        new = {value for lead, value in rows if lead in lead_ids} - addresses
        addresses |= {value for value in new if _is_nobodys(rows, value)}
        more = {lead for lead, value in rows if value in addresses}
        if more <= lead_ids:
            break
        lead_ids |= more
    written = sorted(_as_written(_tables(out, "leads"), columns, lead_ids))
    own = _own_values(list(_tables(out, "shown")), lead_ids)
    return Person((lead_id, *sorted(lead_ids - {lead_id})), tuple(written), tuple(sorted(own)))


def _is_nobodys(rows: set[tuple[str, str]], value: str) -> bool:
    return len({lead for lead, other in rows if other == value}) <= MOST_RECORDS


def _tables(out: Path, name: str) -> Iterator[pa.Table]:
    for file in sorted(out.rglob(f"{name}*.parquet")):
        if "lead_id" in pq.read_schema(file).names and "simulate" not in file.relative_to(out).parts:
            yield pq.read_table(file)


def _rows(tables: Iterable[pa.Table], columns: list[str]) -> Iterator[tuple[str, str]]:
    for table in tables:
        for name in columns:
            if name in table.column_names:
                known = table.filter(pc.is_valid(table[name]))
                for lead, value in zip(known["lead_id"].to_pylist(), known[name].to_pylist(), strict=True):
                    yield str(lead), str(value).strip().lower()


def _as_written(tables: Iterable[pa.Table], columns: list[str], lead_ids: set[str]) -> set[str]:
    written = set[str]()
    for table in tables:
        mine = table.filter(pc.is_in(table["lead_id"].cast(pa.string()), pa.array(sorted(lead_ids))))
        for name in columns:
            if name in mine.column_names:
                written |= {str(value) for value in mine[name].to_pylist() if value is not None}
    return written


def _own_values(tables: list[pa.Table], lead_ids: set[str]) -> set[str]:
    """Return values of shown columns that stand with nobody else."""
    mine, others = set[str](), set[str]()
    for table in tables:
        for row in table.to_pylist():
            values = {str(value) for name, value in row.items() if name != "lead_id" and value is not None}
            (mine if str(row["lead_id"]) in lead_ids else others).update(values)
    return mine - others
