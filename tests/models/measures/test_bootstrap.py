"""Intervals by lead: they cover the truth, follow leads and not rows, and pair the scorers."""

from __future__ import annotations

import numpy as np
import pytest

from models.evaluation.beats_baseline import beats_baseline
from models.measures.bootstrap import compare, drawn_weights, interval
from models.measures.metrics import Scored


def sample(generator: np.random.Generator, leads: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return outcomes, a calibrated probability and lead ids of leads with one to five equal rows."""
    p = generator.beta(1, 4, leads)
    rows = generator.integers(1, 6, leads)
    y = (generator.random(leads) < p).astype(float)
    return np.repeat(y, rows), np.repeat(p, rows), np.repeat(np.arange(leads).astype(str), rows)


def test_rows_of_a_lead_come_and_go_together() -> None:
    leads = ["a", "a", "b", "c", "c", "c"]
    blocks = np.concatenate(list(drawn_weights(leads, draws=60, seed=1)))
    assert blocks.shape == (60, 6)
    assert (blocks[:, 0] == blocks[:, 1]).all()
    assert (blocks[:, 3] == blocks[:, 5]).all()
    # Three leads drawn each time; each of the six rows weighs three sixths as often as its lead is drawn.
    assert blocks[:, [0, 2, 3]].sum(axis=1) == pytest.approx(np.full(60, 3 * 0.5))


def test_repeating_the_rows_of_leads_narrows_nothing() -> None:
    generator = np.random.default_rng(5)
    p = generator.random(200)
    y, leads = (generator.random(200) < p).astype(float), np.arange(200).astype(str)
    once = compare(y, {"m": Scored.from_probability(p)}, lead_ids=leads, draws=50, seed=2)
    often = compare(
        np.repeat(y, 3), {"m": Scored.from_probability(np.repeat(p, 3))}, lead_ids=np.repeat(leads, 3), draws=50, seed=2
    )
    for metric in ("auc", "log_loss"):
        assert once.draws["m"][metric] == pytest.approx(often.draws["m"][metric], abs=1e-9)


def test_intervals_cover_the_true_value_about_as_often_as_promised() -> None:
    """The mean of (y - p)² of calibrated forecasts is the mean of p(1 - p): E = 1/5 - (1·2)/(5·6) = 2/15."""
    generator = np.random.default_rng(6)
    covered = 0
    for repeat in range(100):
        y, p, leads = sample(generator, 150)
        comparison = compare(y, {"m": Scored.from_probability(p)}, lead_ids=leads, draws=120, seed=repeat)
        bounds = comparison.interval("m", "brier")
        covered += bounds.low <= 2 / 15 <= bounds.high
    # 95 of 100 promised; fewer than 86 or exactly 100 would happen by chance less than once in 100 times.
    assert 86 <= covered <= 99


def test_same_seed_same_intervals_whatever_the_order_of_rows() -> None:
    y, p, leads = sample(np.random.default_rng(7), 80)
    order = np.random.default_rng(8).permutation(len(y))
    first = compare(y, {"m": Scored.from_probability(p)}, lead_ids=leads, draws=50, seed=3)
    again = compare(y, {"m": Scored.from_probability(p)}, lead_ids=leads, draws=50, seed=3)
    shuffled = compare(y[order], {"m": Scored.from_probability(p[order])}, lead_ids=leads[order], draws=50, seed=3)
    assert (first.draws["m"]["auc"] == again.draws["m"]["auc"]).all()
    assert first.draws["m"]["auc"] == pytest.approx(shuffled.draws["m"]["auc"], abs=1e-9)


def test_a_scorer_differs_from_itself_by_nothing_and_does_not_beat_itself() -> None:
    y, p, leads = sample(np.random.default_rng(9), 100)
    scored = Scored.from_probability(p)
    comparison = compare(y, {"a": scored, "b": scored}, lead_ids=leads, draws=60, seed=4)
    difference = comparison.difference("a", "b", "auc")
    assert (difference.value, difference.low, difference.high) == (0, 0, 0)
    assert not beats_baseline(comparison, model="a", baseline="b")


def test_pairing_tells_apart_what_single_intervals_do_not_and_truth_beats_noise() -> None:
    generator = np.random.default_rng(10)
    y, p, leads = sample(generator, 1500)
    blurred = np.clip(p + 0.04 * generator.standard_normal(len(p)), 0.001, 0.999)
    scorers = {"true": Scored.from_probability(p), "blurred": Scored.from_probability(blurred)}
    comparison = compare(y, scorers, lead_ids=leads, draws=200, seed=5)
    one, other = comparison.interval("true", "log_loss"), comparison.interval("blurred", "log_loss")
    difference = comparison.difference("true", "blurred", "log_loss")
    assert one.high > other.low
    assert difference.high < 0
    assert difference.high - difference.low < (one.high - one.low) / 2
    noise = Scored.from_probability(np.full(len(p), y.mean()) + 1e-3 * generator.random(len(p)))
    against_noise = compare(y, {"true": Scored.from_probability(p), "noise": noise}, lead_ids=leads, draws=100, seed=6)
    assert beats_baseline(against_noise, model="true", baseline="noise")
    assert not beats_baseline(against_noise, model="noise", baseline="true")


def test_draws_without_a_value_are_left_out() -> None:
    assert interval(0.5, [np.nan, 0.4, 0.6]).low == pytest.approx(0.405)
    assert np.isnan(interval(0.5, [np.nan]).low)


def test_the_interval_of_the_calibration_error_holds_its_value() -> None:
    y, p, leads = sample(np.random.default_rng(11), 300)
    scorers = {"true": Scored.from_probability(p), "half": Scored.from_probability(p / 2)}
    comparison = compare(y, scorers, lead_ids=leads, draws=200, seed=7)
    for scorer in scorers:
        found = comparison.interval(scorer, "ece")
        assert 0 <= found.low < found.value < found.high, scorer
    # As drawn, the resamples of a calibrated forecast lie to the right of the value.
    assert comparison.draws["true"]["ece"].mean() > comparison.values["true"]["ece"]
    gap = comparison.difference("half", "true", "ece")
    assert gap.low < gap.value < gap.high
