"""The people behind the leads: who they are, what they want, and when they turned up."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from features.time_units import DAY_US, HOUR_US, SECOND_US
from pipeline.simulate.accounts import GERMAN_SPEAKING, Accounts, draw_accounts
from pipeline.simulate.campaigns import CAMPAIGNS, FAIR_DAYS, FAIRS, HANDOVER_DAYS_AFTER, draw_campaigns
from pipeline.simulate.intent import IntentShape, draw_shapes
from pipeline.simulate.job_titles import SENIORITIES, TITLES, draw_titles

KINDS = ("practitioner", "researcher", "student", "applicant", "competitor", "private")
"""What a person is after. Only practitioners may have intent; the others are busy for reasons of their own."""
PRACTITIONER, RESEARCHER, STUDENT, APPLICANT, COMPETITOR, PRIVATE = range(len(KINDS))
_KIND_SHARES = np.array([0.66, 0.13, 0.09, 0.05, 0.03, 0.04])
_KIND_FIT = np.array([0.0, -0.9, -3.0, -3.0, -2.5, -1.8])
_RANK_FIT = np.array([0.5, 0.6, 0.3, -0.2, -1.0])
LEADS_PER_ACCOUNT = 2.2
FAIR_SHARE = 0.11
_HANDED_OVER_SHARE = 0.65
NO_HANDOVER = -1


@dataclass(frozen=True)
class People:
    """One row a lead, ordered by creation; arrays of equal length. What the company cannot see is marked latent."""

    created_us: np.ndarray
    account: np.ndarray
    """Index into the accounts, -1 for none."""
    kind: np.ndarray
    """Latent: index into `KINDS`."""
    title: np.ndarray
    """Index into `TITLES`."""
    german: np.ndarray
    campaign: np.ndarray
    """Index into `CAMPAIGN_NAMES`."""
    fair: np.ndarray
    """Whether the lead is a card from a trade fair."""
    handover_day: np.ndarray
    """Day since creation on which the card goes to sales; -1 for never."""
    handover_us: np.ndarray
    """Moment at which all cards of that fair go to sales."""
    free_mail: np.ndarray
    tells_title: np.ndarray
    """Whether the form asked for the title and got it; the same for industry and size."""
    tells_industry: np.ndarray
    tells_size: np.ndarray
    opted_in: np.ndarray
    fit: np.ndarray
    """Latent: how well the lead suits the product, about standard normal for professionals."""
    activity: np.ndarray
    """Latent: how much the person clicks, about log-normal around 1."""
    deal_luck: np.ndarray
    """Latent: what decides a deal beside fit and intent."""
    shape: IntentShape
    """Latent: the path of intent."""

    def __len__(self) -> int:
        return len(self.created_us)

    def rows(self, part: slice | np.ndarray) -> People:
        """Return some leads."""
        columns = {f.name: getattr(self, f.name)[part] for f in fields(self) if f.name != "shape"}
        return People(shape=self.shape.rows(part), **columns)


def draw_people(rng: np.random.Generator, *, leads: int, first_us: int, last_us: int) -> tuple[People, Accounts]:
    """Draw leads created in ``[first_us, last_us)`` and the companies they work for."""
    days = (last_us - first_us) / DAY_US
    kind = rng.choice(len(KINDS), size=leads, p=_KIND_SHARES)
    employed = np.isin(kind, (PRACTITIONER, RESEARCHER))
    fair = employed & (rng.random(leads) < FAIR_SHARE / employed.mean())
    accounts = draw_accounts(rng, accounts=max(1, round(employed.sum() / LEADS_PER_ACCOUNT)), days=days)
    account = np.where(employed, _share_out(rng, leads, len(accounts.name)), -1)
    created, handover = _creation(rng, accounts, account, fair, first_us, last_us)
    order = np.argsort(created, kind="stable")
    kind, fair, account, created, handover = (a[order] for a in (kind, fair, account, created, handover))
    return _complete(rng, kind, fair, account, created, handover, accounts, first_us, days), accounts


def _share_out(rng: np.random.Generator, leads: int, accounts: int) -> np.ndarray:
    """Assign leads to companies, unevenly: most send one or two people, some send many."""
    appeal = np.cumsum(rng.gamma(0.9, size=accounts))
    chosen: np.ndarray = np.searchsorted(appeal, rng.random(leads) * appeal[-1], side="right")
    within: np.ndarray = np.minimum(chosen, accounts - 1)
    return within


def _creation(
    rng: np.random.Generator, accounts: Accounts, account: np.ndarray, fair: np.ndarray, first_us: int, last_us: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return when each lead was created and when it is handed over (0: never)."""
    days, size = (last_us - first_us) / DAY_US, len(account)
    around = accounts.centre_day[account] + rng.normal(0, 18, size)
    day = np.where((account >= 0) & (around >= 0) & (around < days), around, rng.uniform(0, days, size))
    day = _to_working_days(rng, np.floor(day), first_us)
    hour = np.clip(rng.normal(13.0, 3.6, size), 0.1, 23.8)
    weights = np.array([f.weight for f in FAIRS])
    which = rng.choice(len(FAIRS), size=size, p=weights / weights.sum())
    opening = np.floor(np.array([f.at for f in FAIRS]) * days)[which]
    fair_day = np.minimum(opening + rng.integers(FAIR_DAYS, size=size), np.floor(days) - 1)
    day = np.where(fair, fair_day, day)
    hour = np.where(fair, rng.uniform(8.5, 17.0, size), hour)
    created = first_us + day.astype(np.int64) * DAY_US + (hour * HOUR_US).astype(np.int64)
    created = np.clip(created, first_us, last_us - SECOND_US)
    handed = fair & (rng.random(size) < _HANDED_OVER_SHARE)
    meeting = first_us + ((opening + FAIR_DAYS - 1 + HANDOVER_DAYS_AFTER) * DAY_US).astype(np.int64) + 9 * HOUR_US
    return created, np.where(handed, meeting, 0)


def _to_working_days(rng: np.random.Generator, day: np.ndarray, first_us: int) -> np.ndarray:
    """Move most of what falls on a weekend to the Monday or Tuesday after."""
    weekday = (day + first_us // DAY_US + 3) % 7
    moved: np.ndarray = np.where(
        (weekday >= 5) & (rng.random(len(day)) < 0.8), day + 7 - weekday + rng.integers(2, size=len(day)), day
    )
    return moved


def _complete(
    rng: np.random.Generator,
    kind: np.ndarray,
    fair: np.ndarray,
    account: np.ndarray,
    created: np.ndarray,
    handover: np.ndarray,
    accounts: Accounts,
    first_us: int,
    days: float,
) -> People:
    size = len(kind)
    created_day = (created - first_us) / DAY_US
    learner = np.isin(kind, (STUDENT, APPLICANT))
    german = np.where(account >= 0, GERMAN_SPEAKING[accounts.country[account]], rng.random(size) < 0.85)
    title = draw_titles(rng, german=german, learner=learner)
    onset, interested = _projects(rng, kind, fair, account, created_day, accounts)
    campaign = draw_campaigns(rng, share_of_period=created_day / days, interested=interested, learner=learner)
    openings = np.floor(np.array([f.at for f in FAIRS]) * days)
    at_fair = len(CAMPAIGNS) + np.searchsorted(openings, created_day, side="right") - 1
    return People(
        created_us=created,
        account=account,
        kind=kind,
        title=title,
        german=german,
        campaign=np.where(fair, at_fair, campaign),
        fair=fair,
        handover_day=np.where(handover > 0, (handover - created) // DAY_US, NO_HANDOVER),
        handover_us=handover,
        free_mail=np.where(account >= 0, rng.random(size) < 0.07, kind != COMPETITOR),
        tells_title=rng.random(size) < 0.9,
        tells_industry=(account >= 0) & (rng.random(size) < 0.85),
        tells_size=(account >= 0) & (rng.random(size) < 0.78),
        opted_in=rng.random(size) < np.where(fair, 0.55, 0.82),
        fit=_fit(rng, kind, title, account, accounts),
        activity=np.exp(rng.normal(-0.10, 0.45, size)),
        deal_luck=rng.normal(0, 0.5, size),
        shape=draw_shapes(rng, interested=interested, onset_day=onset),
    )


def _projects(
    rng: np.random.Generator,
    kind: np.ndarray,
    fair: np.ndarray,
    account: np.ndarray,
    created_day: np.ndarray,
    accounts: Accounts,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the day since creation on which intent begins, and whether there is any."""
    size = len(kind)
    in_project = accounts.project[account] & (rng.random(size) < 0.75)
    alone = rng.random(size) < 0.05
    interested = (kind == PRACTITIONER) & (account >= 0) & (in_project | alone)
    shared_onset = accounts.project_day[account] - created_day + rng.normal(0, 6, size)
    own_onset = rng.normal(0, 20, size)
    onset = np.where(in_project & ~fair, shared_onset, own_onset)
    return onset, interested


def _fit(
    rng: np.random.Generator, kind: np.ndarray, title: np.ndarray, account: np.ndarray, accounts: Accounts
) -> np.ndarray:
    rank = np.array([SENIORITIES.index(t.seniority) for t in TITLES])[title]
    relevance = np.array([t.relevance for t in TITLES])[title]
    company = np.where(account >= 0, accounts.fit[account], 0.0)
    noise = rng.normal(0, 0.4, len(kind))
    fit: np.ndarray = 0.8 * company + _RANK_FIT[rank] + 0.7 * relevance - 0.3 + _KIND_FIT[kind] + noise
    return fit
