"""People who are two leads: the same e-mail address or phone number, written alike or not."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipeline.init.id_links import plain_name
from pipeline.init.loaded_files import LoadedFiles
from pipeline.init.look_at_files import ColumnLook, FileLook
from pipeline.source.same_person import same_person_sql
from pipeline.source.sql import identifier

_PHONE = re.compile(r".*(phone|telefon|mobil|handy|(^|[^a-z])tel([^a-z]|$)).*")
_COMPANY = re.compile(r".*(company|firm|account|unternehmen|zentrale).*")


@dataclass(frozen=True)
class Doubles:
    """Leads that share a value of a column.

    Parameters
    ----------
    column : ColumnLook
        E-mail address or phone number.
    people, leads : int
        Values that several leads share, and those leads.
    """

    column: ColumnLook
    people: int
    leads: int


def find_doubles(files: LoadedFiles, look: FileLook) -> list[Doubles]:
    """Return the columns by which people are several leads, with counts."""
    found = []
    for column in look.columns:
        plain = plain_name(column.name)
        phone = _PHONE.fullmatch(plain) and not _COMPANY.fullmatch(plain) and column.values > 0.5 * column.filled
        if column.kind != "email" and not phone:
            continue
        people, leads = files.row(
            f"SELECT count(*), coalesce(sum(n), 0) FROM (SELECT count(*) AS n FROM {files.table(look)} "
            f"WHERE {same_person_sql(identifier(column.name))} IS NOT NULL "
            f"GROUP BY {same_person_sql(identifier(column.name))} HAVING count(*) > 1)"
        )
        if people and leads <= 0.5 * look.rows:
            found.append(Doubles(column, int(people), int(leads)))
    return found
