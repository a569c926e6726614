"""What stored predictions hold for questions about cut-offs: past looks, the open leads, the cut-offs in force."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import pandas as pd

from features.language.languages import Words
from features.strict import Strict
from features.time_units import WEEK_US
from models.bands import BANDS, Band, PerBand
from models.cutoffs.counting import Counting
from models.cutoffs.cutoffs import Cutoffs
from models.cutoffs.evidence import BandEvidence, cutoff_evidence
from models.cutoffs.weekly_volumes import PastVolumes

BUILT = ("model", "final", "points", "model_in_test", "points_in_test", "volumes")
"""What is worked out once of the looks, and then asked."""


@dataclass(frozen=True)
class Seen:
    """Looks of one period, as stored: the rows and which of them count."""

    rows: pd.DataFrame
    counting: Counting


class NamedColumn(Strict):
    """How a category beside each open lead is called, and its values."""

    name: str
    title: Words
    values: dict[str, Words]
    """Words of each value that is a code."""
    is_source: bool
    """Whether the column says where leads come from."""


class Naming(Strict):
    """What a run leaves about its open leads: how source, target and columns are called."""

    source: str
    title: Words
    observed_until: str
    """Newest time in the data, ISO 8601."""
    target: str
    stage: str
    """The stage that the target is."""
    horizon_days: float | None
    """None where the export does not say when leads got there."""
    columns: tuple[NamedColumn, ...]


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
    about : Naming
        How source, target and columns are called.
    """

    calibration: Seen
    test: Seen
    earlier: pd.DataFrame
    opened: pd.DataFrame
    in_force: Cutoffs
    about: Naming

    @property
    def in_force_forward(self) -> PerBand[float]:
        """The cut-offs in force on the forward forecast's probability, by which the calibration period is judged."""
        statements = self.in_force.statements
        if statements.mql is None or statements.sal is None:
            return self.in_force.at
        return PerBand(statements.mql.forward, statements.sal.forward)

    @cached_property
    def model(self) -> PerBand[BandEvidence]:
        """What the calibration period says about cut-offs, by the forward forecast, which learned nothing of it."""
        return cutoff_evidence(self.calibration.rows, self.calibration.counting)

    @cached_property
    def final(self) -> PerBand[BandEvidence]:
        """The same looks by the forecast that scores now: cut-offs are carried over to it by volume."""
        return cutoff_evidence(self.calibration.rows, self.calibration.counting, score="p_final")

    @cached_property
    def points(self) -> PerBand[BandEvidence]:
        """The same of the baseline's."""
        return cutoff_evidence(self.calibration.rows, self.calibration.counting, score="points")

    @cached_property
    def model_in_test(self) -> PerBand[BandEvidence]:
        """What the test period says about the model's cut-offs."""
        return cutoff_evidence(self.test.rows, self.test.counting)

    @cached_property
    def points_in_test(self) -> PerBand[BandEvidence]:
        """The same of the baseline's."""
        return cutoff_evidence(self.test.rows, self.test.counting, score="points")

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
        past = replace(
            self,
            calibration=Seen(self.calibration.rows.head(0), self.calibration.counting),
            test=Seen(self.test.rows.head(0), self.test.counting),
            earlier=self.earlier.head(0),
        )
        past.__dict__.update(built)
        return past
