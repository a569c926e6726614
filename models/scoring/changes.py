"""What changed between two scores of a lead: the steps of one fixed path from the earlier one to this one.

The path goes from the old model with the facts as they were known then to what is on record today about the time until
then, on to today's moment with the same facts, to all facts, to the new model, and to the new cut-offs. Each step
changes one thing, so each difference has one cause, and the differences add up to the whole by construction. In another
order they would be shared out otherwise; the order is fixed, so that two readers get the same answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, get_args

import numpy as np

from models.arrays import Floats
from models.log_odds import log_odds_to_probability

Cause = Literal["corrected_facts", "time_passing", "new_behaviour", "new_model", "new_cutoffs"]
CAUSES: tuple[Cause, ...] = get_args(Cause)
"""What moves a score, in the order of the path; cut-offs move the band alone."""
Part = TypeVar("Part", bound=Mapping[str, Any])
EARLIER = "earlier"
"""The entry that says where the path begins."""
NOT_SPLIT = "not_split"
"""The entry of a change whose causes nobody can tell any more: what the earlier score was made from is gone."""


@dataclass(frozen=True)
class PathPoint:
    """Where leads stand at one point of the path.

    Attributes
    ----------
    log_odds : array of float
        One entry a lead, of the target that the cut-offs work on; infinite where it is reached.
    bands : sequence of str
        ``none``, ``MQL`` or ``SAL``.
    """

    log_odds: Floats
    bands: Sequence[str]


def split_changes(path: Sequence[PathPoint]) -> list[list[dict[str, Any]]]:
    """Split the change of each lead's score into its causes.

    Parameters
    ----------
    path : sequence of PathPoint
        The earlier score, then the leads after each of `CAUSES`: six in all, the last one this score.

    Returns
    -------
    list of list of dict
        One list a lead: ``part`` (`EARLIER`, then each cause), ``log_odds``, ``percentage_points`` (of the first, where
        the lead stood; of the others, by how much they moved it) and ``band`` after it. Log-odds add up to those of
        this score, percentage points to 100 times its probability. A lead that had reached the target at any point has
        an empty list: there is no finite distance to split.

    Examples
    --------
    >>> from models.log_odds import probability_to_log_odds
    >>> chances = [0.2, 0.2, 0.1, 0.4, 0.5, 0.5]
    >>> bands = ["none", "none", "none", "MQL", "MQL", "SAL"]
    >>> path = [PathPoint(probability_to_log_odds([p]), [band]) for p, band in zip(chances, bands, strict=True)]
    >>> [(part["part"], round(part["percentage_points"], 6), part["band"]) for part in split_changes(path)[0]][2:]
    ... # doctest: +NORMALIZE_WHITESPACE
    [('time_passing', -10.0, 'none'), ('new_behaviour', 30.0, 'MQL'), ('new_model', 10.0, 'MQL'),
     ('new_cutoffs', 0.0, 'SAL')]
    """
    if len(path) != len(CAUSES) + 1:
        raise ValueError(f"a path has {len(CAUSES) + 1} points, this one {len(path)}")
    return _listed(path, (EARLIER, *CAUSES))


def _listed(path: Sequence[PathPoint], names: Sequence[str]) -> list[list[dict[str, Any]]]:
    """Return one list a lead; empty where the target is reached at any point."""
    odds = np.column_stack([point.log_odds for point in path])
    points = 100.0 * log_odds_to_probability(odds)
    moved, gained = _steps(odds), _steps(points)
    finite = np.asarray(np.isfinite(odds).all(axis=1))
    return [
        [
            {"part": name, "log_odds": by, "percentage_points": gain, "band": point.bands[row]}
            for name, by, gain, point in zip(names, moved[row].tolist(), gained[row].tolist(), path, strict=True)
        ]
        if finite[row]
        else []
        for row in range(len(odds))
    ]


def _steps(values: Floats) -> Floats:
    """Return the first value and each difference to the one before."""
    with np.errstate(invalid="ignore"):  # infinity minus infinity, of leads that are left out
        return np.column_stack([values[:, :1], np.diff(values, axis=1)])


def unsplit_changes(earlier: PathPoint, later: PathPoint) -> list[list[dict[str, Any]]]:
    """Say of each lead where it stood and by how much it moved, without a cause; see `split_changes`.

    Examples
    --------
    >>> from models.log_odds import probability_to_log_odds
    >>> before, now = (PathPoint(probability_to_log_odds([p]), ["none"]) for p in (0.2, 0.25))
    >>> [(part["part"], round(part["percentage_points"], 6)) for part in unsplit_changes(before, now)[0]]
    [('earlier', 20.0), ('not_split', 5.0)]
    """
    return _listed((earlier, later), (EARLIER, NOT_SPLIT))


def strongest_cause(parts: Sequence[Part]) -> Part | None:
    """Return the part that moved a score furthest in the direction in which it went; None where it stands.

    Examples
    --------
    >>> moves = {"earlier": 20.0, "time_passing": -1.0, "new_behaviour": 4.0, "new_model": 2.0}
    >>> strongest_cause([{"part": part, "percentage_points": by} for part, by in moves.items()])["part"]
    'new_behaviour'
    """
    moved = total_change(parts)
    along = [part for part in parts if part["part"] != EARLIER and part["percentage_points"] * moved > 0.0]
    return max(along, key=lambda part: abs(part["percentage_points"])) if along else None


def total_change(parts: Sequence[Mapping[str, Any]]) -> float:
    """Return by how many percentage points a score moved altogether.

    Examples
    --------
    >>> total_change([{"part": "earlier", "percentage_points": 20.0}, {"part": "new_model", "percentage_points": -5.0}])
    -5.0
    """
    return float(sum(part["percentage_points"] for part in parts if part["part"] != EARLIER))


def band_causes(parts: Sequence[dict[str, Any]]) -> tuple[Cause, ...]:
    """Return what moved a lead into another band, in the order of the path; nothing where it stands where it stood.

    Examples
    --------
    >>> steps = [("earlier", "none"), ("time_passing", "MQL"), ("new_behaviour", "SAL"), ("new_cutoffs", "none")]
    >>> parts = [{"part": name, "band": band} for name, band in steps]
    >>> band_causes(parts), band_causes(parts[:2])
    ((), ('time_passing',))
    """
    if not parts or parts[0]["band"] == parts[-1]["band"]:
        return ()
    bands = [part["band"] for part in parts]
    moved = {part["part"] for part, before in zip(parts[1:], bands, strict=False) if part["band"] != before}
    return tuple(cause for cause in CAUSES if cause in moved)
