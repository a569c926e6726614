"""Work with a life cycle and who acted: stories worked by hand, and the laws; hours count from 2026-01-01."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from features.engine import compute_features
from features.families.feature_list import feature_list
from features.source_spec import FeatureOptions, SourceSpec
from features.tables.facts import FactFrames, fact_schemas
from features.tables.row_contracts import actor_of, column_rules
from features.time_units import from_micros

BEGIN, PLAN, END, MAIL = "call_begin", "call_plan", "call_end", "mail"
HOUR_US, ORIGIN_US = 3_600_000_000, 1_767_225_600_000_000
STAFF = ["ann", "bob", "cem", None]


@pytest.fixture(scope="module")
def working() -> SourceSpec:
    return SourceSpec.model_validate(
        {
            "name": "working",
            "title": {"de": "Arbeit", "en": "Work"},
            "targets": {"sql": {"stage": "SQL", "horizon": "10d"}},
            "sales_events": True,
            "who_acted": "detail",
            "events": {
                "call": {
                    "types": [BEGIN], "scheduled": [PLAN], "ends": [END], "actor": "sales",
                    "measures": ["count_ever", "open", "hours"], "words": {"de": "Anruf", "en": "Call"},
                },
                "mail": {"types": [MAIL], "actor": "sales", "measures": ["count_ever"]},
                "visit": {"types": ["visit"]},
            },
        }
    )  # fmt: skip


def story(*events: tuple[float, str, str | None], lead_id: str = "a") -> FactFrames:
    """Return one lead's acts: hour, event type, who."""
    rows = pd.DataFrame(events, columns=["hour", "event_type", "detail"])
    rows = rows.assign(lead_id=lead_id, occurred_at=hours(rows["hour"]), detail=rows["detail"].astype(object))
    rows["actor"] = np.where(rows["event_type"] == "visit", "lead", "sales")
    leads = pd.DataFrame({"lead_id": [lead_id], "created_at": hours(pd.Series([0.0]))})
    return FactFrames(leads, events=rows.drop(columns="hour"))


def hours(values: pd.Series) -> pd.Series:
    return from_micros((values.astype("float64") * HOUR_US).astype("int64") + ORIGIN_US)


def looked_at(frames: FactFrames, spec: SourceSpec, *at: float, lead_id: str = "a") -> pd.DataFrame:
    looks = pd.DataFrame({"lead_id": lead_id, "as_of_us": [int(ORIGIN_US + hour * HOUR_US) for hour in at]})
    return compute_features(frames, looks, spec, FeatureOptions())


def random_stories(seed: int, leads: int = 8, rows: int = 90) -> FactFrames:
    """Random acts on a grid of half hours, so that many fall on one instant."""
    rng = np.random.default_rng(seed)
    kinds = [BEGIN, PLAN, END, MAIL, "visit"]

    def act() -> tuple[float, str, str | None]:
        return rng.integers(0, 40) / 2, kinds[rng.integers(0, 5)], STAFF[rng.integers(0, 4)]

    parts = [story(*(act() for _ in range(rows // leads)), lead_id=f"L{i}") for i in range(leads)]
    return FactFrames(
        pd.concat([p.leads for p in parts], ignore_index=True),
        events=pd.concat([p.events for p in parts], ignore_index=True),
    )


def test_hours_of_work_and_what_is_still_open(working):
    frames = story(
        (1, PLAN, None),
        (2, BEGIN, None),
        (2.5, END, None),  # half an hour
        (3, END, None),  # nothing was begun since the end before
        (4, BEGIN, None),
        (5, BEGIN, None),  # taken up again: the latest beginning counts
        (7, END, None),  # two hours
        (7, END, None),  # the same end twice
        (9, BEGIN, None),  # not ended
    )
    rows = looked_at(frames, working, 0.5, 1, 2.4, 2.5, 6.9, 7, 9)
    assert math.isnan(rows["behaviour_call_open"][0])  # never so far
    assert rows["behaviour_call_open"].tolist()[1:] == [1.0, 1.0, 0.0, 1.0, 0.0, 1.0]
    assert rows["behaviour_call_hours"].tolist() == [0.0, 0.0, 0.0, 0.5, 0.5, 2.5, 2.5]
    # only beginnings count, not plans or ends
    assert rows["behaviour_call_count_ever"].tolist() == [0.0, 0.0, 1.0, 1.0, 3.0, 3.0, 4.0]


def test_a_beginning_at_the_very_moment_of_an_end_belongs_to_that_end(working):
    rows = looked_at(story((1, BEGIN, None), (3, BEGIN, None), (3, END, None), (8, END, None)), working, 3, 8)
    # the end at 3 takes the latest beginning, which is its own moment; the end at 8 has none left
    assert rows["behaviour_call_hours"].tolist() == [0.0, 0.0]
    assert rows["behaviour_call_open"].tolist() == [0.0, 0.0]


def test_work_that_only_ends_is_known_and_not_open(working):
    row = looked_at(story((1, END, None)), working, 2).iloc[0]
    assert (row["behaviour_call_open"], row["behaviour_call_hours"]) == (0.0, 0.0)


def test_people_and_hand_overs(working):
    frames = story(
        (1, PLAN, "ann"),
        (2, BEGIN, "bob"),  # first hand-over
        (3, END, None),  # nobody knows who: neither a person nor a hand-over
        (4, MAIL, "bob"),
        (5, MAIL, "bob"),  # at one time the order of names decides: ann, then bob
        (5, MAIL, "ann"),  # bob to ann, ann to bob
        (6, "visit", "zoe"),  # the lead's own act; zoe is not staff
        (7, MAIL, "cem"),  # fourth
    )
    rows = looked_at(frames, working, 0.5, 1, 4, 5, 6, 7)
    assert rows["journey_staff_count"].tolist() == [0.0, 1.0, 2.0, 2.0, 2.0, 3.0]
    assert rows["journey_handovers_count"].tolist() == [0.0, 0.0, 1.0, 3.0, 3.0, 4.0]


def test_no_name_of_staff_is_in_a_row_or_in_words(working):
    rows = looked_at(random_stories(1), working, 20, lead_id="L1")
    assert not {"ann", "bob", "cem"} & set(rows.astype(str).to_numpy().ravel())
    listed = {feature.name: feature for feature in feature_list(working, FeatureOptions())}
    assert listed["journey_staff_count"].say(2.0, "de") == "Bisher beteiligte Mitarbeitende: 2"
    assert listed["journey_handovers_count"].say(1.0, "en") == "Hand-overs between members of staff: 1"
    assert listed["behaviour_call_open"].say(1.0, "de") == "Anruf: noch offen: ja"
    assert listed["behaviour_call_open"].say(None, "en") == "Call: never so far"
    assert listed["behaviour_call_hours"].say(1.0, "de") == "Anruf: bisher 1 Stunde daran gearbeitet"


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_laws(working, seed):
    frames = random_stories(seed)
    looks = pd.DataFrame(
        [(f"L{i}", ORIGIN_US + h * HOUR_US) for i in range(8) for h in (3, 9, 15)], columns=["lead_id", "as_of_us"]
    )
    rows = compute_features(frames, looks, working, FeatureOptions())
    assert rows["behaviour_call_hours"].nunique() > 3
    assert rows["journey_handovers_count"].nunique() > 3
    shuffled = FactFrames(frames.leads, events=frames.events.sample(frac=1, random_state=seed))
    pd.testing.assert_frame_equal(compute_features(shuffled, looks, working, FeatureOptions()), rows)
    past = frames.events[frames.events["occurred_at"] <= hours(pd.Series([9.0]))[0]]
    of_nine = looks["as_of_us"] == ORIGIN_US + 9 * HOUR_US
    without = compute_features(FactFrames(frames.leads, events=past), looks[of_nine], working, FeatureOptions())
    with_future = rows[rows["as_of_us"] == ORIGIN_US + 9 * HOUR_US].reset_index(drop=True)
    pd.testing.assert_frame_equal(without, with_future)
    own = FactFrames(frames.leads[:1], events=frames.events[frames.events["lead_id"] == "L0"])
    alone = compute_features(own, looks[looks["lead_id"] == "L0"], working, FeatureOptions())
    pd.testing.assert_frame_equal(alone, rows[rows["lead_id"] == "L0"].reset_index(drop=True))


def test_a_family_has_the_measures_that_are_asked_for(working):
    names = [f.name for f in feature_list(working, FeatureOptions()) if f.family == "behaviour"]
    assert [name for name in names if "_mail_" in name] == ["behaviour_mail_count_ever"]
    assert [name for name in names if "_call_" in name] == [
        "behaviour_call_count_ever", "behaviour_call_open", "behaviour_call_hours",
    ]  # fmt: skip
    assert len([name for name in names if "_visit_" in name]) == 10  # all that a family without ends can have
    frames = story((1, "visit", None), (2, BEGIN, None), (3, MAIL, None))
    few = looked_at(frames, working, 4).iloc[0]
    full = working.model_copy(
        update={"events": {n: f.model_copy(update={"measures": None}) for n, f in working.events.items()}}
    )
    every = looked_at(frames, full, 4).iloc[0]
    assert len(every) > len(few)
    assert every[few.index].equals(few)  # fewer columns, the same values


def test_every_type_of_a_family_is_its_own_and_its_actors(working):
    assert actor_of(working) == {BEGIN: "sales", PLAN: "sales", END: "sales", MAIL: "sales", "visit": "lead"}
    assert column_rules(working, "events")["event_type"].allowed == (BEGIN, PLAN, END, MAIL, "visit")
    assert "detail" in fact_schemas(working)["events"]
    assert "detail" not in fact_schemas(working.model_copy(update={"who_acted": None}))["events"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sales_events": False}, "who_acted needs sales_events: true"),
        ({"events": {"call": {"types": [BEGIN], "scheduled": [PLAN]}}}, "scheduled needs ends"),
        ({"events": {"call": {"types": [BEGIN], "measures": ["hours"]}}}, "open and hours need ends"),
        (
            {"events": {"call": {"types": [BEGIN], "ends": [BEGIN]}}},
            "'call_begin' stands in families 'call' and 'call'",
        ),
    ],
)
def test_what_cannot_be_is_refused(working, change, message):
    with pytest.raises(ValidationError, match=message):
        SourceSpec.model_validate({**working.model_dump(by_alias=True), **change})
