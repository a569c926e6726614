"""Which subject moved a score most, where a step of the path moved it enough to be named."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from models.decision.decision_files import ScoringParts
from models.forecast.forecast_rows import ExplainedRows
from models.scoring.changes import strongest_cause, total_change
from models.scoring.reason import OTHER
from models.scoring.reasons import reason_rows
from models.scoring.trend import LEAST_POINTS

_LOOKED_AT = 3
"""The strongest subjects, of which the first that goes the way of the score is named."""
NAMED = ("family", "subject", "feature", "value", "acts", "beside")
"""What a part says of its subject, by which `models.scoring.wording` words it."""


def say_what_moved(
    parts: Sequence[list[dict[str, Any]]],
    ways: Mapping[str, tuple[pd.DataFrame, pd.DataFrame]],
    scored_by: ScoringParts,
) -> None:
    """Add to the strongest part of a change the subject that moved the score most there.

    Only changes for which there is an arrow are looked at, and only steps in which the facts of a lead, or their age,
    are others: what a new model does has no one subject.

    Parameters
    ----------
    parts : sequence of list of dict
        One list a lead; they are added to.
    ways : mapping of str to tuple of DataFrame
        By cause, the feature rows before and after its step.
    scored_by : ScoringParts
        The model along these steps.
    """
    named: defaultdict[str, list[tuple[int, dict[str, Any]]]] = defaultdict(list)
    for row, change in enumerate(parts):
        if change and abs(total_change(change)) >= LEAST_POINTS:
            part = strongest_cause(change)
            if part is not None and part["part"] in ways:
                named[str(part["part"])].append((row, part))
    for cause, entries in named.items():
        before, after = (frame.iloc[[row for row, _ in entries]].reset_index(drop=True) for frame in ways[cause])
        for (_, part), reason in zip(entries, _strongest(before, after, scored_by), strict=True):
            if reason is not None:
                part.update({name: reason[name] for name in NAMED if name in reason})


def _strongest(before: pd.DataFrame, after: pd.DataFrame, scored_by: ScoringParts) -> list[dict[str, Any] | None]:
    forecast, target = scored_by.forecast, scored_by.cutoffs.target
    first, second = (forecast.read(rows).explained(target) for rows in (before, after))
    moved = second.contributions - first.contributions
    step = ExplainedRows(target, first.log_odds, second.log_odds, moved, second.bound_by, second.reached)
    rises = second.log_odds >= first.log_odds
    listed = reason_rows(step, after, forecast.features, spec=forecast.spec, top=_LOOKED_AT)
    return [
        next((one for one in reasons if one["family"] != OTHER and (one["log_odds"] > 0) == rise), None)
        for reasons, rise in zip(listed, np.asarray(rises).tolist(), strict=True)
    ]
