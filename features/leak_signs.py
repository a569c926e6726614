"""Signs that a column of table leads was filled in after the outcome it would forecast.

A CRM export shows today's values. What sales or the CRM wrote while the story went on looks like a splendid forecast
and is none. One column at a time, this gives one of three answers: ``leak``, ``fine``, ``cannot tell``.

The signs, strongest first:

1. its dates lie after the moment at which the lead would have been scored;
2. it is filled for winners only, or for the others only;
3. alone it tells winners from the others on held-out leads better than what is known beforehand ever does;
4. its values name an outcome, and leads with these values nearly all ended alike;
5. its name says that it is kept up to date (last activity), a judgement (score, quality), or a note of the work
   (tags, owner, reason), and it goes with the outcome. The name alone is a doubt, not a verdict.

Doubts: a strong column, one that is filled clearly more often for winners, one filled for the same leads as a leak.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

Answer = Literal["leak", "fine", "cannot tell"]

TOO_GOOD_AUC = 0.90
STRONG_AUC = 0.80
STRONG_FILL_AUC = 0.60
FEWEST_OUTCOMES = 20
"""Winners, and others, below which strength cannot be judged."""

_LATE_SHARE = 0.01
_ONE_SIDED = 0.05
_SURE_DEVIATIONS = 4.0

_WORDS = {
    "kept up to date until the export": "latest final modified updated notable recent letzte letzter letztes zuletzt",
    "about the outcome": "won lost closed converted conversion signed churned rejected "
    "gewonnen verloren abgeschlossen unterschrieben",
    "a note of sales' work on the lead": "tag tags status stage phase owner assigned assignee reason disposition "
    "outcome result remark remarks stufe besitzer zuständig betreuer grund ergebnis bemerkung",
    "somebody's judgement of the lead": "score scoring index quality grade rating profile rank probability likelihood "
    "forecast prediction temperature punkte bewertung qualität güte profil wahrscheinlichkeit",
}
SIGNS = {meaning: frozenset(words.split()) for meaning, words in _WORDS.items()}
"""Words in a column's name, by what they say about when it is written."""

OUTCOME = SIGNS["about the outcome"]
_NO_LAST = frozenset({"name", "names", "mile"})


@dataclass(frozen=True)
class LeakVerdict:
    """What can be said about one column.

    Parameters
    ----------
    column : str
        Its name.
    answer : {"leak", "fine", "cannot tell"}
        ``cannot tell`` never means passed.
    why : str
        In words, with the figures.
    auc : float or None
        How well the column alone tells winners from others on held-out leads (0.5 says nothing, 1 all).
    """

    column: str
    answer: Answer
    why: str
    auc: float | None = None


def judge_columns(
    values: pd.DataFrame, won: pd.Series, looked_at: pd.Series, *, outcome_names: Iterable[str] = ()
) -> list[LeakVerdict]:
    """Judge every column of a table of leads.

    Parameters
    ----------
    values : DataFrame
        One row a lead, text (or numbers), missing where nothing stood.
    won : Series of bool
        Whether the lead reached the target in the end; same index.
    looked_at : Series of datetime64[us, UTC]
        When the lead would have been scored first.
    outcome_names : iterable of str
        Names of the stages that end a story, looked for among the values.

    Returns
    -------
    list of LeakVerdict
        In the order of the columns.
    """
    names = OUTCOME | {name.lower() for name in outcome_names}
    verdicts = [_judge(column, values[column], won.to_numpy(dtype=bool), looked_at, names) for column in values.columns]
    return _doubt_same_fill(values, verdicts)


def _judge(
    name: str, raw: pd.Series, won: np.ndarray, looked_at: pd.Series, outcome_words: frozenset[str]
) -> LeakVerdict:
    filled = raw.notna().to_numpy()
    if not filled.any() or (filled.all() and (raw == raw.iloc[0]).all()):
        return LeakVerdict(name, "fine", "never filled" if not filled.any() else "always the same: it tells nothing")
    times = as_times(raw)
    if times is not None:
        late = float((times > looked_at)[filled].mean())
        if late > _LATE_SHARE:
            return LeakVerdict(name, "leak", f"{late:.0%} of its dates lie after the lead would have been scored")
        raw = (times - looked_at).dt.total_seconds()
    sign = name_sign(name)
    if min(won.sum(), (~won).sum()) < FEWEST_OUTCOMES:
        also = f"; its name says: {sign}" if sign else ""
        return LeakVerdict(
            name, "cannot tell", f"too few outcomes to judge ({won.sum()} winners, {(~won).sum()} others){also}"
        )
    auc = held_out_auc(raw, won)
    return _by_strength(name, raw, won, auc, sign, outcome_words)


def _by_strength(
    name: str, raw: pd.Series, won: np.ndarray, auc: float, sign: str | None, outcome_words: frozenset[str]
) -> LeakVerdict:
    filled = raw.notna().to_numpy()
    winners, others = float(filled[won].mean()), float(filled[~won].mean())
    fill = f"filled for {winners:.0%} of winners and {others:.0%} of the others"
    if filled.sum() >= FEWEST_OUTCOMES and min(winners, others) <= _ONE_SIDED * max(winners, others):
        return LeakVerdict(name, "leak", f"{fill}: it is written when the outcome is known", auc)
    if auc >= TOO_GOOD_AUC:
        return LeakVerdict(name, "leak", f"alone it reaches an AUC of {auc:.2f}: nothing known beforehand does", auc)
    named = _naming_values(raw, won, outcome_words)
    if named:
        return LeakVerdict(name, "leak", f"its values name the outcome ({named})", auc)
    fill_auc = 0.5 + abs(winners - others) / 2
    spread = np.sqrt((len(won) + 1) / (12.0 * won.sum() * (~won).sum()))
    associated = max(auc, fill_auc) - 0.5 > _SURE_DEVIATIONS * spread
    if sign and associated:
        return LeakVerdict(
            name, "leak", f"{sign}, and it goes with the outcome (AUC {max(auc, fill_auc):.2f} alone)", auc
        )
    if sign:
        return LeakVerdict(name, "cannot tell", f"{sign}; no link with the outcome shows (AUC {auc:.2f} alone)", auc)
    if auc >= STRONG_AUC:
        return LeakVerdict(
            name, "cannot tell", f"very strong alone (AUC {auc:.2f}): was it known when the lead came?", auc
        )
    if fill_auc >= STRONG_FILL_AUC:
        return LeakVerdict(name, "cannot tell", f"{fill}: does the lead fill it in, or sales later?", auc)
    return LeakVerdict(name, "fine", f"AUC {auc:.2f} alone, {fill}", auc)


def name_sign(name: str) -> str | None:
    """Return what a column's name says about when it is written, or None.

    Examples
    --------
    >>> name_sign("Last Notable Activity")
    'kept up to date until the export, by its name'
    >>> name_sign("last_name") is None
    True
    """
    words = [word.lower() for word in re.findall(r"[A-ZÄÖÜ]?[a-zäöüß]+|[A-ZÄÖÜ]+(?![a-zäöüß])", name)]
    if any(word == "last" and (not rest or rest[0] not in _NO_LAST) for word, *rest in _tails(words)):
        return "kept up to date until the export, by its name"
    return next((f"{meaning}, by its name" for meaning, signs in SIGNS.items() if signs.intersection(words)), None)


def _tails(words: list[str]) -> Iterable[list[str]]:
    return (words[start:] for start in range(len(words)))


def as_times(raw: pd.Series) -> pd.Series | None:
    """Return a text column as UTC times if that is what it holds, else None."""
    text = raw.dropna().astype(str)
    if text.empty or not text.head(100).str.match(r"\d{4}-\d{2}-\d{2}").all():
        return None
    times = pd.to_datetime(raw, utc=True, errors="coerce", format="ISO8601").dt.as_unit("us")
    return times if times.notna().sum() >= 0.95 * len(text) else None


def held_out_auc(raw: pd.Series, won: np.ndarray) -> float:
    """Return the AUC of the share of winners by value, learnt on one half of the leads and judged on the other.

    Numbers count by decile, missing is a value of its own, rare values are drawn to the overall share.
    """
    groups = _as_groups(raw)
    halves = np.arange(len(won)) % 2 == 0
    found = []
    for learn in (halves, ~halves):
        base = won[learn].mean()
        sums = np.bincount(groups[learn], weights=won[learn], minlength=groups.max() + 1)
        counts = np.bincount(groups[learn], minlength=groups.max() + 1)
        rate = (sums + 5 * base) / (counts + 5)
        found.append(auc(rate[groups[~learn]], won[~learn]))
    return float(np.mean(found))


def _as_groups(raw: pd.Series) -> np.ndarray:
    numbers = pd.to_numeric(raw, errors="coerce").astype("float64")
    if numbers.nunique() > 10 and numbers.notna().sum() >= 0.95 * raw.notna().sum():
        raw = pd.Series(pd.qcut(numbers, 10, labels=False, duplicates="drop"), index=raw.index)
    return np.asarray(pd.factorize(raw, use_na_sentinel=True)[0] + 1)


def auc(score: np.ndarray, won: np.ndarray) -> float:
    """Return the share of (winner, other) pairs that the score puts in the right order; ties count half.

    Examples
    --------
    >>> auc(np.array([1.0, 2.0, 2.0]), np.array([False, True, False]))  # one pair right, one tied
    0.75
    """
    positives, negatives = int(won.sum()), int((~won).sum())
    if positives == 0 or negatives == 0:
        return 0.5
    ranks = pd.Series(score).rank().to_numpy()
    return float((ranks[won].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def _naming_values(raw: pd.Series, won: np.ndarray, outcome_words: frozenset[str]) -> str | None:
    """Return values that name an outcome and whose leads (at least ten) ended alike, clearly unlike the rest."""
    if pd.api.types.is_numeric_dtype(raw) or raw.nunique() > 200:
        return None
    base = won.mean()
    named = []
    for value, share, leads in _rates(raw, won):
        if not outcome_words.intersection(re.findall(r"\w+", value.lower())) or leads < 10:
            continue
        deviations = abs(share - base) / np.sqrt(base * (1 - base) / leads)
        if deviations > _SURE_DEVIATIONS and (share >= 0.9 or share <= 0.1):
            named.append(f"{value!r}: {share:.0%} won")
    return ", ".join(named[:3]) or None


def _rates(raw: pd.Series, won: np.ndarray) -> Iterable[tuple[str, float, int]]:
    by_value = pd.Series(won, index=raw.index).groupby(raw).agg(["mean", "count"])
    return ((str(value), float(row["mean"]), int(row["count"])) for value, row in by_value.iterrows())


def _doubt_same_fill(values: pd.DataFrame, verdicts: list[LeakVerdict]) -> list[LeakVerdict]:
    """Doubt a column that is filled for the very leads that a leak is filled for: it may be written with it."""
    leaks = {v.column: values[v.column].notna().to_numpy() for v in verdicts if v.answer == "leak"}
    leaks = {name: filled for name, filled in leaks.items() if 0.05 <= filled.mean() <= 0.95}
    judged = []
    for verdict in verdicts:
        filled = values[verdict.column].notna().to_numpy()
        twin = next(
            (name for name, other in leaks.items() if (filled & other).sum() >= 0.98 * (filled | other).sum()), None
        )
        if verdict.answer == "fine" and twin is not None:
            verdict = replace(verdict, answer="cannot tell", why=f"filled for the same leads as {twin}; {verdict.why}")
        judged.append(verdict)
    return judged
