"""What another result would have taken: the chance and the band if single parts of a forecast counted nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from models.bands import BandOrNone, PerBand, band_of, may_enter, passes
from models.log_odds import log_odds_to_probability, probability_to_log_odds
from models.scoring.reason import OTHER

Said = Mapping[str, Any]
"""A reason as JSON has it."""


@dataclass(frozen=True)
class Without:
    """What the result would be if some parts counted as they do for leads on average.

    Attributes
    ----------
    parts : tuple of int
        Places of the parts among the reasons.
    probability : float
        0 to 1.
    band : {"none", "MQL", "SAL"}
    """

    parts: tuple[int, ...]
    probability: float
    band: BandOrNone


@dataclass(frozen=True)
class Variation:
    """How far a result stands from another one.

    Attributes
    ----------
    start : float
        The chance before anything is known of the lead, 0 to 1: every part is counted from here.
    each : tuple of Without
        One entry a named part, in the order of the reasons.
    turning : Without or None
        The fewest strongest parts without which the band would be another one; None where no number of them changes it.
    """

    start: float
    each: tuple[Without, ...]
    turning: Without | None


def band_at(probability: float, cutoffs: PerBand[float], *, excluded: bool, gates_open: bool) -> BandOrNone:
    """Return the band of a chance.

    Examples
    --------
    >>> [band_at(p, PerBand(0.2, 0.5), excluded=False, gates_open=True) for p in (0.1, 0.2, 0.5)]
    ['none', 'MQL', 'SAL']
    """
    band = band_of(passes([probability], may_enter([excluded], [gates_open]), cutoffs))[0]
    return cast("BandOrNone", str(band))


def variation(
    probability: float, reasons: Sequence[Said], cutoffs: PerBand[float], *, excluded: bool, gates_open: bool
) -> Variation:
    """Say what the result would be without single parts of the forecast.

    Parts add up in log-odds, so what is left without one is exact: a part that counts nothing is a part that counts as
    it does on average over the leads that the model has learned from.

    Parameters
    ----------
    probability : float
        Of the lead, above 0 and below 1.
    reasons : sequence of mapping
        All parts of it, that which sums the rest among them.
    cutoffs : PerBand of float
    excluded : bool
        Whether a rule keeps the lead from every band.
    gates_open : bool
        Whether what a SAL needs holds.

    Examples
    --------
    >>> reasons = [{"family": "fit", "log_odds": 2.0}, {"family": "other", "log_odds": -1.0}]
    >>> answer = variation(0.5, reasons, PerBand(0.2, 0.4), excluded=False, gates_open=True)
    >>> answer.turning.band, round(answer.turning.probability, 3), round(answer.start, 3)
    ('none', 0.119, 0.269)
    """
    odds = float(probability_to_log_odds(probability))

    def without(parts: Sequence[int]) -> Without:
        p = float(log_odds_to_probability(odds - sum(float(reasons[part]["log_odds"]) for part in parts)))
        return Without(tuple(parts), p, band_at(p, cutoffs, excluded=excluded, gates_open=gates_open))

    named = [place for place, reason in enumerate(reasons) if reason["family"] != OTHER]
    band = band_at(probability, cutoffs, excluded=excluded, gates_open=gates_open)
    ways = [_turning(band, parts, without) for parts in _pulling(reasons, named)]
    return Variation(
        start=without(range(len(reasons))).probability,
        each=tuple(without([place]) for place in named),
        turning=min((way for way in ways if way is not None), key=lambda way: len(way.parts), default=None),
    )


def _pulling(reasons: Sequence[Said], named: Sequence[int]) -> tuple[list[int], list[int]]:
    """Return which named parts speak against and which for, the strongest first."""
    strongest = sorted(named, key=lambda place: -abs(float(reasons[place]["log_odds"])))
    against = [place for place in strongest if reasons[place]["log_odds"] < 0]
    return against, [place for place in strongest if reasons[place]["log_odds"] > 0]


def _turning(band: BandOrNone, parts: Sequence[int], without: Callable[[Sequence[int]], Without]) -> Without | None:
    answers = (without(parts[: count + 1]) for count in range(len(parts)))
    return next((answer for answer in answers if answer.band != band), None)
