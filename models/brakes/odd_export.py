"""What is odd about tonight's export beside the last ones."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import cast

from features.time_units import DAY_US, format_duration, format_time
from models.brakes.limits import limit
from models.brakes.night import ColumnProfile, ExportProfile
from models.brakes.options import BrakeOptions

FEW = 50
"""Rows below which shares say nothing."""
SECOND_US = 1_000_000
NOISE = 4.0
"""Numbers of rows vary by chance: so many square roots of them are nothing."""


@dataclass(frozen=True)
class OddThing:
    """Something odd, in one sentence with the figures before and after, and the setting that is its limit."""

    what: str
    setting: str


@dataclass(frozen=True)
class _Compared:
    tonight: ExportProfile
    last: ExportProfile
    past: Sequence[ExportProfile]
    options: BrakeOptions

    def limit(self, floor: float, of: Callable[[ExportProfile], float | None]) -> float:
        values = [value for value in map(of, self.past) if value is not None]
        return limit(values, floor=floor, spreads=self.options.spreads)

    @property
    def days(self) -> float:
        return max(1.0, (self.tonight.end_us - self.last.end_us) / DAY_US)


def odd_export(tonight: ExportProfile, past: Sequence[ExportProfile], options: BrakeOptions) -> list[OddThing]:
    """Return what is odd about an export.

    Parameters
    ----------
    tonight : ExportProfile
        With its step from the last of ``past``.
    past : sequence of ExportProfile
        Of the last nights, oldest first; where there is none, nothing is odd.
    options : BrakeOptions
    """
    if not past:
        return []
    compared = _Compared(tonight, past[-1], past[-options.nights :], options)
    return [odd for check in (_numbers, _times, _rows_kept, _columns) for odd in check(compared)]


def _numbers(compared: _Compared) -> Iterator[OddThing]:
    """Rows by table, and by kind of event and stage."""
    options = compared.options
    for name, last in compared.last.tables.items():
        tonight = compared.tonight.tables.get(name)
        rows = 0 if tonight is None else tonight.rows
        counts = {f"rows in {name}": (last.rows, rows)}
        kinds = {} if tonight is None else tonight.kinds
        for kind in sorted(last.kinds.keys() | kinds.keys()):
            counts[f"rows of {kind} in {name}"] = (last.kinds.get(kind, 0), kinds.get(kind, 0))
        for what, (before, after) in counts.items():
            noise = NOISE * math.sqrt(max(before, 1))
            if before - after > options.most_gone * before + noise:
                yield OddThing(f"{what}: {before:,} last night, {after:,} tonight", "most_gone")
            elif after - before > options.most_growth * compared.days * max(before, FEW) + noise:
                yield OddThing(f"{what}: {before:,} last night, {after:,} tonight", "most_growth")


def _times(compared: _Compared) -> Iterator[OddThing]:
    """Newest times that go back, stand still or lie ahead of the export's end."""
    options, tonight, last = compared.options, compared.tonight, compared.last
    if last.end_us - tonight.end_us > options.most_back:
        yield OddThing(f"the export ends {_from_to(last.end_us, tonight.end_us)}", "most_back")
    for name, table in tonight.tables.items():
        before = last.tables.get(name)
        if table.newest_us is None or before is None or before.newest_us is None:
            continue
        moved = f"newest time in {name}: {_from_to(before.newest_us, table.newest_us)}"
        ahead, silent = table.newest_us - tonight.end_us, tonight.end_us - table.newest_us
        usual = max((_ahead(past, name) for past in compared.past), default=0.0)
        if before.newest_us - table.newest_us > options.most_back:
            yield OddThing(moved, "most_back")
        elif ahead > options.most_ahead + max(usual, 0.0):
            yield OddThing(f"{moved}, {_duration(ahead)} after the end of the export", "most_ahead")
        elif table.rows >= FEW and silent > _usual_silence(compared, name):
            yield OddThing(f"{moved}, {_duration(silent)} before the end of the export", "most_silent")


def _ahead(profile: ExportProfile, name: str) -> float:
    table = profile.tables.get(name)
    return 0.0 if table is None or table.newest_us is None else float(table.newest_us - profile.end_us)


def _usual_silence(compared: _Compared, name: str) -> float:
    longest = max((-_ahead(past, name) for past in compared.past), default=0.0)
    learned = compared.limit(compared.options.most_silent, lambda past: max(-_ahead(past, name), 0.0))
    return max(learned, longest + DAY_US)


def _rows_kept(compared: _Compared) -> Iterator[OddThing]:
    """Rows of last night that are gone, were changed, or are there twice."""
    step, options = compared.tonight.step, compared.options
    if step is None:
        return
    for name, gone in step.gone.items():
        rows = compared.last.tables[name].rows
        most = compared.limit(options.most_gone, lambda past, name=name: _of(past, "gone", name))  # type: ignore[misc]
        if rows >= FEW and gone > most:
            yield OddThing(
                f"{name}: {gone:.1%} of last night's {rows:,} rows are not there any more, or are written otherwise "
                f"(usual: up to {most:.1%})",
                "most_gone",
            )
    for name, copies in step.copies.items():
        rows = compared.last.tables[name].rows
        of = lambda past, name=name: _of(past, "copies", name, less=1.0)  # noqa: E731
        most = compared.limit(options.most_copies, of)
        if rows >= FEW and copies - 1 > most + NOISE / math.sqrt(rows):
            yield OddThing(
                f"{name}: {round(copies * rows):,} rows until the end of last night, which had {rows:,}", "most_copies"
            )
    for name, changed in step.changed.items():
        leads = compared.last.tables["leads"].rows
        known = [value for value in (_of(past, "changed", name) for past in compared.past) if value is not None]
        most = limit(known, floor=options.most_changed, spreads=options.spreads)
        if known and leads >= FEW and changed > most:
            yield OddThing(
                f"leads.{name}: {changed:.1%} of last night's leads have another value (usual: up to {most:.1%})",
                "most_changed",
            )


def _of(past: ExportProfile, what: str, name: str, *, less: float = 0.0) -> float | None:
    if past.step is None:
        return None
    value = getattr(past.step, what).get(name)
    return None if value is None else cast("float", value) - less


def _columns(compared: _Compared) -> Iterator[OddThing]:
    """Columns that are gone, were emptied, turned constant, or whose numbers are of another size."""
    for table, last in compared.last.tables.items():
        tonight = compared.tonight.tables.get(table)
        if tonight is None:
            continue
        for name, before in last.columns.items():
            after = tonight.columns.get(name)
            if after is None:
                yield OddThing(f"{table}.{name}: there last night, no such column tonight", "most_emptied")
            elif min(last.rows, tonight.rows) >= FEW:
                yield from _column(f"{table}.{name}", before, after, tonight.rows, compared.options)


def _column(
    what: str, before: ColumnProfile, after: ColumnProfile, rows: int, options: BrakeOptions
) -> Iterator[OddThing]:
    emptied = after.filled == 0 and before.filled > 0
    if emptied or before.filled - after.filled > options.most_emptied:
        yield OddThing(
            f"{what}: filled in {before.filled:.1%} of the rows last night, in {after.filled:.1%} tonight",
            "most_emptied",
        )
        return
    if after.filled * rows < FEW:
        return
    if before.distinct > 1 and (after.distinct == 1 or after.top - before.top > options.most_emptied):
        yield OddThing(
            f"{what}: the most frequent value stood in {before.top:.1%} of the filled rows last night, in "
            f"{after.top:.1%} tonight",
            "most_emptied",
        )
    if before.middle and after.middle is not None and not _near(before.middle, after.middle, options.most_factor):
        sizes = f"{before.middle:,.4g} last night, {after.middle:,.4g} tonight"
        yield OddThing(f"{what}: middle value {sizes}", "most_factor")


def _near(before: float, after: float, factor: float) -> bool:
    return before / factor <= after <= before * factor


def _from_to(before_us: int, after_us: int) -> str:
    before, after = (format_time(us - us % SECOND_US) for us in (before_us, after_us))
    return f"{before} last night, {after} tonight"


def _duration(us: float) -> str:
    return f"{us / DAY_US:,.1f} days" if us >= DAY_US else format_duration(int(us))
