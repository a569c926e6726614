"""The points that marketing gives: the simulated company promotes by them, and sales follows them.

The tables say what ``sources/demo/rules.yaml`` says (a test holds the two together), in steps of five. Actions count
for ever and without a cap, as in many hand-made tables. Attributes are taken as they truly are rather than as typed,
so the points here are close to, and not quite the same as, those computed from the exported tables.
"""

from __future__ import annotations

import numpy as np

from features.time_units import DAY_US
from pipeline.simulate.accounts import INDUSTRIES, Accounts
from pipeline.simulate.activity import ACTION_SHARES, ACTIONS, action_rows
from pipeline.simulate.events import CODE, EVENT_TYPES, Events
from pipeline.simulate.job_titles import SENIORITIES, TITLES
from pipeline.simulate.people import APPLICANT, PRIVATE, STUDENT, People

STEP = 5
"""All points are whole multiples of this; paths and distances are counted in such steps."""
MQL_CUTOFF = 40
CUTOFF_STEPS = MQL_CUTOFF // STEP
RANK_POINTS = {"c_level": 15, "head": 10, "manager": 5}
INDUSTRY_POINTS = {"automotive": 5, "machinery": 5, "medical": 5}
SIZE_FROM, SIZE_BELOW, SIZE_POINTS = 100, 5_000, 5
COMPANY_MAIL_POINTS = 5
ACTION_POINTS: dict[str, int] = {
    "ebook_download": 5,
    "webinar_registered": 5,
    "case_study_download": 5,
    "pricing_page_view": 5,
    "price_list_download": 15,
    "demo_request": 30,
    "contact_form": 20,
    "fair_card": 10,
    "unsubscribe": -30,
}
"""Event type to points, each time it happens."""
UNSUBSCRIBE_STEPS = -ACTION_POINTS["unsubscribe"] // STEP
_STEPS_OF_TYPE = np.array([ACTION_POINTS.get(name, 0) // STEP for name in EVENT_TYPES])
JUMPS: tuple[int, ...] = tuple(sorted({ACTION_POINTS.get(name, 0) // STEP for name in ACTIONS} - {0}))
"""The steps by which one visit may lift the points."""


def attribute_points(people: People, accounts: Accounts) -> np.ndarray:
    """Return each lead's points for who it is, as far as the lead said so."""
    rank = np.array([RANK_POINTS.get(s, 0) for s in SENIORITIES])
    title_rank = np.array([SENIORITIES.index(t.seniority) for t in TITLES])
    industry = np.array([INDUSTRY_POINTS.get(name, 0) for name in INDUSTRIES])
    employees = accounts.employees[people.account]
    right_size = (employees >= SIZE_FROM) & (employees < SIZE_BELOW)
    points = np.where(people.tells_title, rank[title_rank[people.title]], 0)
    points += np.where(people.tells_industry, industry[accounts.industry[people.account]], 0)
    points += np.where(people.tells_size & right_size, SIZE_POINTS, 0)
    points += np.where(people.free_mail | (people.kind == STUDENT), 0, COMPANY_MAIL_POINTS)
    return points


def promotable(people: People) -> np.ndarray:
    """Return who may be promoted: neither students nor private people (applicants write privately)."""
    may: np.ndarray = ~np.isin(people.kind, (STUDENT, APPLICANT, PRIVATE))
    return may


def points_paths(people: People, accounts: Accounts, behaviour: Events, *, days: int) -> np.ndarray:
    """Return the points of each lead in steps of five.

    Returns
    -------
    ndarray of int16, shape (days + 1, leads)
        Row ``k`` counts what happened up to ``created_at + k`` days.
    """
    size = len(people)
    day = event_days(people, behaviour)
    counted = day <= days
    cells = day[counted] * size + behaviour.lead[counted]
    steps = np.bincount(cells, weights=_STEPS_OF_TYPE[behaviour.kind[counted]], minlength=(days + 1) * size)
    gained = np.rint(steps).astype(np.int16).reshape(days + 1, size)
    gained[0] += (attribute_points(people, accounts) // STEP).astype(np.int16)
    paths: np.ndarray = np.cumsum(gained, axis=0, dtype=np.int16)
    return paths


def event_days(people: People, events: Events) -> np.ndarray:
    """Return for each event the first ``k`` at which ``created_at + k`` days knows it; 0 for creation itself."""
    days: np.ndarray = -((people.created_us[events.lead] - events.time_us) // DAY_US)
    return days


def unsubscribe_days(people: People, behaviour: Events) -> np.ndarray:
    """Return the step in which each lead unsubscribes; -1 for never."""
    leaving = behaviour.where(behaviour.kind == CODE["unsubscribe"])
    step = np.full(len(people), -1, dtype=np.int64)
    step[leaving.lead] = event_days(people, leaving) - 1
    return step


def daily_gain(kind: np.ndarray, visits: np.ndarray, intent: np.ndarray, *, day: int, most: int) -> np.ndarray:
    """Return the exact distribution of the points that a day's visits bring.

    Visits are Poisson and each leads to at most one action, so each action is Poisson by itself and the sum follows
    from Panjer's recursion, ``g(n) = Σ_j j λ_j g(n - j) / n`` (H. H. Panjer, ASTIN Bulletin 12, 1981).

    Parameters
    ----------
    kind, visits, intent : ndarray, shape (leads,)
        Kind of person, expected visits on that day, intent on that day.
    day : int
        Day since creation.
    most : int
        The largest number of steps that is told apart.

    Returns
    -------
    ndarray, shape (most + 1, leads)
        Probability of exactly ``0 … most`` steps.

    Examples
    --------
    >>> daily_gain(np.array([0]), np.array([0.0]), np.array([0.5]), day=3, most=2)[:, 0].tolist()
    [1.0, 0.0, 0.0]
    """
    shares = ACTION_SHARES[action_rows(kind, intent, day)]
    rates = {
        jump: visits * shares[:, [ACTION_POINTS.get(name, 0) == jump * STEP for name in ACTIONS]].sum(axis=1)
        for jump in JUMPS
    }
    law = np.empty((most + 1, len(kind)))
    law[0] = np.exp(-sum(rates.values()))
    for total in range(1, most + 1):
        law[total] = sum(jump * rates[jump] * law[total - jump] for jump in JUMPS if jump <= total) / total
    return law
