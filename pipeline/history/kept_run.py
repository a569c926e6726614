"""What is written down of a run that is kept: enough to score its leads once more."""

from __future__ import annotations

from typing import Literal

from pydantic import ValidationError

from features.errors import InputError
from features.source_spec import FeatureOptions
from features.strict import Strict


class KeptRun(Strict):
    """One run of the stage ``score``.

    Attributes
    ----------
    run_id, model_version, cutoff_version : str
        As in the score store.
    decision : str
        The folder in ``OUT/history/decisions`` with model, cut-offs and rules.
    observed_until_us : int
        The moment up to which facts were on record.
    leads : int
        That it scored.
    features : FeatureOptions
        With which columns were computed.
    reasons : int
        Reasons that each score has at most.
    explore_share, seed : float, int
        Of the lane's draw.
    """

    format: Literal[1] = 1
    run_id: str
    model_version: str
    cutoff_version: str
    decision: str
    observed_until_us: int
    leads: int
    features: FeatureOptions
    reasons: int
    explore_share: float
    seed: int

    @classmethod
    def read(cls, text: str) -> KeptRun:
        """Read a ``run.json``; one that cannot be read is an InputError."""
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            problem = str(error).splitlines()[0]
            raise InputError(expected="a run as leadscore keeps it", found=problem, table="history") from None
