"""What stored predictions hold for questions about cut-offs: past looks, the open leads, the cut-offs in force."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import pandas as pd

from features.time_units import WEEK_US
from models.bands import BANDS, Band
from models.cutoffs.cutoffs import Counting, Cutoffs
from models.cutoffs.evidence import CutoffEvidence
from models.cutoffs.weekly_volumes import PastVolumes

BUILT = ("model", "final", "points", "model_in_test", "points_in_test", "volumes")
"""What is worked out once of the looks, and then asked."""


@dataclass(frozen=True)
class Seen:
    """Looks of one period, as stored: the rows and which of them count."""

    rows: pd.DataFrame
    counting: Counting


@dataclass(frozen=True)
class Pair:
    """Cut-offs for MQL and SAL on one forecast's probability."""

    mql: float
    sal: float


@dataclass(frozen=True)
class Past:
    """All that an answer rests on; evidence is built once and asked often.

    Attributes
    ----------
    calibration : Seen
        Looks before the test: cut-offs are chosen on them.
    test : Seen
        Looks in the test period: they show what the cut-offs would have done, and decide nothing.
    earlier : DataFrame
        One row a lead and look of the whole past before the test, as `models.cutoffs.weekly_volumes.PastVolumes.of`
        takes them: how volumes moved before; empty where nothing was kept.
    opened : DataFrame
        The open leads now that sales may still get, as stage ``evaluate`` leaves them: one row a lead that has not
        reached the target and is not with sales.
    in_force : Cutoffs
        Those that the nightly job uses.
    about : dict
        How source, target and columns are called.
    """

    calibration: Seen
    test: Seen
    earlier: pd.DataFrame
    opened: pd.DataFrame
    in_force: Cutoffs
    about: dict[str, Any]

    @property
    def in_force_forward(self) -> Pair:
        """The cut-offs in force on the forward forecast's probability, by which the calibration period is judged."""
        told = self.in_force.mql_statement, self.in_force.sal_statement
        if told[0] is None or told[1] is None:
            return Pair(self.in_force.mql, self.in_force.sal)
        return Pair(told[0].forward, told[1].forward)

    @cached_property
    def model(self) -> CutoffEvidence:
        """What the calibration period says about cut-offs, by the forward forecast, which learned nothing of it."""
        return CutoffEvidence.of(self.calibration.rows, self.calibration.counting)

    @cached_property
    def final(self) -> CutoffEvidence:
        """The same looks by the forecast that scores now: cut-offs are carried over to it by volume."""
        return CutoffEvidence.of(self.calibration.rows, self.calibration.counting, score="p_final")

    @cached_property
    def points(self) -> CutoffEvidence:
        """The same of the baseline's."""
        return CutoffEvidence.of(self.calibration.rows, self.calibration.counting, score="points")

    @cached_property
    def model_in_test(self) -> CutoffEvidence:
        """What the test period says about the model's cut-offs."""
        return CutoffEvidence.of(self.test.rows, self.test.counting)

    @cached_property
    def points_in_test(self) -> CutoffEvidence:
        """The same of the baseline's."""
        return CutoffEvidence.of(self.test.rows, self.test.counting, score="points")

    @cached_property
    def volumes(self) -> dict[Band, PastVolumes]:
        """How many leads the model's cut-offs promoted in each week of the past; empty where nothing was kept."""
        if self.earlier.empty:
            return {}
        until_us = self.calibration.counting.from_us + round(self.calibration.counting.weeks * WEEK_US)
        return {band: PastVolumes.of(self.earlier, band, until_us=until_us) for band in BANDS}

    def ready(self) -> Past:
        """Build all evidence now and let go of the looks themselves, which take most of the memory."""
        built = {name: getattr(self, name) for name in BUILT}
        kept = replace(
            self,
            calibration=Seen(self.calibration.rows.head(0), self.calibration.counting),
            test=Seen(self.test.rows.head(0), self.test.counting),
            earlier=self.earlier.head(0),
        )
        kept.__dict__.update(built)
        return kept
