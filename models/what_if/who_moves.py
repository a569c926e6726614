"""Who enters and who leaves among the open leads when cut-offs change, by stage, segment and source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.language.languages import Words
from features.language.sentences import words
from models.arrays import Bools
from models.bands import Band, PerBand, band_of, passes, rows_that_may_enter
from models.evaluation.who_enters_and_leaves import MAX_VALUES, MIN_KNOWN_SHARE
from models.what_if.agreement import Agreed
from models.what_if.open_leads import Changes, Moves, MovesAgainst, MovesRow, MovesTable
from models.what_if.stored_evidence import NamedColumn, Past

SEGMENTS = 2
"""Columns that do not say where a lead came from are shown for the two where most changes."""


def changes(past: Past, agreed: Agreed) -> Changes:
    """Compare the bands of the open leads that sales does not have yet."""
    opened = past.opened
    proposed = bands(opened, agreed.at)
    in_force = bands(opened, past.in_force.at)
    points = opened["baseline_band"].to_numpy(dtype=str)

    def against(passing: tuple[Band, ...]) -> MovesAgainst:
        then, columns = np.isin(proposed, passing), past.about.columns
        return MovesAgainst(
            points=_moves(opened, np.isin(points, passing), then, columns),
            in_force=_moves(opened, np.isin(in_force, passing), then, columns),
        )

    return Changes(mql=against(("MQL", "SAL")), sal=against(("SAL",)), leads=len(opened))


def bands(opened: pd.DataFrame, at: PerBand[float]) -> npt.NDArray[np.str_]:
    """Return the band of each open lead under a pair of cut-offs: ``none``, ``MQL`` or ``SAL``."""
    return band_of(passes(opened["p"], rows_that_may_enter(opened), at))


def _moves(opened: pd.DataFrame, now: Bools, then: Bools, columns: Sequence[NamedColumn]) -> Moves:
    entering, leaving = then & ~now, now & ~then
    everybody = np.ones(len(opened), dtype=bool)
    moves = {"leads": everybody, "now": now, "then": then, "entering": entering, "leaving": leaving}
    return Moves(
        now=int(now.sum()),
        then=int(then.sum()),
        stay=int((now & then).sum()),
        entering=int(entering.sum()),
        leaving=int(leaving.sum()),
        entering_leads=tuple(opened.loc[entering, "lead_id"].astype(str)),
        leaving_leads=tuple(opened.loc[leaving, "lead_id"].astype(str)),
        tables=_tables(opened, moves, columns),
    )


def _tables(opened: pd.DataFrame, moves: Mapping[str, Bools], columns: Sequence[NamedColumn]) -> tuple[MovesTable, ...]:
    """Return a table for each source column and for the segments in which most changes."""
    sources: list[MovesTable] = []
    segments: list[tuple[int, MovesTable]] = []
    for column in columns:
        codes, named = pd.factorize(opened[column.name])
        if len(named) < 2 or (codes >= 0).mean() < MIN_KNOWN_SHARE:
            continue
        # one place more, in front, for those whose value is not known
        counts = {name: np.bincount(codes[who] + 1, minlength=len(named) + 1) for name, who in moves.items()}
        rows = _rows([None, *map(str, named)], counts, column)
        table = MovesTable(name=column.name, title=column.title, is_source=column.is_source, rows=rows)
        if column.is_source:
            sources.append(table)
        else:
            segments.append((int(np.abs(counts["then"] - counts["now"]).sum()), table))
    segments.sort(key=lambda entry: -entry[0])
    return (*sources, *(table for _, table in segments[:SEGMENTS]))


def _rows(
    values: Sequence[str | None], counts: Mapping[str, npt.NDArray[np.intp]], column: NamedColumn
) -> tuple[MovesRow, ...]:
    """Return a row a value, most leads first; the rarest are put together, and who has no value comes last."""
    order = sorted(range(1, len(values)), key=lambda at: (-counts["leads"][at], str(values[at])))
    shown = order if len(order) <= MAX_VALUES else order[: MAX_VALUES - 1]
    groups: list[tuple[Words | None, list[int]]] = [(_words(str(values[at]), column), [at]) for at in shown]
    if len(shown) < len(order):
        groups.append((words("segment.others"), order[len(shown) :]))
    if counts["leads"][0]:
        groups.append((None, [0]))
    return tuple(
        MovesRow(value=value, **{name: int(count[at].sum()) for name, count in counts.items()}) for value, at in groups
    )


def _words(value: str, column: NamedColumn) -> Words:
    return column.values.get(value, Words.same(value))
