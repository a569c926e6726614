"""What is odd is said with its figures; what grows, waits or is left out as usual is not."""

from __future__ import annotations

import pytest

from features.time_units import DAY_US
from models.brakes.limits import limit
from models.brakes.night import ColumnProfile, ExportProfile, NightStep, ResultProfile, TableProfile
from models.brakes.odd_export import odd_export
from models.brakes.odd_result import odd_result
from models.brakes.options import BrakeOptions

OPTIONS = BrakeOptions()


def night(day: int, *, factor: float = 1.0, **changed: object) -> ExportProfile:
    """Return a night of a company that grows by a percent a day."""
    size = 1.01**day * factor
    end = day * DAY_US
    industry = ColumnProfile(filled=0.9, distinct=8, top=0.2)
    leads = TableProfile(
        rows=int(2_000 * size),
        newest_us=end - 100,
        columns={"industry": industry, "employees": ColumnProfile(filled=1.0, distinct=200, top=0.01, middle=80.0)},
    )
    events = TableProfile(
        rows=int(40_000 * size), newest_us=end - 10, kinds={"visit": int(39_900 * size), "demo": int(100 * size)}
    )
    step = NightStep(gone={"leads": 0.001, "events": 0.002}, copies={"events": 1.001}, changed={"industry": 0.01})
    tree = {"end_us": end, "tables": {"leads": leads, "events": events}, "step": step} | changed
    return ExportProfile.model_validate(tree)


PAST = [night(day) for day in range(100, 128)]


def said(tonight: ExportProfile, past: list[ExportProfile] = PAST) -> str:
    return "\n".join(one.what for one in odd_export(tonight, past, OPTIONS))


def test_a_night_like_the_others_is_not_odd():
    assert said(night(128)) == ""
    assert said(night(131)) == ""  # after a weekend without a run
    assert said(night(128, factor=0.1), []) == ""  # nothing to compare with


def with_table(name: str, **changed: object) -> ExportProfile:
    whole = night(128)
    table = whole.tables[name].model_copy(update=changed)
    return whole.model_copy(update={"tables": {**whole.tables, name: table}})


@pytest.mark.parametrize(
    ("tonight", "words"),
    [
        (night(128, factor=0.5), "rows in leads: "),
        (night(128, factor=2.0), "rows in events: "),
        (with_table("events", kinds={"visit": night(128).tables["events"].kinds["visit"]}), "rows of demo in events: "),
        (with_table("events", newest_us=114 * DAY_US), "newest time in events: "),
        (with_table("leads", newest_us=528 * DAY_US), "400.0 days after the end of the export"),
        (night(128, end_us=90 * DAY_US), "the export ends "),
        (with_table("leads", columns={}), "leads.industry: there last night, no such column tonight"),
        (night(128, step=NightStep(gone={"leads": 1.0})), "leads: 100.0% of last night's "),
        (night(128, step=NightStep(copies={"events": 2.0})), "rows until the end of last night, which had "),
        (night(128, step=NightStep(changed={"industry": 0.9})), "leads.industry: 90.0% of last night's leads have "),
    ],
)
def test_what_is_odd_is_said_with_its_figures(tonight, words):
    assert words in said(tonight)


@pytest.mark.parametrize(
    ("column", "words"),
    [
        (ColumnProfile(filled=0.0, distinct=0, top=0.0), "filled in 90.0% of the rows last night, in 0.0% tonight"),
        (ColumnProfile(filled=0.9, distinct=1, top=1.0), "the most frequent value stood in 20.0%"),
        (ColumnProfile(filled=0.9, distinct=8, top=0.2, middle=8_000.0), ""),
    ],
)
def test_columns(column, words):
    tonight = night(128)
    columns = {**tonight.tables["leads"].columns, "industry": column}
    table = tonight.tables["leads"].model_copy(update={"columns": columns})
    told = said(tonight.model_copy(update={"tables": {**tonight.tables, "leads": table}}))
    assert words in told
    assert bool(told) is bool(words)


def test_what_changes_every_night_is_usual():
    step = NightStep(changed={"industry": 0.95}, gone={"leads": 0.001, "events": 0.3})
    past = [night(day, step=step) for day in range(100, 128)]
    assert said(night(128, step=step), past) == ""


def test_one_odd_night_that_was_let_pass_teaches_nothing():
    odd = night(127, step=NightStep(gone={"leads": 0.5}))
    assert "leads: 50.0%" in said(night(128, step=NightStep(gone={"leads": 0.5})), [*PAST[:-1], odd])
    assert limit([0.0] * 27 + [0.5], floor=0.05, spreads=6) == 0.05


def result(**changed: object) -> ResultProfile:
    tree = {"decision": "a", "open_leads": 1_000, "listed": 30, "bands_changed": 0.01, "open_gone": 0.02}
    return ResultProfile.model_validate(tree | changed)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({}, ""),
        ({"bands_changed": 0.3}, "30.0% of last night's 1,000 open leads would lose their band"),
        ({"bands_changed": 0.3, "decision": "another, signed by both teams"}, ""),
        ({"open_gone": 0.5}, "50.0% of last night's 1,000 open leads would lose their place"),
        ({"listed": 300}, "leads that sales gets next: 30 last night, 300 tonight"),
        ({"listed": 20}, ""),
    ],
)
def test_a_result_that_moves_too_many(changed, words):
    told = "\n".join(one.what for one in odd_result(result(**changed), result(), [result()] * 10, OPTIONS))
    assert words in told
    assert bool(told) is bool(words)
    assert odd_result(result(**changed), None, [], OPTIONS) == []
