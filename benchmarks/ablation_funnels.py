"""The trials of the ablation: funnels drawn with a known truth, and forward splits inside public training periods."""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd

from models.log_odds import log_losses, log_odds_to_probability, probability_to_log_odds


@dataclass(frozen=True)
class Trial:
    """Older rows to train on and newer rows to be measured on, both oldest first.

    Attributes
    ----------
    kind : str
        Trials of one kind count as one in the summary.
    truth : array or None
        The true probability of each test row, where it is known; measures then average over all outcomes that could
        have come, which leaves little chance in a comparison.
    """

    kind: str
    name: str
    X: pd.DataFrame
    y: np.ndarray
    X_test: pd.DataFrame
    y_test: np.ndarray
    truth: np.ndarray | None = None


def measure(trial: Trial, log_odds: np.ndarray) -> dict[str, float]:
    """Return log loss and AUC; against the truth, where it is known, instead of the outcomes that happened to come."""
    y = trial.y_test if trial.truth is None else trial.truth
    order = np.argsort(log_odds, kind="stable")
    values, place = np.unique(log_odds[order], return_inverse=True)
    yes, no = np.bincount(place, y[order], len(values)), np.bincount(place, 1.0 - y[order], len(values))
    auc = float(yes @ (np.cumsum(no) - no / 2) / (yes.sum() * no.sum()))
    far = probability_to_log_odds(1 - 1e-6)
    loss = float(log_losses(np.clip(log_odds, -far, far), y).mean())
    return {"log_loss": loss, "auc": auc, "mean": float(log_odds_to_probability(log_odds).mean())}


@dataclass(frozen=True)
class Funnel:
    """How leads are drawn. Strengths are standard deviations in log-odds.

    Attributes
    ----------
    leads, test_leads : int
    rate : float
        Share of leads with the outcome, about.
    linear, steps, pairs, groups : float
        Strength of what is linear in the logged numbers, of thresholds, of products and category-by-number effects,
        and of the many-valued categories.
    values : int
        Distinct values of the two many-valued categories.
    drift : float
        Strength of the change that the effects go through from the first training day to the last test day.
    noise_columns : int
    """

    leads: int
    test_leads: int = 10_000
    rate: float = 0.2
    linear: float = 0.8
    steps: float = 0.4
    pairs: float = 0.4
    groups: float = 0.4
    values: int = 40
    drift: float = 0.0
    level_drift: float = 0.0
    noise_columns: int = 8
    missing: float = 0.0
    dates: bool = False
    draws: int = 1


FUNNELS = {
    "mixed 3,000": Funnel(3_000, draws=2),
    "400 leads": Funnel(400, draws=6),
    "1,000 leads, 10 %": Funnel(1_000, rate=0.1, draws=4),
    "1 % of 8,000": Funnel(8_000, rate=0.01, draws=4),
    "1 % of 40,000": Funnel(40_000, rate=0.01, draws=1),
    "300 values": Funnel(5_000, values=300, groups=1.0, draws=2),
    "drift": Funnel(4_000, drift=1.0, draws=4),
    "strong drift": Funnel(2_000, drift=2.0, draws=4),
    "level drift": Funnel(2_000, rate=0.1, level_drift=1.0, draws=4),
    "linear truth": Funnel(2_000, steps=0.0, pairs=0.0, draws=2),
    "pairs": Funnel(5_000, linear=0.3, steps=0.5, pairs=1.0, draws=2),
    "pure noise": Funnel(2_000, linear=0.0, steps=0.0, pairs=0.0, groups=0.0, draws=2),
    "junk columns": Funnel(2_000, noise_columns=80, draws=3),
    "much missing": Funnel(3_000, missing=0.6, draws=3),
    "dates": Funnel(3_000, dates=True, draws=3),
    "80,000 leads": Funnel(80_000, test_leads=20_000, values=300, noise_columns=30, draws=1),
}


def draw(kind: str, number: int) -> Trial:
    """Draw one funnel of a kind; the same number gives the same leads."""
    funnel = FUNNELS[kind]
    rng = np.random.default_rng([number, sum(map(ord, kind))])
    n = funnel.leads + funnel.test_leads
    # the test follows the training and lasts a third as long, however many leads stand for it
    time = np.concatenate([np.linspace(0, 0.75, funnel.leads), np.linspace(0.75, 1.0, funnel.test_leads)])
    numbers, categories = _numbers(rng, n), _categories(rng, n, funnel.values)
    odds = _log_odds(rng, funnel, numbers, categories, time)
    odds += funnel.level_drift * time * (1 if number % 2 else -1)
    odds, gaps, dates = _more(rng, funnel, odds, time)
    low, high = -15.0, 15.0
    for _ in range(50):  # the intercept that gives the rate
        middle = (low + high) / 2
        low, high = (middle, high) if _probability(odds + middle).mean() < funnel.rate else (low, middle)
    p = _probability(odds + low)
    y = (rng.random(n) < p).astype(float)
    table = _table(rng, numbers, categories, funnel.noise_columns).assign(**dates)
    for i in range(gaps.shape[1]):
        table[f"number_{i}"] = table[f"number_{i}"].mask(gaps[:, i])
    old = slice(0, funnel.leads)
    new = slice(funnel.leads, n)
    return Trial(kind, f"{kind} #{number}", table[old], y[old], table[new].reset_index(drop=True), y[new], p[new])


def _more(
    rng: np.random.Generator, funnel: Funnel, odds: np.ndarray, time: np.ndarray
) -> tuple[np.ndarray, np.ndarray, dict[str, pd.DatetimeIndex]]:
    """Return the log-odds with what gaps and dates say, which numbers are missing, and the columns of times."""
    gaps, dates = np.zeros((len(odds), 0), dtype=bool), {}
    if funnel.missing:
        gaps = rng.random((len(odds), 6)) < funnel.missing
        odds = odds + 0.6 * _unit(gaps @ rng.normal(size=6))
    if funnel.dates:
        created = pd.Timestamp("2025-01-01") + pd.to_timedelta((time * 365 * 86_400).round(), unit="s")
        days = rng.exponential(20, len(odds))
        dates = {"created": created, "last_contact": created - pd.to_timedelta((days * 86_400).round(), unit="s")}
        odds = odds + 0.4 * np.isin(created.weekday, (1, 2, 3)) - 0.5 * np.log1p(days)
    return odds, gaps, dates


def _probability(odds: np.ndarray) -> np.ndarray:
    return np.asarray(1.0 / (1.0 + np.exp(-odds)))


def _numbers(rng: np.random.Generator, n: int) -> np.ndarray:
    """Return six columns such as exports hold: counts, durations with a long tail, shares; they hang together."""
    common = rng.normal(size=(n, 1))
    latent = 0.5 * common + rng.normal(size=(n, 6))
    return np.column_stack(
        [
            rng.poisson(np.exp(0.8 + 0.5 * latent[:, 0])),
            np.exp(5 + 1.2 * latent[:, 1]).round(),
            np.exp(1 + 0.7 * latent[:, 2]),
            _probability(latent[:, 3]).round(2),
            rng.poisson(np.exp(0.3 * latent[:, 4] - 0.5)),
            latent[:, 5],
        ]
    ).astype(float)


def _categories(rng: np.random.Generator, n: int, values: int) -> np.ndarray:
    """Return six columns of codes, the first two with many values, a few of them frequent."""
    sizes = (values, values, 12, 6, 3, 2)
    shares = [(1.0 / np.arange(1, size + 1) ** 0.9) for size in sizes]
    return np.column_stack(
        [rng.choice(size, n, p=share / share.sum()) for size, share in zip(sizes, shares, strict=True)]
    )


def _log_odds(
    rng: np.random.Generator, funnel: Funnel, numbers: np.ndarray, categories: np.ndarray, time: np.ndarray
) -> np.ndarray:
    z = np.sign(numbers) * np.log1p(np.abs(numbers))
    z = (z - z.mean(axis=0)) / z.std(axis=0)
    small = [rng.normal(size=12)[categories[:, 2]], rng.normal(size=6)[categories[:, 3]]]
    many = sum(rng.normal(size=funnel.values)[categories[:, i]] for i in (0, 1))
    steps = sum(rng.normal() * (z[:, i] > rng.normal(scale=0.5)) for i in range(5))
    by_value = rng.normal(size=12)[categories[:, 2]] * z[:, 1]
    products = z[:, 0] * z[:, 2] + np.where(z[:, 3] > 0, 1, -1) * z[:, 5] + by_value
    odds = (
        funnel.linear * _unit(z @ rng.normal(size=6) + sum(small))
        + funnel.steps * _unit(steps)
        + funnel.pairs * _unit(products)
        + funnel.groups * _unit(many)
    )
    new_world = _unit(z @ rng.normal(size=6) + rng.normal(size=12)[categories[:, 2]] + many * rng.normal())
    return np.asarray(odds + funnel.drift * time * (new_world + rng.normal(scale=0.5)))


def _unit(values: np.ndarray) -> np.ndarray:
    return np.asarray((values - values.mean()) / max(values.std(), 1e-12))


def _table(rng: np.random.Generator, numbers: np.ndarray, categories: np.ndarray, noise_columns: int) -> pd.DataFrame:
    n = len(numbers)
    columns: dict[str, np.ndarray] = {}
    for i, values in enumerate(numbers.T):
        columns[f"number_{i}"] = np.where(rng.random(n) < (0.15 if i in (1, 3) else 0.0), np.nan, values)
    for i, codes in enumerate(categories.T):
        texts = np.char.add("v", codes.astype(str)).astype(object)
        texts[rng.random(n) < 0.05] = None
        columns[f"category_{i}"] = texts
    for i in range(noise_columns):
        columns[f"noise_{i}"] = rng.exponential(size=n) if i % 2 else rng.poisson(1.0, n).astype(float)
    columns["noise_category"] = np.char.add("w", rng.integers(0, 30, n).astype(str)).astype(object)
    return pd.DataFrame(columns)


CUTS = ((0.0, 0.7, 0.7, 1.0), (0.0, 0.5, 0.5, 0.75), (0.0, 0.4, 0.7, 1.0))
"""Where training starts and ends and where the test starts and ends, in shares of the rows; the last leaves a gap."""


def public_trials(bench: Path, names: Sequence[str] | None = None) -> Iterator[Trial]:
    """Yield forward splits inside the training rows of the public data sets; their test rows are thrown away here."""
    module = _module(bench / "public_data.py")
    for name in module.NAMES:
        if names is not None and name not in names:
            continue
        with warnings.catch_warnings():  # the splits are not ours to modernise
            warnings.simplefilter("ignore")
            X, y, _, _ = module.load(name)
        outcome = np.asarray(y, dtype=float)
        for number, cut in enumerate(CUTS):
            a, b, c, d = (round(share * len(X)) for share in cut)
            new = X.iloc[c:d].reset_index(drop=True)
            yield Trial(name, f"{name} #{number}", X.iloc[a:b], outcome[a:b], new, outcome[c:d])


def drawn_trials(kinds: Sequence[str] = tuple(FUNNELS)) -> Iterator[Trial]:
    """Yield the funnels with a known truth."""
    for kind in kinds:
        for number in range(FUNNELS[kind].draws):
            yield draw(kind, number)


def _module(file: Path) -> ModuleType:
    module_spec = importlib.util.spec_from_file_location(file.stem, file)
    assert module_spec is not None
    assert module_spec.loader is not None
    module = importlib.util.module_from_spec(module_spec)
    module_spec.loader.exec_module(module)
    return module
