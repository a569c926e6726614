"""Laws that hold for every feature of every family."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.engine import compute_features
from features.families.feature_list import feature_list
from features.tables.facts import TIME_COLUMNS, FactFrames
from features.time_units import to_micros

FEW = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
SEEDS = st.integers(0, 10_000)


def looks_at(frames: FactFrames, seed: int, count: int = 25) -> pd.DataFrame:
    """Looks at random leads; some fall on the very time of a fact."""
    rng = np.random.default_rng(seed)
    times = pd.concat(
        [to_micros(frames.events["occurred_at"]), to_micros(frames.stages["entered_at"])], ignore_index=True
    )
    rows = pd.DataFrame(
        {
            "lead_id": rng.choice(frames.leads["lead_id"].to_numpy(), count),
            "as_of_us": rng.choice(times.to_numpy(), count) + rng.choice([0, 0, 1, -1], count),
        }
    )
    return rows.drop_duplicates().sort_values(["lead_id", "as_of_us"], ignore_index=True)


def known_at(frames: FactFrames, as_of_us: int) -> FactFrames:
    """Return the facts up to a time."""
    tables = {}
    for field in fields(frames):
        frame = getattr(frames, field.name)
        tables[field.name] = frame[to_micros(frame[f"{TIME_COLUMNS[field.name]}_at"]) <= as_of_us]
    return FactFrames(**tables)


@FEW
@given(seed=SEEDS)
def test_facts_after_the_as_of_time_change_nothing(random_funnel, spec, options, seed):
    frames = random_funnel(seed)
    as_of = looks_at(frames, seed, count=1)["as_of_us"][0]
    looks = pd.DataFrame({"lead_id": sorted(frames.leads["lead_id"]), "as_of_us": as_of})
    past = known_at(frames, as_of)
    looks = looks[looks["lead_id"].isin(past.leads["lead_id"])]
    with_future = compute_features(frames, looks, spec, options)
    without = compute_features(past, looks, spec, options)
    pd.testing.assert_frame_equal(with_future, without)


@FEW
@given(seed=SEEDS)
def test_the_order_of_rows_changes_nothing(random_funnel, spec, options, seed):
    frames = random_funnel(seed)
    looks = looks_at(frames, seed)
    shuffled = FactFrames(**{f.name: getattr(frames, f.name).sample(frac=1, random_state=seed) for f in fields(frames)})
    straight = compute_features(frames, looks, spec, options)
    mixed = compute_features(shuffled, looks.sample(frac=1, random_state=seed), spec, options)
    pd.testing.assert_frame_equal(straight, mixed)


@FEW
@given(seed=SEEDS)
def test_a_lead_with_equal_facts_has_equal_features(random_funnel, spec, options, seed):
    frames = random_funnel(seed, leads=4)
    frames.leads["account_id"] = None  # a double in one's own company would be a colleague
    frames.leads["campaign"] = None  # and one more matured lead of the campaign
    doubles = FactFrames(
        **{
            f.name: pd.concat([frame, frame.assign(lead_id="double of " + frame["lead_id"])], ignore_index=True)
            for f in fields(frames)
            for frame in [getattr(frames, f.name)]
        }
    )
    looks = looks_at(frames, seed)
    rows = compute_features(
        doubles, pd.concat([looks, looks.assign(lead_id="double of " + looks["lead_id"])]), spec, options
    )
    is_double = rows["lead_id"].str.startswith("double of ")
    pd.testing.assert_frame_equal(
        rows[~is_double].drop(columns="lead_id").reset_index(drop=True),
        rows[is_double].drop(columns="lead_id").reset_index(drop=True),
    )


@FEW
@given(seed=SEEDS)
def test_one_lead_online_equals_the_batch(random_funnel, spec, options, seed):
    frames = random_funnel(seed)
    looks = looks_at(frames, seed, count=4)
    batch = compute_features(frames, looks, spec, options)
    for row in range(len(looks)):
        look = looks.iloc[[row]]
        online = compute_features(around(frames, look["lead_id"].item()), look, spec, options)
        pd.testing.assert_frame_equal(online, batch.iloc[[row]].reset_index(drop=True))


def around(frames: FactFrames, lead_id: str) -> FactFrames:
    """What a request hands over: the lead, its account, and leads and stages of all for the source rates."""
    account = frames.leads.set_index("lead_id")["account_id"][lead_id]
    near = frames.leads["lead_id"][(frames.leads["account_id"] == account) | (frames.leads["lead_id"] == lead_id)]
    leads = frames.leads.astype({"opt_in": object})
    known = ["lead_id", "created_at", "account_id", "campaign"]
    leads.loc[leads["lead_id"] != lead_id, [c for c in leads.columns if c not in known]] = None
    return FactFrames(
        leads,
        changes=frames.changes[frames.changes["lead_id"] == lead_id],
        events=frames.events[frames.events["lead_id"].isin(near)],
        stages=frames.stages,
    )


def test_a_row_has_exactly_the_listed_columns(random_funnel, spec, options):
    frames = random_funnel(1)
    looks = looks_at(frames, 1)
    rows = compute_features(frames, looks, spec, options)
    features = feature_list(spec, options)
    assert list(rows.columns) == ["lead_id", "as_of_us", *(f.name for f in features)]
    pd.testing.assert_frame_equal(rows[["lead_id", "as_of_us"]], looks, check_dtype=False)
    for feature in features:
        column = rows[feature.name]
        if feature.dtype == "category":
            assert column.map(lambda value: value is None or isinstance(value, str)).all(), feature.name
        else:
            assert column.dtype == "float64", feature.name
            assert not np.isinf(column).any(), feature.name
        if feature.dtype == "boolean":
            assert set(column.dropna()) <= {0.0, 1.0}


def test_every_feature_takes_several_values_on_a_random_funnel(random_funnel, spec, options):
    """A feature that is the same for everybody would pass every law above."""
    frames = random_funnel(3, leads=60, rows=900)
    rows = compute_features(frames, looks_at(frames, 3, count=300), spec, options)
    constant = [f.name for f in feature_list(spec, options) if rows[f.name].nunique(dropna=False) < 2]
    assert constant == []


@pytest.mark.parametrize("sales_events", [False, True])
def test_what_sales_does_counts_only_where_the_source_allows_it(tables, snapshots_at, spec, options, sales_events):
    spec = spec.model_copy(update={"sales_events": sales_events})
    lead = [{"lead_id": "a", "created": 0}]
    called = tables(lead, events=[("a", 1, "call", "sales"), ("a", 2, "blog_read", "sales")])
    quiet = tables(lead)
    look = snapshots_at(("a", 24))
    changed = compute_features(called, look, spec, options).compare(compute_features(quiet, look, spec, options))
    names = {name for name, _ in changed.columns}
    assert bool(names) == sales_events
    assert all(name.startswith("behaviour_call_") for name in names)
