"""The engine: background, refusals, and no trace from one call to the next."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pytest

from features.engine import FeatureEngine, compute_features
from features.errors import InputError
from features.tables.facts import FactFrames
from features.time_units import from_micros


@pytest.fixture
def looks(snapshots_at) -> pd.DataFrame:
    return snapshots_at(("L000", 600), ("L001", 700))


def test_facts_in_the_background_count_as_if_given(random_funnel, spec, options, looks):
    frames = random_funnel(2)
    expected = compute_features(frames, looks, spec, options)
    asked = frames.leads["lead_id"].isin(looks["lead_id"])
    own = FactFrames(
        frames.leads[asked],
        *(t[t["lead_id"].isin(looks["lead_id"])] for t in (frames.changes, frames.events, frames.stages)),
    )
    engine = FeatureEngine(spec, options, background=frames)
    pd.testing.assert_frame_equal(engine.compute(own, looks), expected)
    pd.testing.assert_frame_equal(engine.compute(own, looks), expected)  # nothing is left over from the first call


def test_what_a_call_says_about_a_lead_replaces_the_background(tables, snapshots_at, spec, options):
    old = tables([{"lead_id": "a", "created": 0, "country": "DE"}], events=[("a", 1, "blog_read", "lead")])
    new = tables([{"lead_id": "a", "created": 0, "country": "AT"}])
    row = FeatureEngine(spec, options, background=old).compute(new, snapshots_at(("a", 2))).iloc[0]
    assert (row["fit_country"], row["behaviour_blog_count_ever"]) == ("AT", 0.0)


def test_work_grows_with_the_facts_and_not_with_their_square(snapshots_at, spec, options):
    def seconds(leads: int) -> float:
        numbers = pd.Series(range(leads))
        created = from_micros(1_767_225_600_000_000 + numbers * 1_000_000)
        frame = pd.DataFrame({"lead_id": "L" + numbers.astype("str"), "created_at": created, "campaign": "fair"})
        reached = frame[["lead_id"]].tail(leads // 2).assign(stage="SQL")
        stages = reached.assign(entered_at=frame["created_at"] + pd.Timedelta(hours=1), reason=None)
        engine = FeatureEngine(spec, options, background=FactFrames(frame, stages=stages))
        look, own = snapshots_at(("L0", 600)), FactFrames(frame[:1])
        rows = engine.compute(own, look)
        assert (
            rows["source_campaign_sql_lift"].item() == 1.0
        )  # of the leads before it, all of one campaign, some got there
        times = []
        for _ in range(3):
            start = time.process_time()
            engine.compute(own, look)
            times.append(time.process_time() - start)
        return min(times)

    assert seconds(16_000) < 6 * seconds(2_000)  # some 2 times where it is linear, 20 where it is quadratic


def test_calls_from_several_threads_do_not_mix(random_funnel, spec, options, looks):
    stories = [random_funnel(seed) for seed in range(4)]
    expected = [compute_features(story, looks, spec, options) for story in stories]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda story: compute_features(story, looks, spec, options), stories))
    for ours, theirs in zip(expected, found, strict=True):
        pd.testing.assert_frame_equal(ours, theirs)


def test_a_failed_call_leaves_the_engine_usable(tables, snapshots_at, spec, options):
    good = tables([{"lead_id": "a", "created": 0}])
    look = snapshots_at(("a", 1))
    engine = FeatureEngine(spec, options)
    with pytest.raises(InputError, match=r"leads\.employees: expected values of type float64"):
        engine.compute(FactFrames(good.leads.assign(employees="many")), look)
    with pytest.raises(InputError, match="leads: expected a column created_at"):
        engine.compute(FactFrames(good.leads.drop(columns="created_at")), look)
    with pytest.raises(InputError, match="leads: expected a column lead_id"):
        engine.compute(FactFrames(good.leads.drop(columns="lead_id")), look)
    with pytest.raises(InputError, match="found an empty one"):
        engine.compute(FactFrames(good.leads.assign(created_at=pd.NaT)), look)
    assert len(engine.compute(good, look)) == 1
