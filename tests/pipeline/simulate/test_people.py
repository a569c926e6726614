"""Who writes in: titles that can be read, campaigns that run when they run, intent that rises and fades."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from features.families.job_titles import seniority
from features.time_units import DAY_US
from pipeline.simulate.campaigns import CAMPAIGNS, draw_campaigns
from pipeline.simulate.events import CODE
from pipeline.simulate.intent import draw_shapes, intent_paths
from pipeline.simulate.job_titles import TITLES, draw_titles, misspell
from pipeline.simulate.people import COMPETITOR, PRACTITIONER, RESEARCHER

if TYPE_CHECKING:
    from conftest import Town


def test_titles_are_mostly_read_as_they_are_meant() -> None:
    right = [seniority(t.text) == {"junior": "student"}.get(t.seniority, t.seniority) for t in TITLES]
    assert 0.85 < np.mean(right) < 1.0  # a few are too short or too odd to be read, as in life


def test_titles_are_german_and_english_and_gendered() -> None:
    german = np.array([True] * 3_000 + [False] * 3_000)
    drawn = draw_titles(np.random.default_rng(1), german=german, learner=np.zeros(6_000, dtype=bool))
    in_german = np.array([TITLES[t].german for t in drawn])
    assert 0.85 < in_german[:3_000].mean() < 0.95
    assert not in_german[3_000:].any()
    texts = {TITLES[t].text for t in drawn}
    assert {"Leiter Qualitätssicherung", "Leiterin Qualitätssicherung", "Head of Quality", "GF", "Einkäufer"} <= texts
    assert len({text.lower().strip() for text in misspell(np.random.default_rng(2), sorted(texts))}) > 0.9 * len(texts)


def test_campaigns_bring_leads_only_while_they_run_and_the_better_ones_bring_better_leads() -> None:
    rng = np.random.default_rng(5)
    when, interested = rng.uniform(0, 1, 20_000), rng.random(20_000) < 0.3
    drawn = draw_campaigns(rng, share_of_period=when, interested=interested, learner=np.zeros(20_000, dtype=bool))
    share = {}
    for index, campaign in enumerate(CAMPAIGNS):
        mine = drawn == index
        assert mine.sum() > 100
        assert when[mine].min() >= campaign.start
        assert when[mine].max() <= campaign.end
        share[campaign.name] = interested[mine].mean()
    assert share["integrators"] > 1.5 * share["social_ai_quality"]


def test_a_drifting_campaign_gets_better() -> None:
    rng = np.random.default_rng(6)
    when, interested = rng.uniform(0, 1, 200_000), rng.random(200_000) < 0.3
    drawn = draw_campaigns(rng, share_of_period=when, interested=interested, learner=np.zeros(200_000, dtype=bool))
    mine = drawn == next(i for i, c in enumerate(CAMPAIGNS) if c.name == "seo_guides")
    early, late = mine & (when < 0.3), mine & (when > 0.7)
    assert interested[late].mean() > 1.05 * interested[early].mean()


def test_intent_rises_once_stays_within_bounds_and_fades() -> None:
    interested = np.array([True] * 200 + [False] * 200)
    shape = draw_shapes(np.random.default_rng(2), interested=interested, onset_day=np.zeros(400))
    paths = intent_paths(shape, days=400)
    assert paths.min() >= 0
    assert paths.max() <= 1
    top = paths.argmax(axis=0)
    for lead in range(400):
        assert (np.diff(paths[: top[lead] + 1, lead]) >= 0).all()
        assert (np.diff(paths[top[lead] :, lead]) <= 0).all()
    assert (paths[-1] < 0.25 * paths.max(axis=0)).all()
    assert paths.max(axis=0)[:200].mean() > 5 * paths.max(axis=0)[200:].mean()


def test_colleagues_want_the_same_thing_at_the_same_time(town: Town) -> None:
    people = town.people
    frame = pd.DataFrame({"account": people.account, "peak": people.shape.peak, "kind": people.kind})
    frame = frame[(frame["kind"] == PRACTITIONER) & ~people.fair]
    wants = frame["peak"] > 0.2
    others = wants.groupby(frame["account"]).transform("sum") - wants
    assert wants[others > 0].mean() > 1.5 * wants[others == 0].mean()


def test_whoever_wants_to_buy_comes_more_often_and_climbs(town: Town) -> None:
    people, events = town.people, town.lives.events
    wants = (people.shape.peak > 0.5) & (people.kind == PRACTITIONER) & ~people.fair
    content = _first_day(town, "ebook_download", "case_study_download", "webinar_registered")
    prices = _first_day(town, "pricing_page_view", "price_list_download")
    climbs = content <= prices
    opened = np.isfinite(prices)
    assert climbs[opened & wants].mean() > 0.75
    assert climbs[opened & np.isin(people.kind, (RESEARCHER, COMPETITOR))].mean() < 0.5
    clicks = np.bincount(events.lead[events.kind == CODE["product_page_view"]], minlength=len(people))
    others = (people.kind == PRACTITIONER) & ~wants & ~people.fair
    assert clicks[wants].mean() > 2 * clicks[others].mean()


def _first_day(town: Town, *names: str) -> np.ndarray:
    """Days from creation to each lead's first event of these types; infinite where there is none."""
    people, events = town.people, town.lives.events
    first = np.full(len(people), np.inf)
    mine = events.where(np.isin(events.kind, [CODE[name] for name in names]))
    np.minimum.at(first, mine.lead, (mine.time_us - people.created_us[mine.lead]) / DAY_US)
    return first


@pytest.mark.parametrize("field", ["created_us", "campaign", "account"])
def test_people_are_ordered_by_creation_and_can_be_sliced(town: Town, field: str) -> None:
    assert (np.diff(town.people.created_us) >= 0).all()
    some = town.people.rows(slice(10, 20))
    assert len(some) == 10
    assert (getattr(some, field) == getattr(town.people, field)[10:20]).all()
