"""What an answer about cut-offs says of the open leads: who enters, who leaves, and whom to call first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from features.language.languages import Words
from models.bands import BandOrNone
from models.what_if.answer_part import NAMED_AS_BANDS, ByBand, Known, Part

Against = Literal["points", "in_force"]
"""The policies that the proposed cut-offs are held against."""


class MovesRow(Part):
    """Open leads of one value of a column."""

    value: Words | None
    """Null: those whose value is not known."""
    leads: int
    now: int
    then: int
    entering: int
    leaving: int

    @property
    def moving(self) -> int:
        """Leads that enter or leave."""
        return self.entering + self.leaving


class MovesTable(Part):
    """Who enters and who leaves by the values of one column."""

    name: str
    title: Words
    is_source: bool
    """Whether the column says where leads come from."""
    rows: tuple[MovesRow, ...]
    """Most leads first; whose value is not known comes last."""

    def by_movement(self, most: int) -> list[MovesRow]:
        """Return so many rows at most, those first in which most changes."""
        return sorted(self.rows, key=lambda row: -row.moving)[:most]


class Moves(Part):
    """Who enters and who leaves when the proposed cut-offs replace others: ``then = now + entering - leaving``."""

    now: int
    """Leads that the others promote."""
    then: int
    """Leads that the proposed cut-offs promote."""
    stay: int
    entering: int
    leaving: int
    entering_leads: tuple[str, ...]
    leaving_leads: tuple[str, ...]
    tables: tuple[MovesTable, ...]


class MovesAgainst(Part):
    """The proposed cut-offs for one band against those of the other policies; MQL counts SAL in."""

    points: Moves
    in_force: Moves

    def items(self) -> Iterator[tuple[Against, Moves]]:
        """Go through policy and moves."""
        yield "points", self.points
        yield "in_force", self.in_force


@dataclass(frozen=True, config=NAMED_AS_BANDS)
class Changes(ByBand[MovesAgainst]):
    """Who enters and who leaves among the open leads that sales does not have yet."""

    mql: MovesAgainst = Field(serialization_alias="MQL")
    sal: MovesAgainst = Field(serialization_alias="SAL")
    leads: int = Field(description="Leads compared")


class ListedLead(Part):
    """An open lead at or above the proposed cut-offs that sales does not have yet."""

    place: int
    """1 is to be called first."""
    lead_id: str
    band: BandOrNone
    this_week: bool
    """Whether the people have time for it in the first week."""
    held_by_gates: bool
    """Likely enough for SAL, but a gate is closed."""
    p: float
    p_close: Known
    """Null without such a target."""
    points: Known
    """Null where the baseline is not points."""
    points_band: BandOrNone
    band_in_force: BandOrNone
    stage: str | None
    fit_grade: str | None
    behaviour_grade: str | None

    def grades(self, missing: str) -> str:
        """Return both grades together, ``A1``; what stands for an unknown one of fit is given."""
        return f"{self.fit_grade or missing}{self.behaviour_grade or ''}"


class MondayList(Part):
    """The open leads that pass, SAL first, then by probability."""

    sal: int
    mql: int
    held_by_gates: int
    """MQLs that are likely enough for SAL."""
    this_week: int
    """SALs that the people have time for in the first week; the rest is there because nobody was handed over by these
    cut-offs before."""
    rows: tuple[ListedLead, ...]
