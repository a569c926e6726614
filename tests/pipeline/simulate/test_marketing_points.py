"""The simulated company's points: the same table as rules.yaml, and an exact law of their gain."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import yaml

from models.rules.points import PointsRules
from pipeline.simulate.accounts import INDUSTRIES
from pipeline.simulate.activity import ACTION_SHARES, ACTIONS, action_rows
from pipeline.simulate.events import CODE
from pipeline.simulate.marketing_points import (
    ACTION_POINTS,
    COMPANY_MAIL_POINTS,
    CUTOFF_STEPS,
    INDUSTRY_POINTS,
    MQL_CUTOFF,
    RANK_POINTS,
    SIZE_BELOW,
    SIZE_FROM,
    SIZE_POINTS,
    STEP,
    daily_gain,
    event_days,
)
from pipeline.simulate.people import PRACTITIONER, RESEARCHER, STUDENT
from pipeline.simulate.sales_stages import MQL, NEW
from pipeline.source.folder import read_source

if TYPE_CHECKING:
    from conftest import Town

DEMO = Path(__file__).resolve().parents[3] / "sources" / "demo"


def test_the_simulator_and_rules_yaml_give_the_same_points() -> None:
    source = read_source(DEMO)
    rules = PointsRules.model_validate(yaml.safe_load((DEMO / "rules.yaml").read_text(encoding="utf-8")))
    types = {name: family.types for name, family in source.spec.events.items()}
    by_type = {event: action.points for action in rules.actions for event in types[action.family]}
    assert by_type.pop("career_page_view") < 0  # only who is never promoted looks at jobs
    assert by_type == ACTION_POINTS
    assert rules.cutoffs.MQL == MQL_CUTOFF
    given: dict[str, list[tuple[object, float]]] = {}
    for rule in rules.attributes:
        given.setdefault(rule.column, []).extend((value, rule.points) for value in rule.in_ or [("size", rule)])
    assert dict(given["fit_job_title_seniority"]) == RANK_POINTS
    assert dict(given["fit_industry"]) == INDUSTRY_POINTS
    assert given["fit_email_kind"] == [("company", COMPANY_MAIL_POINTS)]
    size = next(rule for rule in rules.attributes if rule.column == "fit_employees")
    assert (size.at_least, size.below, size.points) == (SIZE_FROM, SIZE_BELOW, SIZE_POINTS)
    assert set(INDUSTRY_POINTS) <= set(INDUSTRIES)


def test_only_those_who_cannot_be_promoted_look_at_jobs() -> None:
    career = ACTION_SHARES[:, ACTIONS.index("career_page_view")]
    for kind in (PRACTITIONER, RESEARCHER):
        rows = action_rows(np.full(40, kind), np.linspace(0, 1, 40), np.arange(40))
        assert (career[rows] == 0).all()


def test_gain_by_hand() -> None:
    # A student after the first days, one visit a day expected. Steps of one: e-book 0.280 + webinar 0.145 + case study
    # 0.095 + pricing page 0.020 = 0.540; of three: price list 0.010; of four: contact 0.009; of six: demo 0.001.
    law = daily_gain(np.array([STUDENT]), np.array([1.0]), np.array([0.0]), day=30, most=3)[:, 0]
    nothing = np.exp(-0.560)
    assert law[0] == pytest.approx(nothing)
    assert law[1] == pytest.approx(nothing * 0.540)
    assert law[2] == pytest.approx(nothing * 0.540**2 / 2)
    assert law[3] == pytest.approx(nothing * (0.540**3 / 6 + 0.010))


def test_gain_is_a_distribution_with_the_right_mean() -> None:
    rng = np.random.default_rng(0)
    kind, visits, intent = rng.integers(0, 6, 50), rng.uniform(0, 0.5, 50), rng.uniform(0, 1, 50)
    law = daily_gain(kind, visits, intent, day=4, most=80)
    steps = np.array([max(ACTION_POINTS.get(name, 0), 0) // STEP for name in ACTIONS])
    assert law.sum(axis=0) == pytest.approx(np.ones(50))
    mean = visits * (ACTION_SHARES[action_rows(kind, intent, 4)] @ steps)
    assert (np.arange(81) @ law) == pytest.approx(mean)


def test_mql_is_entered_when_the_points_pass_the_cutoff_and_never_without(town: Town) -> None:
    inputs, states, stages = town.lives.inputs, town.lives.states, town.lives.stages
    waiting = (states == NEW) & inputs.promotable
    assert not (inputs.points[1:] >= CUTOFF_STEPS)[waiting[1:]].any()
    promoted = stages.state == MQL
    assert promoted.sum() > 200
    at, lead = stages.step[promoted], stages.lead[promoted]
    assert (inputs.points[at + 1, lead] >= CUTOFF_STEPS).all()
    assert inputs.promotable[lead].all()
    before = np.where(at > 0, inputs.points[at, lead], 0)
    assert (before < CUTOFF_STEPS).all()


def test_points_count_what_is_known_at_the_snapshot_and_nothing_else(town: Town) -> None:
    people, events, inputs = town.people, town.lives.events, town.lives.inputs
    own = events.where(np.isin(events.kind, [CODE[name] for name in ACTION_POINTS]))
    day = event_days(people, own)
    age = own.time_us - people.created_us[own.lead]
    assert (age <= day * 86_400_000_000).all()
    assert ((age > (day - 1) * 86_400_000_000) | (day == 0)).all()
    # Up to day 10, of leads that nothing has closed, the exported events add up to the path.
    open_leads = np.flatnonzero(~np.isin(town.lives.states[10], [6, 7, 8]))
    steps = np.array([ACTION_POINTS.get(name, 0) // STEP for name in CODE])
    counted = (day > 0) & (day <= 10)
    gained = np.bincount(own.lead[counted], weights=steps[own.kind[counted]], minlength=len(people))
    assert (gained == inputs.points[10] - inputs.points[0])[open_leads].all()
