"""The lane's draw: always the same, with the chance that is told, once a look."""

from __future__ import annotations

import numpy as np
import pytest

from features.source_spec import Snapshots
from features.time_units import DAY_US
from models.scoring.lane_draw import chance_per_look, drawn, look_numbers, looks_of_a_lead

IDS = np.array([f"L{number:06d}" for number in range(60_000)])
GRID = Snapshots.model_validate({"after": "1d", "every": "14d", "until": "71d"})


@pytest.mark.parametrize("chance", [0.005, 0.03, 0.5])
def test_as_many_are_drawn_as_the_chance_says(chance: float) -> None:
    share = drawn(IDS, np.zeros(len(IDS)), chance=chance, seed=7).mean()
    assert abs(share - chance) < 4 * np.sqrt(chance * (1 - chance) / len(IDS))


def test_over_all_its_looks_a_lead_is_drawn_with_the_share_asked_for() -> None:
    looks = looks_of_a_lead(GRID)
    chance = chance_per_look(0.03, looks)
    ever = np.any([drawn(IDS, np.full(len(IDS), look), chance=chance, seed=7) for look in range(looks)], axis=0)
    assert abs(ever.mean() - 0.03) < 4 * np.sqrt(0.03 * 0.97 / len(IDS))


def test_a_draw_depends_on_lead_look_and_seed_and_on_nothing_else() -> None:
    some, looks = IDS[:5_000], np.arange(5_000) % 6
    first = drawn(some, looks, chance=0.2, seed=7)
    order = np.random.default_rng(1).permutation(len(some))
    np.testing.assert_array_equal(drawn(some[order], looks[order], chance=0.2, seed=7), first[order])
    np.testing.assert_array_equal(drawn(some[:10], looks[:10], chance=0.2, seed=7), first[:10])
    for other in (drawn(some, looks + 1, chance=0.2, seed=7), drawn(some, looks, chance=0.2, seed=8)):
        both = (first & other).mean()  # independent: 0.2 · 0.2
        assert abs(both - 0.04) < 4 * np.sqrt(0.04 * 0.96 / len(some))


def test_who_is_drawn_with_a_small_chance_is_drawn_with_a_larger_one() -> None:
    small, large = (drawn(IDS[:5_000], np.zeros(5_000), chance=chance, seed=7) for chance in (0.1, 0.3))
    assert small.any()
    assert (large | ~small).all()


def test_nobody_and_everybody() -> None:
    assert not drawn(IDS[:1_000], np.zeros(1_000), chance=0.0, seed=7).any()
    assert drawn(IDS[:1_000], np.zeros(1_000), chance=1.0, seed=7).all()
    assert (chance_per_look(0.0, 6), chance_per_look(1.0, 6)) == (0.0, 1.0)


def test_all_nights_between_two_looks_share_one_draw() -> None:
    nights = DAY_US * np.arange(0, 71)
    numbers = look_numbers(nights, np.full(71, 0), GRID)
    # Looks are 14 days apart, counted from the first: nights 0 to 13 are look 0, 14 to 27 are look 1, …, 70 is look 5.
    assert numbers.tolist() == [night // 14 for night in range(71)]
    assert look_numbers(nights, np.full(71, 0), Snapshots.model_validate({"after": "1d"})).max() == 0
