"""Every column is what the list of columns says: each value equals that of the plain definition."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.engine import compute_features
from features.families.feature_list import feature_list
from features.source_columns import EventFamily
from features.source_spec import FeatureOptions, Snapshots, SourceSpec
from pipeline.source.folder import read_source

FEW = settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def working(spec: SourceSpec) -> SourceSpec:
    """Return the small company as one that plans, begins and ends calls, and says who acted."""
    call = EventFamily(types=("call",), scheduled=("call_plan",), ends=("call_end", "call_off"), actor="sales")
    changed = {"sales_events": True, "who_acted": "detail", "events": {**spec.events, "call": call}}
    return spec.model_copy(update=changed)


def nightly(spec: SourceSpec) -> SourceSpec:
    return spec.model_copy(update={"snapshots": Snapshots(after="1d", every="1d", until="30d")})


def without_families(spec: SourceSpec) -> SourceSpec:
    return spec.model_copy(update={"events": {}})


def only_staff(spec: SourceSpec) -> SourceSpec:
    staff = {name: family for name, family in working(spec).events.items() if family.actor != "lead"}
    return working(spec).model_copy(update={"events": staff})


def bare(spec: SourceSpec) -> SourceSpec:
    return SourceSpec.model_validate(
        {
            "name": "bare", "title": {"de": "B", "en": "B"}, "ladder": ["Offer sent", "WON"], "recycled": [],
            "targets": {"close": {"stage": "WON", "horizon": "30d"}}, "snapshots": {"anchor": "stage:LOST"},
        }
    )  # fmt: skip


def measured(spec: SourceSpec) -> SourceSpec:
    few = {"blog": ("count_ever",), "price_list": ("trend", "decayed"), "call": ("open", "hours")}
    events = {
        name: family.model_copy(update={"measures": few.get(name)}) for name, family in working(spec).events.items()
    }
    return working(spec).model_copy(update={"events": events})


def demo(spec: SourceSpec) -> SourceSpec:
    return read_source(Path(__file__).parents[3] / "sources" / "demo").spec


SOURCES: dict[str, tuple[Callable[[SourceSpec], SourceSpec], FeatureOptions]] = {
    "as declared": (lambda spec: spec, FeatureOptions()),
    "work and who acted": (working, FeatureOptions()),
    "looked at each night": (nightly, FeatureOptions(windows=("7d",))),
    "no families": (without_families, FeatureOptions()),
    "only the staff acts": (only_staff, FeatureOptions(windows=("2d", "5d"), half_lives=())),
    "next to nothing": (bare, FeatureOptions()),
    "few measures": (measured, FeatureOptions(half_lives=("1h", "1d", "7d", "365d"), session_gap="0")),
    "the demo": (demo, FeatureOptions(windows=("90d", "1d", "30d"))),
}


@pytest.mark.parametrize("source", SOURCES)
@FEW
@given(seed=st.integers(0, 10_000))
def test_every_value_is_what_the_list_says(random_facts, oracle, spec, source, seed):
    declared, options = SOURCES[source]
    spec = declared(spec)
    frames, looks = random_facts(spec, seed, accounts=seed % 4 != 0)
    rows = compute_features(frames, looks, spec, options)
    expected = oracle.expected_rows(frames, rows, spec, options)
    assert len(rows) == len(looks.drop_duplicates())
    for feature in feature_list(spec, options):
        found, wanted = rows[feature.name].tolist(), [row.pop(feature.name) for row in expected]
        if feature.dtype == "category":
            assert found == wanted, feature.name
        else:
            np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-9, equal_nan=True, err_msg=feature.name)
    assert not any(expected), "the list lacks a column"


def test_no_column_is_the_same_for_everybody(random_facts, spec):
    """A definition that gives one value only would be met by chance."""
    spec, options = working(spec), FeatureOptions()
    rows = pd.concat(
        [compute_features(*random_facts(spec, seed), spec, options) for seed in range(12)], ignore_index=True
    )
    constant = [f.name for f in feature_list(spec, options) if rows[f.name].nunique(dropna=False) < 2]
    assert constant == []
