"""Columns and events of a made-up funnel whose honest and late ones are known; lead i is created i hours after lead 0,
looked at a day later, and its outcomes come some days after creation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features.answers import LEAK_WORDS, Answer
from features.checks import CheckResult
from features.leaks.before_training import judge_fit
from features.leaks.changed_fields import found_in_changes, values_at_look
from features.leaks.event_types import judge_events
from features.leaks.judge_columns import judge_columns
from features.leaks.later_outcomes import END, Stories, tell_stories
from features.source_spec import SourceSpec
from features.time_units import DAY_US

HOUR_US = DAY_US // 24
START_US = 20_000 * DAY_US
SPEC = SourceSpec.model_validate(
    {
        "name": "made_up",
        "title": {"de": "x", "en": "x"},
        "ladder": ["MQL", "SAL", "SQL", "WON"],
        "targets": {"sql": {"stage": "SQL", "horizon": "60d"}},
        "snapshots": {"anchor": "created", "after": "1d"},
        "fit": {"amount": {"type": "number"}, "kind": {"type": "category"}},
    }
)
N = 1200
NUMBER = np.arange(N)
CREATED = START_US + NUMBER * HOUR_US
IDS = pd.Index([f"L{i:05d}" for i in range(N)], name="lead_id")
FATE, CHANCE = (np.random.default_rng(seed).permutation(N) for seed in (1, 2))
"""What becomes of a lead, and what has nothing to do with it."""
SAL, SQL, LOST = FATE % 5 == 0, FATE % 10 == 0, FATE % 3 == 1
OTHER = ~SQL
END_OF_EXPORT = int(CREATED[-1])


def stages() -> pd.DataFrame:
    """SAL after 10 days for every fifth lead, SQL after 20 for every tenth, LOST after 30 for every third."""
    entries = {"SAL": (SAL, 10), "SQL": (SQL, 20), "LOST": (LOST & ~SQL, 30)}
    parts = [
        pd.DataFrame({"lead_id": IDS[who], "stage": stage, "entered_us": CREATED[who] + days * DAY_US})
        for stage, (who, days) in entries.items()
    ]
    return pd.concat(parts, ignore_index=True)


def told(*, activity: pd.DataFrame | None = None, observed_until_us: int = END_OF_EXPORT) -> Stories:
    looks = pd.DataFrame({"lead_id": IDS, "created_us": CREATED, "as_of_us": CREATED + DAY_US, "y": SQL.astype(int)})
    if activity is None:
        activity = pd.DataFrame({"lead_events": [], "sales_events": [], "last_us": []}, index=IDS[:0])
    return tell_stories(looks, stages(), activity, SPEC, observed_until_us=observed_until_us)


def verdict(values: object, *, name: str = "col", stories: Stories | None = None) -> CheckResult:
    table = pd.DataFrame({name: pd.Series(values, index=IDS)})
    (found,) = judge_columns(table, stories or told(), outcome_names=["WON", "LOST"])
    return found


def some(who: np.ndarray, text: str = "x") -> pd.Series:
    return pd.Series(text, index=range(N), dtype="object").where(who, None).set_axis(IDS)


def dates(days_after: object, who: np.ndarray | None = None) -> pd.Series:
    at = pd.to_datetime(CREATED + np.asarray(days_after) * DAY_US, unit="us").strftime("%Y-%m-%d")
    return pd.Series(at, index=IDS, dtype="object").where(np.ones(N, bool) if who is None else who, None)


def test_the_stories_are_those_of_the_tables() -> None:
    stories = told()
    assert stories.reached[["SQL", "SAL", "LOST"]].sum().tolist() == [120, 240, 360]
    # the only end of a story here is LOST, 30 days after creation and so 29 after the look
    assert stories.reached[END].sum() == 360
    assert stories.later["days until the end of its story"].dropna().unique().tolist() == [29]


@pytest.mark.parametrize(
    "values",
    [
        np.where(CHANCE % 7 < 3, "food", "steel"),
        (CHANCE * 37) % 101,
        np.array([f"note {i}" for i in NUMBER]),
        pd.Series(None, index=IDS, dtype="object"),
        np.full(N, "x"),
        some(CHANCE % 4 == 0),
        dates(-300),
        dates(0),
    ],
    ids=["category", "number", "unique", "nothing", "same", "half filled", "old date", "its own day"],
)
def test_what_was_known_is_fine(values: object) -> None:
    assert verdict(values).answer is Answer.PASSED


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (some(SQL), "filled for 100% of the leads that reached SQL and 0% of the others"),
        (some(SAL & (CHANCE % 4 != 0)), "filled for 75% of the leads that reached SAL"),
        (some(LOST & OTHER & (CHANCE % 2 == 1)), "the leads that reached LOST"),
        (np.where(SQL ^ (CHANCE % 40 == 1), "B7", "A2"), "alone it tells who reaches SQL"),
        (SQL * 40 + (CHANCE * 37) % 50, "alone it tells who reaches SQL"),
        (dates(12, NUMBER < 900), "lie after the first look"),
        (np.where(SQL & (CHANCE % 2 == 0), "Closed by Meier", "open"), "SQL"),
    ],
    ids=["winners", "SAL", "lost", "renamed", "score", "touched", "values"],
)
def test_what_was_written_later_is_a_leak(values: object, says: str) -> None:
    found = verdict(values)
    assert found.answer is Answer.FAILED
    assert says in found.sentence
    assert found.todo.startswith("leave it out of fit")


@pytest.mark.parametrize(
    ("values", "name", "says"),
    [
        (some(SQL | (CHANCE % 5 < 3)), "col", "does the lead fill it in"),
        (some(SQL & (CHANCE % 8 == 0)), "col", "but that is"),
        (np.where(CHANCE % 7 < 3, "a", "b"), "quality", "by its name; no link"),
        (dates(9 + 20 * (CHANCE % 8)), "col", "plans, told at the start"),
        (SQL * 24 + (CHANCE * 37) % 50, "col", "was it known when the lead came?"),
    ],
    ids=["filled more", "few", "name", "plan", "strong"],
)
def test_what_the_figures_cannot_settle_is_left_open(values: object, name: str, says: str) -> None:
    found = verdict(values, name=name)
    assert found.answer is Answer.UNCHECKED
    assert says in found.sentence
    assert found.todo


def test_a_name_is_a_doubt_and_a_leak_only_where_the_column_alone_tells_the_outcome_strongly() -> None:
    weak, strong = (SQL * by + (CHANCE * 37) % 50 for by in (9, 23))
    assert verdict(weak, name="col").answer is Answer.PASSED
    found = verdict(weak, name="lead_score")
    assert found.answer is Answer.UNCHECKED
    assert "by its name, and it goes with the outcome" in found.sentence
    assert [verdict(strong, name=name).answer for name in ("col", "lead_score")] == [Answer.UNCHECKED, Answer.FAILED]


@pytest.mark.parametrize("name", ["marital_status", "Family status", "employment_status"])
def test_a_status_of_the_person_is_none_of_the_lead(name: str) -> None:
    weak = np.where(SQL & (CHANCE % 2 == 0) | (CHANCE % 3 == 0), "married", "single")
    assert verdict(weak, name=name).answer is Answer.PASSED


@pytest.mark.parametrize("name", ["page_views", "Anzahl Besuche", "num_calls"])
def test_a_counter_is_a_doubt_and_a_leak_where_older_leads_have_more(name: str) -> None:
    honest, counting = (CHANCE * 37) % 60, (N - NUMBER) // 30 + (CHANCE * 37) % 30
    assert verdict(honest, name="col").answer is verdict(counting, name="col").answer is Answer.PASSED
    assert verdict(honest, name=name).answer is Answer.UNCHECKED
    found = verdict(counting, name=name)
    assert found.answer is Answer.FAILED
    assert "the older a lead, the more it has" in found.sentence
    assert verdict(counting[::-1].copy(), name=name).answer is Answer.UNCHECKED  # newer leads have more


def test_the_same_fill_as_a_leak_is_a_doubt() -> None:
    there = CHANCE % 10 != 0
    table = pd.DataFrame({"a": pd.Series(SQL * 60 + CHANCE % 50, index=IDS).where(there), "b": some(there, "n")})
    table.loc[IDS[there][::2], "b"] = "s"
    found = {v.subject: v for v in judge_columns(table, told())}
    assert (found["a"].answer, found["b"].answer) == (Answer.FAILED, Answer.UNCHECKED)
    assert "filled for the same leads as a" in found["b"].sentence


def test_amounts_that_lie_in_the_future_give_a_count_away() -> None:
    rng = np.random.default_rng(1)
    work = pd.Series(rng.poisson(8, N) + 1, index=IDS, dtype="float64")
    activity = pd.DataFrame({"lead_events": 0, "sales_events": work, "last_us": np.nan})
    count = work + rng.integers(0, 2, N)
    found = verdict(count, stories=told(activity=activity))
    assert found.answer is Answer.FAILED
    assert "number of events by sales after the look" in found.sentence
    assert verdict(count).answer is Answer.PASSED  # where nobody says what came later, nothing speaks against it


def test_too_few_outcomes_are_never_a_pass() -> None:
    few = [f"L{i:05d}" for i in NUMBER[SQL][19:]]
    stories = told()
    stories.reached.loc[few, "SQL"] = 0.0  # leaves 19 winners
    found = verdict(np.where(CHANCE % 7 < 3, "a", "b"), stories=stories)
    assert found.answer is Answer.UNCHECKED
    assert "19 winners" in found.sentence


def test_shuffling_rows_changes_nothing() -> None:
    rng = np.random.default_rng(2)
    table = pd.DataFrame(
        {
            "a": pd.Series(SQL * 22 + (CHANCE * 37) % 50, index=IDS),
            "b": some(SAL),
            "c": dates(9),
            "d": pd.Series(rng.choice(["x", "y", "z"], N), index=IDS),
        }
    )
    looks = pd.DataFrame({"lead_id": IDS, "created_us": CREATED, "as_of_us": CREATED + DAY_US, "y": SQL.astype(int)})
    activity = pd.DataFrame({"lead_events": 1, "sales_events": NUMBER, "last_us": CREATED}, index=IDS)
    straight = tell_stories(looks, stages(), activity, SPEC, observed_until_us=END_OF_EXPORT)
    order = rng.permutation(N)
    mixed = tell_stories(
        looks.iloc[order],
        stages().sample(frac=1, random_state=3),
        activity.iloc[order[::-1]],
        SPEC,
        observed_until_us=END_OF_EXPORT,
    )
    assert judge_columns(table, straight) == judge_columns(table.iloc[rng.permutation(N)], mixed)


def history(days: float, who: np.ndarray, value: str = "new") -> pd.DataFrame:
    rows = {"lead_id": IDS[who], "field": "use", "changed_us": (CREATED + days * DAY_US)[who], "value": value}
    return pd.DataFrame(rows)


def test_changes_after_the_look_make_todays_value_a_leak() -> None:
    changes = pd.concat([history(0, SAL, "old"), history(12, SAL)])
    table = pd.DataFrame({"use": some(SAL, "new")})
    found = found_in_changes(table, changes, told())["use"]
    assert found.answer is Answer.FAILED
    # every fifth lead, all of them two days after SAL
    assert "for 20% of the leads that came after the first look, for 100% of these after SAL" in found.sentence
    assert "known: changes" in found.todo
    assert values_at_look(changes, told())["use"].dropna().unique().tolist() == ["old"]


@pytest.mark.parametrize(
    ("changes", "stands", "answer"),
    [
        (history(12, NUMBER % 400 == 7), some(NUMBER % 400 == 7, "new"), "cannot tell"),  # three leads
        (history(0, SAL), some(SAL, "new"), None),  # all there from the start
        (pd.concat([history(0, SAL, "old"), history(12, SAL)]), some(SAL, "old"), None),  # leads keeps the first value
        (pd.concat([history(0, SAL, "50"), history(12, SAL, "50.0")]), some(SAL, " 50"), None),  # spelt otherwise
    ],
    ids=["few", "early", "first value", "spelling"],
)
def test_changes_that_settle_nothing_or_clear_a_column(
    changes: pd.DataFrame, stands: pd.Series, answer: str | None
) -> None:
    found = found_in_changes(pd.DataFrame({"use": stands}), changes, told()).get("use")
    assert (LEAK_WORDS.of(found.answer) if found else None) == answer


def event(days: float, who: np.ndarray, *, same_time: bool = False) -> tuple[str, str]:
    first = np.where(same_time, START_US + 40 * DAY_US, CREATED + days * DAY_US)[who].astype("int64")
    facts = pd.DataFrame({"lead_id": IDS[who], "event_type": "t", "first_us": first})
    facts["known"] = (facts["first_us"].to_numpy() <= (CREATED + DAY_US)[who]).astype(int)
    most = len(facts) if same_time else 1
    stamps = pd.DataFrame({"event_type": ["t"], "actor": ["lead"], "events": [len(facts)], "most": [most]})
    (found,) = judge_events(facts, stamps, told())
    return LEAK_WORDS.of(found.answer), found.sentence


@pytest.mark.parametrize(
    ("days", "who", "answer", "says"),
    [
        (0.5, CHANCE % 3 == 0, "fine", "400 leads have it"),
        (5, CHANCE % 3 == 0, "fine", "100% of them first after the first look"),
        (15, SAL, "fine", "240 leads"),  # half of those accepted are qualified later: strong, and known in time
        (30, LOST & OTHER, "leak", "comes with the end of the story"),
        (0.5, SQL, "leak", "there by the first look for 100% of the leads that reached SQL"),
        (8, SQL, "leak", "100% of the 120 leads that have it before SQL reach SQL later"),
        (5, CHANCE % 100 == 3, "cannot tell", "too few leads have it to judge (12"),
    ],
    ids=["early", "later", "strong", "at the end", "dated back", "dated half back", "few"],
)
def test_events(days: float, who: np.ndarray, answer: str, says: str) -> None:
    found = event(days, who)
    assert found[0] == answer
    assert says in found[1]


def test_one_time_for_many_events_is_a_doubt() -> None:
    found = event(0, CHANCE % 3 == 0, same_time=True)
    assert found[0] == LEAK_WORDS.unchecked
    assert "one and the same time" in found[1]


def test_training_looks_at_its_own_part_only() -> None:
    leads = pd.DataFrame({"lead_id": IDS, "created_us": CREATED, "amount": np.where(SQL, NUMBER, np.nan)})
    leads["kind"] = np.where(CHANCE % 7 < 3, "a", "b")
    labels = pd.DataFrame({"lead_id": IDS, "as_of_us": CREATED + DAY_US, "target": "sql", "y": SQL.astype(int)})
    judged = {one.subject: one.answer for one in judge_fit(leads, stages(), labels.assign(part="train"), SPEC)}
    assert judged == {"amount": Answer.FAILED, "kind": Answer.PASSED}


def test_without_a_lead_in_training_no_column_passes() -> None:
    leads = pd.DataFrame({"lead_id": IDS, "created_us": CREATED, "amount": np.where(SQL, NUMBER, np.nan), "kind": "a"})
    labels = pd.DataFrame({"lead_id": IDS, "as_of_us": CREATED + DAY_US, "target": "sql", "y": SQL.astype(int)})
    judged = judge_fit(leads, stages(), labels.assign(part="test"), SPEC)
    assert {one.subject: one.answer for one in judged} == {"amount": Answer.UNCHECKED, "kind": Answer.UNCHECKED}
