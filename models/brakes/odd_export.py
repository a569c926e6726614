"""What is odd about tonight's export beside the last ones."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import cast

from features.time_units import DAY_US
from models.brakes.limits import limit
from models.brakes.night import ColumnProfile, ExportProfile
from models.brakes.options import BrakeOptions
from models.findings.finding import Finding, finding, said

FEW = 50
"""Rows below which shares say nothing."""
NOISE = 4.0
"""Numbers of rows vary by chance: so many square roots of them are nothing."""


@dataclass(frozen=True)
class OddThing:
    """Something odd, with the figures before and after, and the setting that is its limit."""

    found: Finding
    setting: str

    @property
    def what(self) -> str:
        """It in one English sentence, as the terminal says it."""
        return said(self.found, "en")


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
        counts = [finding("brake.rows", table=name, before=last.rows, after=rows)]
        kinds = {} if tonight is None else tonight.kinds
        for kind in sorted(last.kinds.keys() | kinds.keys()):
            sizes = {"before": last.kinds.get(kind, 0), "after": kinds.get(kind, 0)}
            counts.append(finding("brake.rows.kind", table=name, kind=kind, **sizes))
        for found in counts:
            before, after = found["figures"]["before"], found["figures"]["after"]
            noise = NOISE * math.sqrt(max(before, 1))
            if before - after > options.most_gone * before + noise:
                yield OddThing(found, "most_gone")
            elif after - before > options.most_growth * compared.days * max(before, FEW) + noise:
                yield OddThing(found, "most_growth")


def _times(compared: _Compared) -> Iterator[OddThing]:
    """Newest times that go back, stand still or lie ahead of the export's end."""
    options, tonight, last = compared.options, compared.tonight, compared.last
    if last.end_us - tonight.end_us > options.most_back:
        yield OddThing(finding("brake.end", before_us=last.end_us, after_us=tonight.end_us), "most_back")
    for name, table in tonight.tables.items():
        before = last.tables.get(name)
        if table.newest_us is None or before is None or before.newest_us is None:
            continue
        moved = {"table": name, "before_us": before.newest_us, "after_us": table.newest_us}
        ahead, silent = table.newest_us - tonight.end_us, tonight.end_us - table.newest_us
        usual = max((_ahead(past, name) for past in compared.past), default=0.0)
        if before.newest_us - table.newest_us > options.most_back:
            yield OddThing(finding("brake.newest", **moved), "most_back")
        elif ahead > options.most_ahead + max(usual, 0.0):
            yield OddThing(finding("brake.newest.ahead", **moved, ahead_span=ahead), "most_ahead")
        elif table.rows >= FEW and silent > _usual_silence(compared, name):
            yield OddThing(finding("brake.newest.silent", **moved, silent_span=silent), "most_silent")


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
            yield OddThing(finding("brake.gone", table=name, gone_share=gone, rows=rows, most_share=most), "most_gone")
    for name, copies in step.copies.items():
        rows = compared.last.tables[name].rows
        of = lambda past, name=name: _of(past, "copies", name, less=1.0)  # noqa: E731
        most = compared.limit(options.most_copies, of)
        if rows >= FEW and copies - 1 > most + NOISE / math.sqrt(rows):
            yield OddThing(finding("brake.copies", table=name, after=round(copies * rows), before=rows), "most_copies")
    for name, changed in step.changed.items():
        leads = compared.last.tables["leads"].rows
        known = [value for value in (_of(past, "changed", name) for past in compared.past) if value is not None]
        most = limit(known, floor=options.most_changed, spreads=options.spreads)
        if known and leads >= FEW and changed > most:
            yield OddThing(
                finding("brake.changed", column=f"leads.{name}", changed_share=changed, most_share=most), "most_changed"
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
                yield OddThing(finding("brake.column.gone", column=f"{table}.{name}"), "most_emptied")
            elif min(last.rows, tonight.rows) >= FEW:
                yield from _column(f"{table}.{name}", before, after, tonight.rows, compared.options)


def _column(
    what: str, before: ColumnProfile, after: ColumnProfile, rows: int, options: BrakeOptions
) -> Iterator[OddThing]:
    emptied = after.filled == 0 and before.filled > 0
    if emptied or before.filled - after.filled > options.most_emptied:
        yield OddThing(
            finding("brake.column.emptied", column=what, before_share=before.filled, after_share=after.filled),
            "most_emptied",
        )
        return
    if after.filled * rows < FEW:
        return
    if before.distinct > 1 and (after.distinct == 1 or after.top - before.top > options.most_emptied):
        yield OddThing(
            finding("brake.column.constant", column=what, before_share=before.top, after_share=after.top),
            "most_emptied",
        )
    if before.middle and after.middle is not None and not _near(before.middle, after.middle, options.most_factor):
        sizes = {"before": before.middle, "after": after.middle}
        yield OddThing(finding("brake.column.size", column=what, **sizes), "most_factor")


def _near(before: float, after: float, factor: float) -> bool:
    return before / factor <= after <= before * factor
