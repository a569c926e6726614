"""What has been seen so far of a lead whose outcome window is not over, and how much it says about the outcome."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.as_of import is_known
from features.labelling.time_split import KNOWN_AT_TEST

AGES = 24
"""Ages at which leads with a known outcome are looked back at; a young lead is compared at the nearest."""
PRIOR_LEADS = 2.0
"""Leads, in either class, that went as all leads from their stage did: evidence from a handful of leads stays weak."""


def stage_at(
    lead_ids: Sequence[str] | pd.Series, times_us: npt.ArrayLike, stages: pd.DataFrame
) -> npt.NDArray[np.str_]:
    """Return the stage each lead was in at a time: the newest entered by then, "" before any.

    Parameters
    ----------
    lead_ids : sequence of str, length n
    times_us : array-like of int64, length n
    stages : DataFrame
        ``lead_id``, ``stage``, ``entered_us``; of entries at one moment the last by name of stage counts.
    """
    leads = pd.Index(stages["lead_id"].unique())
    lookups = pd.DataFrame({"lead": leads.get_indexer(pd.Index(lead_ids)), "at": np.asarray(times_us, dtype=np.int64)})
    entries = stages[["stage", "entered_us"]].assign(lead=leads.get_indexer(pd.Index(stages["lead_id"])))
    entries = entries.sort_values(["entered_us", "lead", "stage"], kind="stable")
    lookups = lookups.reset_index(names="row").sort_values("at", kind="stable")
    matches = pd.merge_asof(lookups, entries, left_on="at", right_on="entered_us", by="lead")
    return matches.sort_values("row")["stage"].fillna("").to_numpy(dtype=str)


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
    before = stage_at(looked["lead_id"], looked["as_of_us"], stages)
    now = stage_at(looked["lead_id"], looked["as_of_us"] + age, stages)
    then = stage_at(matured["lead_id"], matured["as_of_us"], stages)
    # Rows alike, in leads: a weight by the rows of a lead would know its outcome.
    weights = np.full(len(matured), matured["lead_id"].nunique() / max(len(matured), 1))
    y = matured["y"].to_numpy(dtype=np.float64)
    result = np.zeros(len(looked))
    for step in np.unique(nearest):
        later = matured["as_of_us"] + step * horizon_us // AGES
        waiting = ~is_known(matured["outcome_us"], later).fillna(False).to_numpy(dtype=bool)
        stage = stage_at(matured["lead_id"][waiting], later[waiting], stages)
        ways = _ways(then[waiting], stage, y[waiting], weights[waiting])
        here = nearest == step
        keys = pd.MultiIndex.from_arrays([before[here], now[here]])
        result[here] = ways.reindex(keys).fillna(0.0).to_numpy()
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
    then: npt.NDArray[np.str_], now: npt.NDArray[np.str_], y: npt.NDArray[np.float64], weights: npt.NDArray[np.float64]
) -> pd.Series:
    """Return the evidence of each way from stage to stage, index (then, now)."""
    table = pd.DataFrame({"then": then, "now": now, "yes": weights * y, "all": weights})
    ways = table.groupby(["then", "now"])[["yes", "all"]].sum()
    starts = ways.groupby("then").transform("sum")
    usual = ways["all"] / starts["all"]
    of_yes = (ways["yes"] + PRIOR_LEADS * usual) / (starts["yes"] + PRIOR_LEADS)
    without, starts_without = ways["all"] - ways["yes"], starts["all"] - starts["yes"]
    of_no = (without + PRIOR_LEADS * usual) / (starts_without + PRIOR_LEADS)
    return pd.Series(np.log(of_yes.to_numpy()) - np.log(of_no.to_numpy()), index=ways.index)
