"""What has been seen so far of a lead whose outcome window is not over, and how much it says about the outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.as_of import is_known
from features.labelling.time_split import KNOWN_AT_TEST

AGES = 24
"""Ages at which leads with a known outcome are looked back at; a young lead is compared at the nearest."""
PRIOR_LEADS = 2.0
"""Leads, in either class, that went as all leads from their stage did: evidence from a handful of leads stays weak."""


@dataclass(frozen=True)
class StageEntries:
    """Which stage each lead was in at a time; entries are sorted once, however many times are asked about.

    Parameters
    ----------
    names : tuple of str
        Stages by their number, sorted; number 0 is "", no stage yet.
    leads : Index of str
        Leads that ever entered a stage.
    moments : array of int64
        Distinct times of entries, rising.
    keys : array of int64
        One entry each, rising: lead first, then time, then name of stage.
    stages : array of int64
        The number of the stage entered.
    """

    names: tuple[str, ...]
    leads: pd.Index
    moments: npt.NDArray[np.int64]
    keys: npt.NDArray[np.int64]
    stages: npt.NDArray[np.int64]

    @classmethod
    def of(cls, stages: pd.DataFrame) -> StageEntries:
        """Sort entries: ``lead_id``, ``stage``, ``entered_us``; of those at one moment the last by name counts."""
        names = ("", *sorted(stages["stage"].unique()))
        leads = pd.Index(stages["lead_id"].unique())
        number = pd.Index(names).get_indexer(pd.Index(stages["stage"])).astype(np.int64)
        moments, moment = np.unique(stages["entered_us"].to_numpy(dtype=np.int64), return_inverse=True)
        keys = leads.get_indexer(pd.Index(stages["lead_id"])) * len(moments) + moment
        order = np.lexsort((number, keys))
        return cls(names, leads, moments, keys[order], number[order])

    def numbers_of(self, lead_ids: Sequence[str] | pd.Series) -> npt.NDArray[np.int64]:
        """Return the position of each lead in ``leads``; -1 where it never entered a stage."""
        return self.leads.get_indexer(pd.Index(lead_ids)).astype(np.int64)

    def at(self, lead: npt.NDArray[np.int64], times_us: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """Return the number of the stage each lead was in: the newest entered by then, 0 before any.

        Parameters
        ----------
        lead : array of int64, length n
            Of `numbers_of`.
        times_us : array-like of int64, length n
        """
        moment = np.searchsorted(self.moments, np.asarray(times_us, dtype=np.int64), side="right") - 1
        first = lead * len(self.moments)
        newest = np.searchsorted(self.keys, first + moment, side="right") - 1
        entered = (lead >= 0) & (newest >= np.searchsorted(self.keys, first))
        return np.where(entered, self.stages[newest], 0) if len(self.keys) else np.zeros(len(lead), dtype=np.int64)


def stage_evidence(
    looked: pd.DataFrame, matured: pd.DataFrame, stages: pd.DataFrame, *, seen_us: npt.ArrayLike, horizon_us: int
) -> npt.NDArray[np.float64]:
    """Return how far the stage that a lead is in after ``seen_us`` speaks for or against an outcome still to come.

    evidence = log P(stage now | outcome still to come, stage then, age) - log P(stage now | no outcome, stage then,
    age), counted at the same age among the leads whose outcome is known. By Bayes, the log-odds of the outcome are
    those given the features, plus log P(outcome later than age | outcome, features), plus this; so far as what a lead
    does is independent of its other features, given outcome, stage and age.

    Parameters
    ----------
    looked : DataFrame
        ``lead_id``, ``as_of_us``; one row a snapshot whose outcome has not come after ``seen_us``.
    matured : DataFrame
        ``lead_id``, ``as_of_us``, ``y`` (0 or 1), ``outcome_us``; one row a snapshot whose outcome is known. Rows
        count alike, together as much as there are leads.
    stages : DataFrame
        ``lead_id``, ``stage``, ``entered_us``; none from a time that must not be known.
    seen_us : array-like of int64, one entry a row of ``looked``
        How long after ``as_of_us`` the lead was seen, 0 to the horizon.
    horizon_us : int
        The target's.

    Returns
    -------
    array of float, one entry a row of ``looked``
        In log-odds; 0 says nothing.
    """
    age = np.asarray(seen_us, dtype=np.int64)
    nearest = np.rint(age / horizon_us * AGES).astype(np.int64)
    entries = StageEntries.of(stages)
    young, known = entries.numbers_of(looked["lead_id"]), entries.numbers_of(matured["lead_id"])
    looked_us, matured_us = (rows["as_of_us"].to_numpy(dtype=np.int64) for rows in (looked, matured))
    before, now = entries.at(young, looked_us), entries.at(young, looked_us + age)
    then = entries.at(known, matured_us)
    # Rows alike, in leads: a weight by the rows of a lead would know its outcome.
    weights = np.full(len(matured), matured["lead_id"].nunique() / max(len(matured), 1))
    y = matured["y"].to_numpy(dtype=np.float64)
    result = np.zeros(len(looked))
    for step in np.unique(nearest):
        later = matured_us + step * horizon_us // AGES
        waiting = ~is_known(matured["outcome_us"], later).fillna(False).to_numpy(dtype=bool)
        stage = entries.at(known[waiting], later[waiting])
        ways = _ways(then[waiting], stage, y[waiting], weights[waiting], stages=len(entries.names))
        here = nearest == step
        result[here] = ways[before[here], now[here]]
    return result


def seen_so_far(labels: pd.DataFrame, stages: pd.DataFrame, *, horizon_us: int, seen_until_us: int) -> pd.DataFrame:
    """Return what was seen of the young leads when the test began, and a rehearsal of that on calibration leads.

    A calibration lead's outcome is known. Looked at as if it were young, for a time drawn from those of the young
    leads, it shows how far evidence can be trusted.

    Parameters
    ----------
    labels : DataFrame
        ``lead_id``, ``as_of_us``, ``y``, ``outcome_us``, ``part`` of one target; one row a snapshot.
    stages : DataFrame
        ``lead_id``, ``stage``, ``entered_us``; entries after ``seen_until_us`` are not looked at.
    horizon_us, seen_until_us : int
        The target's horizon; when the test begins.

    Returns
    -------
    DataFrame
        Index as ``labels``: ``seen_us`` (float, how long the lead was seen after the look) and ``evidence`` (log-odds,
        see `stage_evidence`) of young and calibration rows without an outcome by then; missing for all others.
    """
    entries = stages[stages["entered_us"] <= seen_until_us]
    young, calibration = labels[labels["part"] == "young"], labels[labels["part"] == "calibration"]
    age = pd.Series(np.nan, index=labels.index)
    if len(young):
        age[young.index] = np.minimum(seen_until_us - young["as_of_us"], horizon_us)
        drawn = pd.util.hash_pandas_object(calibration[["lead_id", "as_of_us"]], index=False).rank().to_numpy()
        age[calibration.index] = np.quantile(age[young.index], (drawn - 0.5) / max(len(drawn), 1), method="lower")
    came = labels["outcome_us"].notna() & (labels["outcome_us"].fillna(0) <= labels["as_of_us"] + age.fillna(0))
    waiting = labels[age.notna() & ~came]
    result = pd.DataFrame({"seen_us": age.where(~came), "evidence": np.nan})
    result.loc[waiting.index, "evidence"] = stage_evidence(
        waiting,
        labels[labels["part"].isin(KNOWN_AT_TEST)],
        entries,
        seen_us=age[waiting.index],
        horizon_us=horizon_us,
    )
    return result


def _ways(
    then: npt.NDArray[np.int64],
    now: npt.NDArray[np.int64],
    y: npt.NDArray[np.float64],
    weights: npt.NDArray[np.float64],
    *,
    stages: int,
) -> npt.NDArray[np.float64]:
    """Return the evidence of each way from stage (row) to stage (column); 0 of a way that nobody went."""
    table = pd.DataFrame({"then": then, "now": now, "yes": weights * y, "all": weights})
    ways = table.groupby(["then", "now"])[["yes", "all"]].sum()
    starts = ways.groupby("then").transform("sum")
    usual = ways["all"] / starts["all"]
    of_yes = (ways["yes"] + PRIOR_LEADS * usual) / (starts["yes"] + PRIOR_LEADS)
    without, starts_without = ways["all"] - ways["yes"], starts["all"] - starts["yes"]
    of_no = (without + PRIOR_LEADS * usual) / (starts_without + PRIOR_LEADS)
    evidence = np.zeros((stages, stages))
    evidence[ways.index.get_level_values("then"), ways.index.get_level_values("now")] = np.log(of_yes) - np.log(of_no)
    return evidence
