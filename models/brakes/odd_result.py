"""Whether the result of a night moves too many people."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from models.brakes.limits import limit
from models.brakes.night import ResultProfile
from models.brakes.odd_export import FEW, NOISE, OddThing
from models.brakes.options import BrakeOptions
from models.findings.finding import finding


def odd_result(
    tonight: ResultProfile,
    last: ResultProfile | None,
    past: Sequence[ResultProfile | None],
    options: BrakeOptions,
) -> list[OddThing]:
    """Return what is odd about what a night makes of the open leads.

    Parameters
    ----------
    tonight : ResultProfile
        With its shares against what is in force.
    last : ResultProfile or None
        What is in force; where nothing is, nothing is odd.
    past : sequence of ResultProfile or None
        Of the last nights, oldest first; None where one is not known.
    options : BrakeOptions

    Notes
    -----
    In the first night of another champion bands may change as they like: both teams have signed for that.
    """
    known = [one for one in past[-options.nights :] if one is not None]
    return [] if last is None else list(_odd(tonight, last, known, options))


def _odd(
    tonight: ResultProfile, last: ResultProfile, past: Sequence[ResultProfile], options: BrakeOptions
) -> Iterator[OddThing]:
    same = tonight.decision == (last.decision or tonight.decision)
    for key, value, known, floor, setting in (
        (
            "brake.bands",
            tonight.bands_changed if same else None,
            [one.bands_changed for one in past],
            options.most_bands,
            "most_bands",
        ),
        ("brake.open", tonight.open_gone, [one.open_gone for one in past],
         options.most_open_gone, "most_open_gone"),
    ):  # fmt: skip
        most = limit([one for one in known if one is not None], floor=floor, spreads=options.spreads)
        if value is not None and last.open_leads >= FEW and value > most:
            yield OddThing(finding(key, moved_share=value, leads=last.open_leads, most_share=most), setting)
    noise, change = NOISE * math.sqrt(max(last.listed, 1)), tonight.listed - last.listed
    if same and abs(change) > options.most_list * last.listed + noise:
        yield OddThing(finding("brake.list", before=last.listed, after=tonight.listed), "most_list")
