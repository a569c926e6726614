"""What a reason is: a subject, its feature and value, and by how much it moved a probability."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

Value = float | str | bool | None

OTHER = "other"
"""Family and subject of the reason that sums what is not named."""
REACHED = "reached"


@dataclass(frozen=True)
class Reason:
    """One reason of one lead for one target.

    Attributes
    ----------
    family, subject : str
        What the reason is about; ``other`` holds all that is not named.
    feature : str or None
        The column that speaks for the subject: the one that says most in the reason's direction. None for ``other``.
    value : number, str, bool or None
        The lead's own value of this column.
    log_odds : float
        Sum of the contributions of the subject's features; above 0 speaks for the outcome.
    percentage_points : float
        The same as a difference of probability, -100 to 100; see `models.scoring.reasons.percentage_points`.
    acts : list of dict, optional
        The latest acts that the reason is about, the last one first; see `models.scoring.subjects.latest_acts`.
    beside : dict, optional
        The lead's own values of the other columns that a sentence tells, by column.
    """

    family: str
    subject: str
    feature: str | None
    value: Value
    log_odds: float
    percentage_points: float
    acts: list[dict[str, Any]] | None = None
    beside: dict[str, Value] | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the reason as JSON has it: what it does not tell is left out."""
        told = asdict(self)
        return {name: value for name, value in told.items() if value is not None or name not in ("acts", "beside")}
