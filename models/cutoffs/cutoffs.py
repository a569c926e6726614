"""From which probability a lead is promoted to MQL and to SAL."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import model_validator

from features.source_spec import Strict, TargetName
from features.time_units import WEEK_US
from models.arrays import Bools
from models.cutoffs.policy_options import Policy
from models.cutoffs.statement import BandStatement
from models.rules.sales_veto import Veto

DEFAULT_MQL_SHARE, DEFAULT_SAL_SHARE = 0.25, 0.10
"""Share of the leads promoted where there are neither rules nor a number a week to go by."""


class Volume(Strict):
    """Leads a week that a cut-off was to promote over the calibration period, and that it does."""

    asked_per_week: float | None
    """None where something else than a number was asked for."""
    got_per_week: float

    @property
    def leads_per_week(self) -> float:
        """What another score has to promote to be compared: the number asked for, or what the cut-off gives."""
        return self.got_per_week if self.asked_per_week is None else self.asked_per_week


class BaselineCutoffs(Strict):
    """The cut-offs of what the model is compared with, on that baseline's own scale."""

    kind: Literal["points", "naive_bayes"]
    mql: float
    sal: float
    mql_per_week: float
    sal_per_week: float


class Cutoffs(Strict):
    """Cut-offs on the calibrated probability of one target; ``version`` names exactly these."""

    target: TargetName
    mql: float
    sal: float
    policy: Policy | Literal["by_stage"]
    """``by_stage`` where MQL and SAL have each their own; their statements name them."""
    weeks: float
    """Length of the calibration period that volumes are counted over."""
    mql_volume: Volume
    sal_volume: Volume
    baseline: BaselineCutoffs
    confidence: float = 0.9
    """Of promises and of what is stated of the next quarter."""
    mql_statement: BandStatement | None = None
    sal_statement: BandStatement | None = None
    veto: Veto | None = None
    """How long a rejection by sales holds; None never."""
    version: str = ""

    @model_validator(mode="after")
    def _ordered(self) -> Cutoffs:
        if self.mql > self.sal:
            raise ValueError(f"the cut-off for MQL ({self.mql:g}) must not exceed the one for SAL ({self.sal:g})")
        return self

    def with_version(self) -> Cutoffs:
        """Return the same cut-offs named by a hash of all they say."""
        text = json.dumps(self.model_dump(mode="json", exclude={"version"}), sort_keys=True)
        return self.model_copy(update={"version": hashlib.sha256(text.encode()).hexdigest()[:12]})


@dataclass(frozen=True)
class Thresholds:
    """A pair of thresholds on one score, and how many distinct leads each promotes."""

    mql: float
    sal: float
    mql_leads: int
    sal_leads: int


def band(
    p: npt.ArrayLike, cutoffs: Cutoffs, excluded: npt.ArrayLike, gates_open: npt.ArrayLike
) -> npt.NDArray[np.str_]:
    """Return the band of each row: ``none``, ``MQL`` or ``SAL``.

    Parameters
    ----------
    p : array of float
        Calibrated probability of ``cutoffs.target``.
    cutoffs : Cutoffs
        The thresholds; a probability equal to one passes it.
    excluded : array of bool
        Never promoted.
    gates_open : array of bool
        Whether the lead may become SAL.
    """
    probability = np.asarray(p, dtype="float64")
    may = ~np.asarray(excluded, dtype=bool)
    sal = may & np.asarray(gates_open, dtype=bool) & (probability >= cutoffs.sal)
    return np.where(sal, "SAL", np.where(may & (probability >= cutoffs.mql), "MQL", "none"))


def period_weeks(as_of_us: npt.ArrayLike) -> float:
    """Return the length in weeks of the period that as-of times span; at least one week."""
    times = np.asarray(as_of_us, dtype="int64")
    return max(1.0, float(times.max() - times.min()) / WEEK_US) if len(times) else 1.0


@dataclass(frozen=True)
class Counting:
    """Which first promotions make the number a week.

    Attributes
    ----------
    from_us : int
        Those at or after it count; looks before it only say who was promoted already.
    weeks : float
        Length of the time that counts.
    share : float
        Share of the leads that the looks are a sample of; numbers a week are divided by it.
    """

    from_us: int
    weeks: float
    share: float = 1.0

    @classmethod
    def of_all(cls, as_of_us: npt.ArrayLike) -> Counting:
        """Count all looks, over the period they span."""
        times = np.asarray(as_of_us, dtype="int64")
        return cls(int(times.min()) if len(times) else 0, period_weeks(times))

    def leads(self, promotions: pd.DataFrame) -> int:
        """Return how many of the first promotions count."""
        return int((promotions["as_of_us"] >= self.from_us).sum())

    def per_week(self, leads: float) -> float:
        """Return a number of counted leads as a number a week."""
        return leads / self.weeks / self.share


def first_promotions(lead_ids: pd.Series, as_of_us: pd.Series, passes: npt.ArrayLike) -> pd.DataFrame:
    """Return each promoted lead once, at its first passing row: ``lead_id, as_of_us``, sorted by lead."""
    rows = pd.DataFrame({"lead_id": np.asarray(lead_ids), "as_of_us": np.asarray(as_of_us)})
    rows = rows[np.asarray(passes, dtype=bool)]
    return rows.groupby("lead_id", sort=True)["as_of_us"].min().reset_index()


def choose_thresholds(
    lead_ids: pd.Series,
    score: npt.ArrayLike,
    *,
    excluded: npt.ArrayLike,
    gates_open: npt.ArrayLike,
    mql_leads: float,
    sal_leads: float,
    counted: npt.ArrayLike | None = None,
) -> Thresholds:
    """Return the thresholds whose number of distinct promoted leads comes closest to what was asked.

    Parameters
    ----------
    lead_ids : Series
        Lead of each row; a lead is promoted when any of its rows passes, and counts once.
    score : array of float
        Higher is better.
    excluded, gates_open : array of bool
        Excluded rows pass nothing; rows with closed gates do not pass the one for SAL.
    mql_leads, sal_leads : float
        Distinct leads asked for over all rows that count.
    counted : array of bool, optional
        Rows of the time that is counted; the others come before it, and a lead that passes there is promoted already
        and does not count again. All count if it is not given.

    Returns
    -------
    Thresholds
        ``mql <= sal`` always, even if fewer leads than asked are then promoted to SAL. Leads with equal scores pass
        together or not at all: whichever comes closer, and the fewer of the two where both are as far.
    """
    frame = pd.DataFrame({"lead": np.asarray(lead_ids), "score": np.asarray(score, dtype="float64")})
    may = ~np.asarray(excluded, dtype=bool)
    may_sal = may & np.asarray(gates_open, dtype=bool)
    counts = np.ones(len(frame), dtype=bool) if counted is None else np.asarray(counted, dtype=bool)
    entries, entries_sal = _entries(frame, may, counts), _entries(frame, may_sal, counts)
    nobody = float(np.nextafter(frame["score"].max(), np.inf)) if len(frame) else 1.0
    mql = threshold_near(entries, mql_leads, nobody)
    sal = max(mql, threshold_near(entries_sal, sal_leads, nobody))
    return Thresholds(mql, sal, _promoted(entries, mql), _promoted(entries_sal, sal))


def _entries(frame: pd.DataFrame, may: Bools, counted: Bools) -> npt.NDArray[np.float64]:
    """Return for each lead the thresholds at which it is promoted in the counted time: above the first, to the second.

    A lead whose best score came before the counted time is promoted in it at no threshold, and is left out.
    """
    best = frame[may & counted].groupby("lead")["score"].max()
    before = frame[may & ~counted].groupby("lead")["score"].max().reindex(best.index).fillna(-np.inf)
    pairs = np.column_stack([before.to_numpy(dtype="float64"), best.to_numpy(dtype="float64")])
    return pairs[pairs[:, 0] < pairs[:, 1]]


def _promoted(entries: npt.NDArray[np.float64], threshold: float) -> int:
    return int(((entries[:, 0] < threshold) & (threshold <= entries[:, 1])).sum())


def threshold_near(entries: npt.NDArray[np.float64], asked: float, nobody: float) -> float:
    """Return the cut-off whose number of promoted leads comes closest to what was asked.

    It lies midway between two neighbouring scores, so that the last digit of a float decides nothing.

    Parameters
    ----------
    entries : array of float, shape (n, 2)
        A lead is promoted at cut-offs above the first, up to the second.
    asked : float
        Number of leads.
    nobody : float
        Returned where there is no entry.
    """
    if len(entries) == 0:
        return nobody
    before, best = np.sort(entries[:, 0]), np.sort(entries[:, 1])
    values = np.unique(entries[np.isfinite(entries)])[::-1]
    # Those whose best reaches a value, less those that reached it before.
    promoted = np.searchsorted(before, values, side="left") - np.searchsorted(best, values, side="left")
    distance = np.abs(np.concatenate(([0], promoted)) - asked)
    cut = int(np.argmin(distance))
    if cut == 0:
        return float(np.nextafter(values[0], np.inf))
    if cut == len(values):
        return float(values[-1])
    middle = (values[cut - 1] + values[cut]) / 2
    return float(middle if values[cut] < middle <= values[cut - 1] else values[cut - 1])
