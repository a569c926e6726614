"""How SQL reads the leads: their id and creation, or what stands for them, and other ids that the same lead has."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipeline.init.guess_leads import LeadsGuess
from pipeline.init.id_links import Link, link_of, may_hold_ids, plain_name
from pipeline.init.loaded_files import LoadedFiles
from pipeline.init.look_at_files import ColumnLook, FileLook
from pipeline.source.lead_ids import AS_WRITTEN, IdForm
from pipeline.source.sql import identifier

_MERGED = re.compile(r".*(master|merged|duplicate_of|dublette|survivor|winning|zusammengef|haupt(datensatz|kontakt)).*")
_FEWEST = 3
_SEPARATORS = "[;,|]"


@dataclass(frozen=True)
class OtherIds:
    """A column of the leads that holds further ids of them: of the contact they became, or of records merged in."""

    column: ColumnLook
    ids: int
    lists: bool = False
    of_row: bool = False
    """Whether the row itself is the merged one, and the column names the lead that it went into."""

    @property
    def filled_words(self) -> str:
        """What the column holds, in words."""
        if self.of_row:
            return f"{self.ids:,} leads were merged into the one that {self.column.name!r} names"
        return f"{self.ids:,} ids that other files use stand in {self.column.name!r}"


@dataclass(frozen=True)
class LeadRows:
    """The leads as SQL reads them.

    Parameters
    ----------
    leads : LeadsGuess
        File, id, creation.
    other_ids : tuple of OtherIds
        Columns with further ids.
    undecided : str, optional
        Where the order of rows stands for a time: SQL that is true for leads without an outcome yet.
    ids_form : IdForm
        In which form further ids agree between the files.
    kept : str, optional
        SQL that is true for the rows of the leads that are read; None where all are.
    """

    leads: LeadsGuess
    other_ids: tuple[OtherIds, ...] = ()
    undecided: str | None = None
    ids_form: IdForm = AS_WRITTEN
    kept: str | None = None

    @property
    def relation(self) -> str:
        """The FROM item of the leads, with row numbers where they are needed."""
        relation = self.leads.look.relation
        if self.kept is not None:
            relation = f"(SELECT * FROM {relation} WHERE {self.kept})"
        if self.leads.lead_id is not None and self.leads.created is not None:
            return relation
        return f"(SELECT *, row_number() OVER () AS row_no, count(*) OVER () AS all_rows FROM {relation})"

    @property
    def lead_id(self) -> str:
        """SQL of the id."""
        if self.leads.lead_id is None:
            return "'row ' || row_no"
        return self.leads.form.sql(identifier(self.leads.lead_id.name))

    @property
    def created(self) -> str:
        """SQL of the creation."""
        if self.leads.created is not None:
            return self.leads.created.sql
        place = f"CASE WHEN {self.undecided} THEN all_rows + 48 ELSE row_no END" if self.undecided else "row_no"
        return f"(TIMESTAMPTZ '2000-01-01 00:00:00+00' + ({place}) * INTERVAL 1 HOUR)"

    @property
    def where(self) -> str:
        """SQL that leaves out records which were merged into another lead."""
        gone = [f"nullif(trim({identifier(o.column.name)}::VARCHAR), '') IS NULL" for o in self.other_ids if o.of_row]
        return f"\nWHERE {' AND '.join(gone)}" if gone else ""

    def of_file(self, look: FileLook, column: ColumnLook) -> tuple[str, str]:
        """Return SQL of the lead that a row of a file is about, and the FROM item that it needs."""
        if look is self.leads.look:
            masters = [
                f"nullif({self.leads.form.sql(identifier(o.column.name))}, '')" for o in self.other_ids if o.of_row
            ]
            return (f"coalesce({', '.join([*masters, self.lead_id])})" if masters else self.lead_id), self.relation
        relation = look.relation if self.kept is None else self._of_kept(look, column)
        if not self.other_ids:
            return self.leads.form.sql(identifier(column.name)), relation
        own = self.leads.form.sql(f"t.{identifier(column.name)}")
        an_id = self.ids_form.sql(f"t.{identifier(column.name)}")
        return f"coalesce(its_lead, {own})", f"{relation} AS t\nLEFT JOIN ids ON an_id = {an_id}"

    def _of_kept(self, look: FileLook, column: ColumnLook) -> str:
        """Return a file without the rows of leads that are not read."""
        if self.leads.lead_id is None:
            return look.relation
        own, key = (
            self.leads.form.sql(identifier(column.name)),
            self.leads.form.sql(identifier(self.leads.lead_id.name)),
        )
        left_out = (
            f"SELECT ({key})::VARCHAR FROM {self.leads.look.relation} WHERE NOT ({self.kept}) AND ({key}) IS NOT NULL"
        )
        return f"(SELECT * FROM {look.relation} WHERE coalesce(({own})::VARCHAR NOT IN ({left_out}), true))"

    @property
    def ids(self) -> str:
        """The WITH item of further ids, or nothing."""
        return f"ids AS (\n{self._ids()}\n)" if self.other_ids else ""

    def _ids(self) -> str:
        parts = []
        for other in self.other_ids:
            name = identifier(other.column.name)
            an_id, its_lead = self.ids_form.sql(name), self.lead_id
            relation = self.leads.look.relation
            if other.of_row:
                assert self.leads.lead_id is not None
                an_id = self.ids_form.sql(identifier(self.leads.lead_id.name))
                its_lead = self.leads.form.sql(name)
            elif other.lists:
                an_id, relation = self.ids_form.sql("one_id"), f"(SELECT *, {_one_id(name)} FROM {relation})"
            parts.append(
                f"    SELECT {an_id} AS an_id, {its_lead} AS its_lead   -- {other.ids:,} ids that other files use\n"
                f"    FROM {relation}\n    WHERE nullif(trim({name}::VARCHAR), '') IS NOT NULL"
            )
        union = "\n    UNION ALL\n".join(parts)
        return f"    SELECT an_id, min(its_lead) AS its_lead FROM (\n{union}\n    ) GROUP BY an_id"


def _one_id(name: str) -> str:
    """Return SQL that gives a row for each id of a list."""
    return f"trim(unnest(regexp_split_to_array({name}::VARCHAR, '{_SEPARATORS}'))) AS one_id"


def find_other_ids(files: LoadedFiles, leads: LeadsGuess, form: IdForm) -> tuple[OtherIds, ...]:
    """Find the leads' columns that hold ids which other files use and the id column does not have."""
    if leads.lead_id is None:
        return ()
    columns = [column for column in leads.look.columns if column is not leads.lead_id and column.kind != "time"]
    merged = [
        OtherIds(column, column.filled, of_row=True)
        for column in columns
        if _MERGED.fullmatch(plain_name(column.name))
        and column.filled < 0.5 * leads.look.rows
        and (link := link_of(files, leads.look, leads.lead_id, leads.look, column)) is not None
        and link.share >= 0.8
    ]
    for link in leads.links:
        unknown = _unknown_ids(files, leads, link, form)
        for column in columns:
            if any(column is other.column for other in merged) or not column.filled:
                continue
            merged += _holding(files, leads, column, unknown, form)
    return tuple(merged)


def _unknown_ids(files: LoadedFiles, leads: LeadsGuess, link: Link, form: IdForm) -> str:
    """Return SQL of the ids that a file uses and the leads' id does not have."""
    assert leads.lead_id is not None
    own, key = form.sql(identifier(link.column.name)), form.sql(identifier(leads.lead_id.name))
    return (
        f"SELECT DISTINCT ({own})::VARCHAR AS v FROM {files.table(link.look)} WHERE trim(v) <> '' "
        f"AND v NOT IN (SELECT ({key})::VARCHAR FROM {files.table(leads.look)} WHERE ({key}) IS NOT NULL)"
    )


def _holding(files: LoadedFiles, leads: LeadsGuess, column: ColumnLook, unknown: str, form: IdForm) -> list[OtherIds]:
    name, table = identifier(column.name), files.table(leads.look)
    listed = f"(SELECT *, {_one_id(name)} FROM {table})"
    for sql, relation, lists in (
        (form.sql(name), table, False),
        (form.sql("one_id"), listed, True),
    ):
        if not lists and not may_hold_ids(column):
            continue
        ids, known = files.row(
            f"WITH u AS ({unknown}), d AS (SELECT DISTINCT ({sql})::VARCHAR AS v FROM {relation} "
            f"WHERE nullif(trim({name}::VARCHAR), '') IS NOT NULL) "
            "SELECT count(*), count(*) FILTER (v IN (SELECT v FROM d)) FROM u"
        )
        if known >= _FEWEST and known >= 0.05 * ids and column.kind != "boolean":
            return [OtherIds(column, int(known), lists=lists)]
    return []


def linked_by_other_ids(files: LoadedFiles, leads: LeadsGuess) -> list[Link]:
    """Return links of files that know leads by another column than the id: an e-mail address, the contact's id."""
    if leads.lead_id is None:
        return []
    linked = {link.look.file for link in leads.links}
    found = []
    for look in files.looks:
        if look is leads.look or look.file in linked:
            continue
        candidates = [
            link
            for own in leads.look.columns
            if own is not leads.lead_id and may_hold_ids(own) and own.values >= 0.9 * own.filled
            for column in look.columns
            if (link := link_of(files, leads.look, own, look, column)) is not None
            and link.holds
            and link.ids >= _FEWEST
        ]
        found += [max(candidates, key=lambda link: (link.share, link.ids))] if candidates else []
    return found
