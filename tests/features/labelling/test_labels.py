from __future__ import annotations

import pandas as pd
import pytest

from features.labelling.labels import as_seen, build_labels
from features.source_spec import SourceSpec
from features.time_units import DAY_US

SPEC = SourceSpec.model_validate(
    {
        "name": "tiny",
        "title": {"de": "Klein", "en": "Tiny"},
        "ladder": ["MQL", "SQL", "WON"],
        "targets": {"sql": {"stage": "SQL", "horizon": "10d"}, "close": {"stage": "WON", "horizon": "10d"}},
    }
)


def frames(stage_rows, snapshot_rows):
    stages = pd.DataFrame(stage_rows, columns=["lead_id", "stage", "entered_us"])
    snapshots = pd.DataFrame(snapshot_rows, columns=["lead_id", "as_of_us"])
    stages["entered_us"] = (stages["entered_us"] * DAY_US).astype("int64")
    snapshots["as_of_us"] = (snapshots["as_of_us"] * DAY_US).astype("int64")
    return stages, snapshots


def test_worked_by_hand():
    stages, snapshots = frames(
        [("a", "SQL", 5), ("b", "WON", 20), ("c", "SQL", 10), ("d", "SQL", 10.5), ("e", "LOST", 2)],
        [("a", 0), ("a", 5), ("b", 0), ("b", 12), ("c", 0), ("d", 0), ("e", 18), ("f", 15)],
    )
    labels = build_labels(snapshots, stages, SPEC, observed_until_us=25 * DAY_US)
    sql = labels[labels["target"] == "sql"].set_index(["lead_id", "as_of_us"])
    got = {(lead, as_of // DAY_US): row["y"] for (lead, as_of), row in sql.iterrows()}
    # a at day 0: SQL on day 5 is inside (0, 10]. a at day 5: reached at that very moment, so no longer at risk.
    # b never has an SQL row but is WON on day 20, which lies above SQL: not within (0, 10], but within (12, 22].
    # c: day 10 is the last moment of (0, 10]. d: half a day too late.
    # e at day 18: lost, but its window ends on day 28, after the export of day 25: too young. f at day 15: mature, no.
    assert got[("a", 0)] == 1
    assert pd.isna(got[("a", 5)])
    assert not sql.loc[("a", 5 * DAY_US), "at_risk"]
    assert got[("b", 0)] == 0
    assert got[("b", 12)] == 1
    assert got[("c", 0)] == 1
    assert got[("d", 0)] == 0
    assert pd.isna(got[("e", 18)])
    assert sql.loc[("e", 18 * DAY_US), "at_risk"]
    assert got[("f", 15)] == 0


def test_a_positive_whose_window_is_unfinished_is_too_young_as_well():
    stages, snapshots = frames([("a", "SQL", 21)], [("a", 20)])
    labels = build_labels(snapshots, stages, SPEC, observed_until_us=25 * DAY_US)
    assert labels["y"].isna().all()


def test_facts_after_the_window_change_nothing():
    stages, snapshots = frames([("a", "SQL", 5)], [("a", 0), ("b", 0)])
    later, _ = frames([("a", "SQL", 5), ("b", "SQL", 11), ("a", "WON", 12)], [])
    before = build_labels(snapshots, stages, SPEC, observed_until_us=30 * DAY_US)
    after = build_labels(snapshots, later, SPEC, observed_until_us=30 * DAY_US)
    pd.testing.assert_frame_equal(before, after)


@pytest.mark.parametrize("seed", [0, 1])
def test_row_order_changes_nothing(seed):
    stages, snapshots = frames([("a", "SQL", 5), ("a", "SQL", 3), ("b", "WON", 4)], [("a", 0), ("b", 0), ("a", 4)])
    straight = build_labels(snapshots, stages, SPEC, observed_until_us=30 * DAY_US)
    mixed = build_labels(
        snapshots.sample(frac=1, random_state=seed),
        stages.sample(frac=1, random_state=seed),
        SPEC,
        observed_until_us=30 * DAY_US,
    )
    pd.testing.assert_frame_equal(straight, mixed)


def test_seen_on_a_day_is_what_had_come_by_then():
    stages, snapshots = frames([("a", "SQL", 5), ("b", "SQL", 8)], [("a", 0), ("b", 0), ("c", 0)])
    labels = build_labels(snapshots, stages, SPEC, observed_until_us=25 * DAY_US)
    sql = as_seen(labels[labels["target"] == "sql"], seen_until_us=5 * DAY_US).set_index("lead_id")
    # On day 5 a has become SQL; of b, SQL on day 8, and of c, never, one and the same is known: not yet.
    assert sql["y"].fillna(-1).tolist() == [1, -1, -1]
    assert sql.loc["a", "outcome_us"] == 5 * DAY_US
    assert sql.loc[["b", "c"], "outcome_us"].isna().all()
