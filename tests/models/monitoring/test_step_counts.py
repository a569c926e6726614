"""Counts by day and age: worked by hand, and what an earlier week could know."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features.source_spec import SourceSpec
from features.time_units import DAY_US
from models.monitoring.followed_leads import Path, followed_mqls, handover_path, last_act, monitored_path
from models.monitoring.step_counts import count_entries

PATH = Path(("MQL", "SQL"), (("MQL", "SQL"), ("SQL",)), 3 * DAY_US)


def stages(*rows):
    return pd.DataFrame(rows, columns=["lead_id", "stage", "day"]).assign(
        entered_us=lambda table: (table["day"] * DAY_US).astype("int64")
    )


LEADS = pd.DataFrame({"lead_id": ["a", "b", "c", "d", "e"], "campaign": ["x", "x", "y", None, "y"]})
STAGES = stages(
    ("a", "MQL", 0.5), ("a", "SQL", 2.0),  # moved 1.5 days after entry: day of age 1
    ("b", "MQL", 0.6),
    ("c", "MQL", 5.5), ("c", "SQL", 5.5),  # at once: day of age 0
    ("d", "SQL", 1.0), ("d", "MQL", 2.0),  # beyond the entry already: not followed
    ("e", "MQL", 9.9),
)  # fmt: skip


def followed(as_of_day):
    return followed_mqls(LEADS, STAGES, PATH, by=["campaign"], as_of_us=int(as_of_day * DAY_US))


def test_who_is_followed_and_when_each_step_was_reached():
    rows = followed(10)
    assert rows["lead_id"].tolist() == ["a", "b", "c", "e"]
    assert (rows["reached_SQL_us"] / DAY_US).fillna(-1).tolist() == [2.0, -1, 5.5, -1]
    assert followed(1)["reached_SQL_us"].isna().all()


def test_counts_worked_by_hand():
    counts = count_entries(followed(10), PATH, by=["campaign"], as_of_us=10 * DAY_US, days=10)
    step = counts.steps[0]
    assert [group.value for group in counts.groups] == ["", "x", "y"]
    assert step.entered[0].tolist() == [2, 0, 0, 0, 0, 1, 0, 0, 0, 1]
    assert step.moved[1, 0].tolist() == [0, 1, 0]
    waiting, moved = step.known(np.zeros(3, dtype=np.int64), 10, now=10, group=np.arange(3))
    # Days of age that are over for certain: of lead e, who came in on the last day, none.
    assert waiting[0].tolist() == [3, 2, 1]
    assert moved[0].tolist() == [1, 1, 0]
    assert waiting[2].tolist() == [1, 0, 0]


def test_a_lead_too_young_is_never_a_no():
    step = count_entries(followed(10), PATH, by=[], as_of_us=10 * DAY_US, days=10).steps[0]
    waiting, _ = step.known(np.array([9]), 10, now=10, group=np.array([0]))
    assert waiting.sum() == 0


@pytest.mark.parametrize("now", [2, 3, 5, 8])
def test_what_an_earlier_week_knew_is_what_a_run_of_that_time_counts(now):
    late = count_entries(followed(10), PATH, by=["campaign"], as_of_us=10 * DAY_US, days=10)
    early = count_entries(followed(now), PATH, by=["campaign"], as_of_us=now * DAY_US, days=now)
    start, company = np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64)
    for one, other in zip(
        late.steps[0].known(start, now, now=now, group=company),
        early.steps[0].known(start, now, now=now, group=company),
        strict=True,
    ):
        assert one.tolist() == other.tolist()


def test_the_last_act_before_the_entry_brought_the_lead_in():
    events = pd.DataFrame(
        {
            "lead_id": ["a", "a", "a", "b"],
            "event_type": ["form", "list", "form", "blog"],
            "occurred_us": [0, int(0.4 * DAY_US), DAY_US, 0],
        }
    )
    rows = followed(10)
    assert last_act(rows, events, {"form": "f", "list": "l"}).tolist() == ["l", "(missing)", "(missing)", "(missing)"]


def test_the_path_of_a_ladder():
    tree = {"name": "x", "title": {"de": "X", "en": "X"}, "targets": {"sql": {"stage": "SQL", "horizon": "30d"}}}
    path = monitored_path(SourceSpec.model_validate(tree))
    assert path is not None
    assert path.stages == ("MQL", "SAL", "SQL")
    spec = SourceSpec.model_validate(tree)
    assert handover_path(spec, path).stages == ("MQL", "SRL")
    assert handover_path(SourceSpec.model_validate(tree | {"ladder": ["MQL", "SAL", "SQL"]}), path) is None
    assert monitored_path(SourceSpec.model_validate(tree | {"ladder": ["SQL", "WON"]})) is None
    assert monitored_path(SourceSpec.model_validate(tree | {"ladder": ["LEAD", "SQL"]})).stages == ("LEAD", "SQL")
