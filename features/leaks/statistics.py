"""Shares, orders and correlations with their intervals, and how well one column alone tells an outcome.

Everything is exact or errs on the wide side, and nothing depends on the order of rows: halves are taken by a hash
of the leads' ids.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import betaincinv, ndtri  # scipy.stats takes half a second to import

_BINS = 10
_PRIOR_LEADS = 5
_LIKELY = 0.7
_FREE_TEXT = 50


@dataclass(frozen=True)
class Interval:
    """A figure and how far it may be off: ``low <= value <= high``."""

    value: float
    low: float
    high: float


def share_interval(hits: int, of: int, *, error: float) -> Interval:
    """Return a share with its Clopper-Pearson interval, each side missed with probability ``error`` at most.

    Examples
    --------
    >>> found = share_interval(0, 20, error=0.05)
    >>> round(found.high, 3)  # 1 - 0.05 ** (1 / 20)
    0.139
    """
    if of == 0:
        return Interval(float("nan"), 0.0, 1.0)
    low = 0.0 if hits == 0 else float(betaincinv(hits, of - hits + 1, error))
    high = 1.0 if hits == of else float(betaincinv(hits + 1, of - hits, 1 - error))
    return Interval(hits / of, low, high)


def auc_interval(score: np.ndarray, won: np.ndarray, *, error: float) -> Interval:
    """Return the AUC of a score with DeLong's interval, widened by half a lead so that no sample is ever sure.

    Examples
    --------
    >>> auc_interval(np.array([1.0, 2.0, 2.0]), np.array([False, True, False]), error=0.05).value
    0.75
    """
    value, spread = _auc(score, won)
    return _around(value, spread, int(min(won.sum(), (~won).sum())), error)


def _around(value: float, spread: float, fewer: int, error: float) -> Interval:
    reach = -float(ndtri(error)) * np.hypot(spread, 0.5 / max(fewer, 1))
    return Interval(value, max(value - reach, 0.0), min(value + reach, 1.0))


def _auc(score: np.ndarray, won: np.ndarray) -> tuple[float, float]:
    """Return AUC (ties count half) and DeLong's standard error."""
    winners, others = int(won.sum()), int((~won).sum())
    if min(winners, others) == 0:
        return 0.5, 0.5
    ranks = pd.Series(score).rank().to_numpy()
    above = (ranks[won] - pd.Series(score[won]).rank().to_numpy()) / others
    below = 1 - (ranks[~won] - pd.Series(score[~won]).rank().to_numpy()) / winners
    return float(above.mean()), float(np.hypot(above.std() / np.sqrt(winners), below.std() / np.sqrt(others)))


def rank_correlation(x: np.ndarray, y: np.ndarray, beside: np.ndarray, *, error: float) -> Interval:
    """Return the size of Spearman's correlation of x and y, or of what is left of it beside a third if that is less."""
    ranks = np.column_stack([pd.Series(values).rank().to_numpy() for values in (x, y, beside)])
    varies = ranks.std(axis=0) > 0
    if len(x) < 10 or not varies[:2].all():
        return Interval(0.0, 0.0, 1.0)
    pairs = ((0, 1), (0, 2), (1, 2))
    xy, xb, yb = (np.corrcoef(ranks[:, i], ranks[:, j])[0, 1] if varies[j] else 0.0 for i, j in pairs)
    left = np.sqrt(max((1 - xb**2) * (1 - yb**2), 1e-12))
    size = float(min(abs(xy), abs((xy - xb * yb) / left), 1 - 1e-9))
    reach = 1.03 * -float(ndtri(error)) / np.sqrt(len(x) - 3)
    low, high = np.tanh(np.arctanh(size) + np.array([-reach, reach]))
    return Interval(size, max(float(low), 0.0), float(high))


@dataclass(frozen=True)
class Alone:
    """How well a column alone tells who reached a stage, learnt on half of the leads and judged on the other half."""

    auc: Interval
    telling_reached: int
    """Leads that reached it, among those whose value said that they would."""
    telling_others: int
    """Leads that did not, among those."""


@dataclass(frozen=True)
class Reading:
    """A column as the judge reads it: numbers, or groups where it holds no numbers; and which leads teach first."""

    numbers: np.ndarray | None
    groups: np.ndarray
    half: np.ndarray


def read_column(raw: pd.Series) -> Reading:
    """Read a column, indexed by lead: text or numbers; missing is a value of its own.

    Numbers count by interval, texts by value, texts that are hardly ever the same by their first word or the part
    behind the @.
    """
    numbers = as_numbers(raw)
    groups = as_groups(raw) if numbers is None else np.empty(0, dtype=np.int64)
    return Reading(numbers, groups, _half(raw.index))


def tell_alone(column: Reading, known: np.ndarray, reached: np.ndarray, *, error: float) -> Alone:
    """Judge a column alone on held-out leads.

    Parameters
    ----------
    column : Reading
        One value a lead.
    known : ndarray of bool
        The leads that count.
    reached : ndarray of bool
        Whether each of these reached the stage.
    error : float
        Probability with which the interval may miss on either side.

    Returns
    -------
    Alone
        Rare values are drawn to the overall share.
    """
    halves = column.half[known]
    numbers = None if column.numbers is None else column.numbers[known]
    texts = column.groups[known] if numbers is None else column.groups
    aucs, telling = [], np.zeros(2, dtype=int)
    for learn in (halves, ~halves):
        groups = texts if numbers is None else _binned(numbers, learn, reached)
        base, size = reached[learn].mean() if learn.any() else 0.0, int(groups.max(initial=0)) + 1
        sums = np.bincount(groups[learn], weights=reached[learn], minlength=size)
        rate = (sums + _PRIOR_LEADS * base) / (np.bincount(groups[learn], minlength=size) + _PRIOR_LEADS)
        judged = rate[groups[~learn]]
        aucs.append(_auc(judged, reached[~learn]))
        says_so = judged >= _LIKELY
        telling += [int((says_so & reached[~learn]).sum()), int((says_so & ~reached[~learn]).sum())]
    value = float(np.mean([auc for auc, _ in aucs]))
    spread = float(np.hypot(aucs[0][1], aucs[1][1]) / 2)
    interval = _around(value, spread, int(min(reached.sum(), (~reached).sum())), error)
    return Alone(interval, int(telling[0]), int(telling[1]))


def _half(leads: pd.Index) -> np.ndarray:
    """Return about half of the leads, by a hash of their ids: neither numbering nor order can lean on it."""
    hashes = pd.util.hash_array(leads.astype(str).to_numpy(dtype=object))
    return np.asarray(hashes % 2 == 0)


def as_numbers(raw: pd.Series) -> np.ndarray | None:
    """Return a column as numbers (missing is NaN) if that is what it holds and it takes more than ten values."""
    numbers = pd.to_numeric(raw, errors="coerce").astype("float64")
    if numbers.nunique() > _BINS and numbers.notna().sum() >= 0.95 * raw.notna().sum():
        return numbers.to_numpy()
    return None


def _binned(numbers: np.ndarray, learn: np.ndarray, reached: np.ndarray) -> np.ndarray:
    """Return bins at the deciles of both kinds of leads: a number that most leads lack is cut where it differs."""
    sample = learn & ~np.isnan(numbers)
    steps = np.linspace(0, 1, _BINS + 1)[1:-1]
    edges = [np.quantile(numbers[sample & kind], steps) for kind in (reached, ~reached) if (sample & kind).any()]
    cuts = np.unique(np.concatenate(edges)) if edges else np.empty(0)
    return np.where(np.isnan(numbers), 0, 1 + np.searchsorted(cuts, numbers, side="left"))


def as_groups(raw: pd.Series) -> np.ndarray:
    """Return the group of each lead by its text: 0 is missing."""
    text = raw.astype("object").where(raw.notna(), None)
    filled = text.dropna().astype(str)
    if filled.nunique() > max(_FREE_TEXT, 0.5 * len(filled)):
        short = filled.str.lower().str.extract(r"@(.+)$", expand=False)
        text = short.fillna(filled.str.lower().str.split(r"\W+", n=1, regex=True).str[0]).reindex(text.index)
    codes, _ = pd.factorize(text, sort=True, use_na_sentinel=True)
    return np.asarray(codes) + 1


def as_times(raw: pd.Series) -> pd.Series | None:
    """Return a text column as UTC times if that is what it holds, else None."""
    text = raw.dropna().astype(str)
    if text.empty or not text.head(100).map(lambda value: re.match(r"\d{4}-\d{2}-\d{2}", value) is not None).all():
        return None
    times = pd.to_datetime(raw, utc=True, errors="coerce", format="ISO8601").dt.as_unit("us")
    return times if times.notna().sum() >= 0.95 * len(text) else None


def as_micros(times: pd.Series) -> np.ndarray:
    """Return times as microseconds since 1970, NaN where there is none."""
    stamps = times.dt.tz_convert(None).to_numpy().astype("datetime64[us]")
    return np.where(np.isnat(stamps), np.nan, stamps.astype("int64"))
