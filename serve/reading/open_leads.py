"""The list of open leads as the store keeps it: which places a page has, and how many leads fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

import sqlalchemy as sa

from models.scoring.groups import GROUPS
from models.scoring.score_columns import KEY

SEARCH = "open_lead_search"
"""SQLite's index of the parts of lead ids; PostgreSQL has the column ``parts``."""
_TRIGRAM = 3
_FEW = 10_000
"""So many leads are put in order faster than the list is walked for them."""


@dataclass(frozen=True)
class LeadPage:
    """Some of the open leads, and how many there are.

    Attributes
    ----------
    rows : list of mapping
        Score rows, highest priority first.
    matching : int
        Leads that fit all that is asked, on all pages together.
    counts : mapping of str to int
        Leads a group that fit all else; they add up to ``found``.
    total : int
        All open leads.
    """

    rows: Sequence[Mapping[str, Any]]
    matching: int
    counts: Mapping[str, int]
    total: int

    @property
    def found(self) -> int:
        """Leads that fit, in whatever group."""
        return sum(self.counts.values())


@dataclass(frozen=True)
class LeadsWanted:
    """Which open leads a page shows.

    Attributes
    ----------
    group : str or None
        One of `models.scoring.groups.GROUPS`; None is all.
    search : str
        Part of a lead id, in any case.
    fit_grade, behaviour_grade : str or None
        Only leads with this grade.
    new : bool
        Only leads that are new since the run before.
    limit, offset : int
        Which page.
    """

    group: str | None = None
    search: str = ""
    fit_grade: str | None = None
    behaviour_grade: str | None = None
    new: bool = False
    limit: int = 50
    offset: int = 0

    @property
    def grades(self) -> dict[str, str]:
        """The grades that are asked for, by column."""
        given = {"fit_grade": self.fit_grade, "behaviour_grade": self.behaviour_grade}
        return {column: grade for column, grade in given.items() if grade}


class LeadList:
    """The table ``open_leads`` of a store, and what its run in force says of how many there are.

    Every lead has its place in the list, among all leads and among those of the same grades. So a page is a range of
    places that an index gives, and only a search looks at leads.

    Parameters
    ----------
    scores, listed : sqlalchemy.Table
        ``scores`` and ``open_leads``.
    has_search : bool
        Whether there is an index of the parts of lead ids.
    """

    def __init__(self, scores: sa.Table, listed: sa.Table, *, has_search: bool) -> None:
        self._scores, self._listed, self._has_search = scores, listed, has_search

    def page(self, connection: sa.Connection, wanted: LeadsWanted, counted: Sequence[Mapping[str, Any]]) -> LeadPage:
        """Read a page.

        Parameters
        ----------
        connection : Connection
            Whose questions are all answered from one state of the store.
        wanted : LeadsWanted
        counted : sequence of mapping
            ``counts`` of the run in force: ``leads`` a ``counted_as``, ``fit_grade`` and ``behaviour_grade``.
        """
        total = sum(_by_group(counted, {}).values())
        if "".join(wanted.search.split("\0")):
            counts, statement = self._searched(connection, wanted, counted)
        else:
            counts, statement = self._placed(wanted, counted)
        matching = _in_group(counts, wanted)
        rows = connection.execute(statement).mappings() if matching > wanted.offset else ()
        return LeadPage([{**row} for row in rows], matching, counts, total)

    def _searched(
        self, connection: sa.Connection, wanted: LeadsWanted, counted: Sequence[Mapping[str, Any]]
    ) -> tuple[dict[str, int], sa.Select[Any]]:
        """Return how many leads fit a search, by group, and what asks for a page of them."""
        fits = self._fits(connection, wanted)
        if wanted.new:
            fits = sa.and_(fits, self._new.is_not(None))
        counts = self._count(connection, fits)
        first, last = _range_of_group(_by_group(counted, {}), wanted.group)
        order = self._listed.c.place if _in_group(counts, wanted) > _FEW else self._listed.c.place + 0
        shown = self._rows().where(fits, self._listed.c.place.between(first, last)).order_by(order)
        return counts, shown.limit(wanted.limit).offset(wanted.offset)

    def _placed(
        self, wanted: LeadsWanted, counted: Sequence[Mapping[str, Any]]
    ) -> tuple[dict[str, int], sa.Select[Any]]:
        """Return how many leads there are, by group, and what asks for a range of places."""
        counts = _by_group(counted, wanted.grades, new=wanted.new)
        if wanted.new and wanted.grades:  # few leads, which have no places of their own
            first, last = _range_of_group(_by_group(counted, {}, new=True), wanted.group)
            # by the index of the new ones, however many leads have these grades
            same = [sa.func.coalesce(self._listed.c[name], "") == grade for name, grade in wanted.grades.items()]
            of_grades = self._rows().where(*same, self._new.between(first, last))
            return counts, of_grades.order_by(self._new).limit(wanted.limit).offset(wanted.offset)
        first, last = _range_of_group(counts, wanted.group)
        place, same_grades = self._place_among(wanted)
        start = first + wanted.offset
        on_page = place.between(start, min(last, start + wanted.limit - 1))
        return counts, self._rows().where(same_grades, on_page).order_by(place)

    @property
    def _new(self) -> sa.ColumnElement[Any]:
        """The place among new leads; the list of a store that is not brought up to date yet knows of none."""
        nowhere: sa.ColumnElement[Any] = sa.null()
        return self._listed.c.get("place_in_new", nowhere)

    def _rows(self) -> sa.Select[Any]:
        key = sa.and_(*(self._scores.c[name] == self._listed.c[name] for name in KEY))
        return sa.select(self._scores).select_from(self._listed.join(self._scores, key))

    def _place_among(self, wanted: LeadsWanted) -> tuple[sa.ColumnElement[int], sa.ColumnElement[bool]]:
        names = {(): "place", ("fit_grade",): "place_in_fit", ("behaviour_grade",): "place_in_behaviour"}
        place = self._new if wanted.new else self._listed.c[names.get(tuple(wanted.grades), "place_in_both")]
        return place, self._same_grades(wanted)

    def _same_grades(self, wanted: LeadsWanted) -> sa.ColumnElement[bool]:
        return sa.and_(sa.true(), *(self._listed.c[column] == grade for column, grade in wanted.grades.items()))

    def _fits(self, connection: sa.Connection, wanted: LeadsWanted) -> sa.ColumnElement[bool]:
        """Return what a searched lead fulfils; the index names those that may, and each of them is looked at."""
        text, lead_id = wanted.search.replace("\0", ""), self._listed.c.lead_id
        fits = sa.and_(self._same_grades(wanted), lead_id.icontains(text, autoescape=True))
        if not self._has_search or len(text) < _TRIGRAM:
            return fits
        if connection.dialect.name == "postgresql":
            parts = self._listed.c.parts.op("@>")(sa.func.leadscore_trigrams(sa.cast(text, sa.Text)))
            return sa.and_(fits, parts)
        index = sa.table(SEARCH, sa.column("rowid"), sa.column(SEARCH))
        phrase = '"' + text.replace('"', '""') + '"'
        may = sa.select(index.c.rowid).where(index.c[SEARCH].op("MATCH")(phrase))
        return sa.and_(fits, self._listed.c.place.in_(may))

    def _count(self, connection: sa.Connection, fits: sa.ColumnElement[bool]) -> dict[str, int]:
        group = self._listed.c.counted_as
        statement = sa.select(group, sa.func.count().label("leads")).where(fits).group_by(group)
        return {row.counted_as: int(row.leads) for row in connection.execute(statement)}


def _by_group(counted: Sequence[Mapping[str, Any]], grades: Mapping[str, str], *, new: bool = False) -> dict[str, int]:
    """Return how many leads of these grades, or new ones, each group has; a group without any is left out."""
    counts: dict[str, int] = {}
    for row in counted:
        if all(row[column] == grade for column, grade in grades.items()):
            leads = row.get("new", 0) if new else row["leads"]  # runs of earlier versions know of no new leads
            counts[row["counted_as"]] = counts.get(row["counted_as"], 0) + int(leads)
    return {group: leads for group, leads in counts.items() if leads}


def _in_group(counts: Mapping[str, int], wanted: LeadsWanted) -> int:
    return counts.get(wanted.group, 0) if wanted.group else sum(counts.values())


def _range_of_group(counts: Mapping[str, int], group: str | None) -> tuple[int, int]:
    """Return the first and the last place of a group: groups follow one another in the list."""
    if group is None:
        return 1, sum(counts.values())
    before = sum(counts.get(name, 0) for name in takewhile(lambda name: name != group, GROUPS))
    return before + 1, before + counts.get(group, 0)
