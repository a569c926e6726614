"""What is kept of a night to hold the next ones against: counts and shares, no lead."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from features.strict import Strict


class ColumnProfile(Strict):
    """A column of a table.

    Attributes
    ----------
    filled : float
        Share of rows with a value.
    distinct : int
        Different values, about.
    top : float
        Share of the most frequent value among those filled; 0 where none is.
    middle : float or None
        Median of the absolute values, of numbers.
    """

    filled: float
    distinct: int
    top: float
    middle: float | None = None


class TableProfile(Strict):
    """A table: its rows, its newest time (microseconds since 1970), rows by kind, and its columns."""

    rows: int
    newest_us: int | None = None
    kinds: Mapping[str, int] = Field(default_factory=dict)
    columns: Mapping[str, ColumnProfile] = Field(default_factory=dict)


class NightStep(Strict):
    """What became of the rows of the night before.

    Attributes
    ----------
    gone : mapping of str to float
        Share of its rows that are not there any more, by table.
    copies : mapping of str to float
        Rows of the time until then, for each of its rows, by table.
    changed : mapping of str to float
        Share of its leads that have another value, by column.
    """

    gone: Mapping[str, float] = Field(default_factory=dict)
    copies: Mapping[str, float] = Field(default_factory=dict)
    changed: Mapping[str, float] = Field(default_factory=dict)


class ExportProfile(Strict):
    """An export as it was ingested: its end (microseconds since 1970), its tables, and the step to it."""

    end_us: int
    tables: Mapping[str, TableProfile]
    step: NightStep | None = None


class ResultProfile(Strict):
    """What a night made of the open leads.

    Attributes
    ----------
    decision : str
        The champion, or the model that scored before there was one.
    open_leads, listed : int
        Open leads; those of them that sales gets next.
    bands_changed, open_gone : float or None
        Shares of the open leads of the night before; None in the first night.
    """

    decision: str
    open_leads: int
    listed: int
    bands_changed: float | None = None
    open_gone: float | None = None


class Night(Strict):
    """One night as it is kept in the history.

    Attributes
    ----------
    export : str
        The digest of the ingested tables.
    profile : ExportProfile
    result : ResultProfile or None
        None where the night's scores are not known, as of a training run.
    """

    export: str
    profile: ExportProfile
    result: ResultProfile | None = None
