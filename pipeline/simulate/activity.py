"""What leads do of their own accord: visits, and in them the pages, downloads, price lists and requests.

The signal lies in order and tempo as much as in counts. Practitioners climb as their intent grows: guides and webinars,
then case studies, then prices. Researchers, students and competitors open the price list first and never climb.
"""

from __future__ import annotations

import numpy as np

from features.time_units import DAY_US, HOUR_US, SECOND_US
from pipeline.simulate.events import CODE, NO_TOPIC, TOPICS, Events, make_events, together
from pipeline.simulate.people import APPLICANT, COMPETITOR, PRACTITIONER, PRIVATE, RESEARCHER, STUDENT, People

ACTIONS = (
    "none",
    "ebook_download",
    "webinar_registered",
    "case_study_download",
    "pricing_page_view",
    "price_list_download",
    "demo_request",
    "contact_form",
    "career_page_view",
)
"""What one visit may lead to beside reading pages; the columns of `ACTION_SHARES`."""

ACTION_SHARES = np.array(
    [
        [0.630, 0.200, 0.085, 0.050, 0.022, 0.005, 0.002, 0.006, 0.000],  # practitioner, intent < 0.1
        [0.450, 0.205, 0.155, 0.135, 0.030, 0.010, 0.003, 0.012, 0.000],  # practitioner, intent < 0.35
        [0.400, 0.090, 0.130, 0.210, 0.090, 0.050, 0.008, 0.022, 0.000],  # practitioner, intent < 0.65
        [0.350, 0.040, 0.070, 0.120, 0.190, 0.160, 0.033, 0.037, 0.000],  # practitioner, intent higher
        [0.250, 0.100, 0.050, 0.060, 0.180, 0.330, 0.010, 0.020, 0.000],  # researcher, first days
        [0.480, 0.190, 0.125, 0.100, 0.060, 0.020, 0.006, 0.019, 0.000],  # researcher, later
        [0.330, 0.260, 0.100, 0.070, 0.050, 0.130, 0.002, 0.018, 0.040],  # student, first days
        [0.400, 0.280, 0.145, 0.095, 0.020, 0.010, 0.001, 0.009, 0.040],  # student, later
        [0.250, 0.060, 0.030, 0.010, 0.010, 0.010, 0.000, 0.080, 0.550],  # applicant
        [0.150, 0.060, 0.060, 0.080, 0.250, 0.350, 0.030, 0.020, 0.000],  # competitor, first days
        [0.300, 0.130, 0.170, 0.170, 0.170, 0.040, 0.005, 0.015, 0.000],  # competitor, later
        [0.550, 0.120, 0.020, 0.010, 0.120, 0.120, 0.005, 0.050, 0.005],  # private person
    ]
)
_INTENT_STEPS = np.array([0.1, 0.35, 0.65])
_HIGHEST_INTENT_ROW = 3
_FIRST_ROW = np.array([0, 4, 6, 8, 9, 11])
_CHANGES_LATER = np.array([0, 1, 1, 0, 1, 0])
FIRST_DAYS = 10
_ATTENDS = np.array([0.55, 0.35, 0.40, 0.20, 0.45, 0.20])
_PAGES_PER_VISIT = 2.0


def action_rows(kind: np.ndarray, intent: np.ndarray, day: np.ndarray | int) -> np.ndarray:
    """Return the row of `ACTION_SHARES` that holds for a kind of person, an intent and a day since creation."""
    others = _FIRST_ROW[kind] + _CHANGES_LATER[kind] * (day >= FIRST_DAYS)
    rows: np.ndarray = np.where(kind == PRACTITIONER, np.searchsorted(_INTENT_STEPS, intent, side="right"), others)
    return rows


def visit_rates(people: People, intent: np.ndarray) -> np.ndarray:
    """Return expected visits a day, shape (days, leads).

    Practitioners visit as their intent bids; the others begin busily and lose interest.
    """
    day = np.arange(len(intent), dtype=np.float64)[:, None]
    start = np.array([0.030, 0.130, 0.180, 0.200, 0.080, 0.060])[people.kind]
    fade = np.array([60.0, 45.0, 80.0, 20.0, 120.0, 15.0])[people.kind]
    pull = np.where(people.kind == PRACTITIONER, 0.28, 0.0)
    weekday = (people.created_us // DAY_US + 3 + day.astype(np.int64)) % 7
    weekend = np.where((weekday >= 5) & (people.kind != STUDENT), 0.35, 1.15)
    digital = people.activity * np.where(people.fair, 0.35, 1.0)
    rates: np.ndarray = (start * np.exp(-day / fade) + pull * intent + 0.003) * digital * weekend
    return rates


def draw_activity(
    rng: np.random.Generator, people: People, intent: np.ndarray, *, visits: np.ndarray, volume: float
) -> Events:
    """Draw everything the leads do on the website, the moment that created them included.

    Parameters
    ----------
    intent, visits : ndarray, shape (days, leads)
        Latent intent, and what `visit_rates` makes of it.
    volume : float
        Scales page views; 1 is the usual amount. What earns points does not scale.
    """
    day, lead = _visit_days(rng, visits)
    start_us = people.created_us[lead] + day * DAY_US + _time_of_day(rng, people.created_us[lead])
    creation = np.flatnonzero(~people.fair)
    lead = np.concatenate([lead, creation])
    day = np.concatenate([day, np.zeros(len(creation), dtype=np.int64)])
    start_us = np.concatenate([start_us, people.created_us[creation]])
    creates = np.arange(len(lead)) >= len(lead) - len(creation)
    level = intent[day, lead]
    row = action_rows(people.kind[lead], level, day)
    # Nobody who climbs begins at the top: whoever is created in full intent first takes a smaller step.
    row = np.where(creates & (row == _HIGHEST_INTENT_ROW), _HIGHEST_INTENT_ROW - 1, row)
    actions = _actions(rng, lead, start_us, row, creates)
    pages = _pages(rng, people, lead, start_us, level, volume=volume)
    webinars = _attendance(rng, people, actions)
    cards = np.flatnonzero(people.fair)
    return together(actions, pages, webinars, make_events(cards, people.created_us[cards], CODE["fair_card"]))


def _visit_days(rng: np.random.Generator, visits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return day and lead of each visit."""
    counts = rng.poisson(visits)
    day, lead = np.nonzero(counts)
    times = counts[day, lead]
    return np.repeat(day, times), np.repeat(lead, times)


def _time_of_day(rng: np.random.Generator, created_us: np.ndarray) -> np.ndarray:
    """Return the offset, within the day that began at the hour of creation, that falls into working hours."""
    wanted = (np.clip(rng.normal(13.5, 3.5, len(created_us)), 0.0, 23.9) * HOUR_US).astype(np.int64)
    offset: np.ndarray = np.clip((wanted - created_us) % DAY_US, SECOND_US, DAY_US - 900 * SECOND_US)
    return offset


def _actions(
    rng: np.random.Generator, lead: np.ndarray, start_us: np.ndarray, row: np.ndarray, creates: np.ndarray
) -> Events:
    """One action at most a visit; the visit that creates the lead always has one."""
    steps = np.cumsum(ACTION_SHARES, axis=1)[row]
    nothing = steps[:, 0]
    draw = rng.random(len(lead))
    draw = np.where(creates, nothing + (1 - nothing) * draw, draw)
    chosen = np.minimum((draw[:, None] >= steps).sum(axis=1), len(ACTIONS) - 1)
    happened = chosen > 0
    codes = np.array([-1] + [CODE[a] for a in ACTIONS[1:]])
    delay = np.where(creates, 0, rng.integers(40, 400, len(lead))) * SECOND_US
    topic = rng.integers(len(TOPICS), size=len(lead))
    has_topic = np.isin(
        chosen, [ACTIONS.index(a) for a in ("ebook_download", "webinar_registered", "case_study_download")]
    )
    return make_events(
        lead[happened],
        (start_us + delay)[happened],
        codes[chosen[happened]],
        topic=np.where(has_topic, topic, NO_TOPIC)[happened],
    )


def _pages(
    rng: np.random.Generator,
    people: People,
    lead: np.ndarray,
    start_us: np.ndarray,
    level: np.ndarray,
    *,
    volume: float,
) -> Events:
    """Pages read in each visit: the more intent, the more of them about the product."""
    kind = people.kind[lead]
    count = rng.poisson(_PAGES_PER_VISIT * volume, len(lead))
    visit = np.repeat(np.arange(len(lead)), count)
    within = np.arange(len(visit)) - np.repeat(np.cumsum(count) - count, count)
    about_product = 0.25 + 0.45 * level + np.where(np.isin(kind, (COMPETITOR, RESEARCHER, PRIVATE)), 0.25, 0.0)
    draw = rng.random(len(visit))
    career = (kind[visit] == APPLICANT) & (rng.random(len(visit)) < 0.5)
    code = np.where(draw < about_product[visit], CODE["product_page_view"], CODE["blog_read"])
    return make_events(
        lead[visit],
        start_us[visit] + (within * 70 + rng.integers(1, 60, len(visit))) * SECOND_US,
        np.where(career, CODE["career_page_view"], code),
        topic=rng.integers(len(TOPICS), size=len(visit)),
        quantity=np.round(np.exp(rng.normal(3.6, 0.8, len(visit))) + 1),
    )


def _attendance(rng: np.random.Generator, people: People, actions: Events) -> Events:
    """Return who sits, some days later, in the webinar that it registered for."""
    registered = actions.where(actions.kind == CODE["webinar_registered"])
    came = rng.random(len(registered)) < _ATTENDS[people.kind[registered.lead]]
    later = (rng.integers(1, 11, len(registered)) * DAY_US + rng.integers(0, HOUR_US, len(registered)))[came]
    return make_events(
        registered.lead[came],
        registered.time_us[came] + later,
        CODE["webinar_attended"],
        topic=registered.topic[came],
        quantity=rng.integers(8, 60, int(came.sum())),
    )
