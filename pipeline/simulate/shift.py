"""A change that comes over the simulated company: one campaign's points are gamed, or something harmless happens.

Gamed are points, not outcomes: who would not have become MQL does, and sales takes such leads as it takes any other.
The harmless kinds are what an alarm must not mistake for that.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from features.time_units import DAY_US, HOUR_US, SECOND_US
from pipeline.settings.simulate_options import ShiftOptions
from pipeline.simulate.accounts import Accounts
from pipeline.simulate.campaigns import CAMPAIGN_NAMES
from pipeline.simulate.events import CODE, Events, make_events, together
from pipeline.simulate.intent import IntentShape
from pipeline.simulate.marketing_points import promotable
from pipeline.simulate.people import NO_HANDOVER, PRACTITIONER, RESEARCHER, People, draw_people

USUAL_MQL_SHARE = 0.27
"""Share of a campaign's leads that become MQL as things go."""
_PROMOTABLE_SHARE = 0.82
_COLD_SHARE = 0.45
"""Share of the leads that may be promoted, have no project and would not have become MQL."""
_FIT_OF_THE_IDLE = -1.8
"""Who came for a prize suits the product as little as a private person does."""
_IDLE_PEAK = 0.12
"""Highest intent of who will never buy."""
_YEAR_US = 365 * DAY_US
_SWEEPSTAKE = ("ebook_download", "contact_form", "price_list_download")
"""The entry form is a contact form, and whoever enters is sent the price list: 40 points for a wish to win."""
_STAFF = ("price_list_download",) * 3
"""What staff has the system record for a lead that did none of it."""


@dataclass(frozen=True)
class Moved:
    """What a change brings into the lives of some leads: acts, and the part of its liking that sales keeps."""

    acts: tuple[Events, ...] = ()
    welcome: np.ndarray | None = None


UNMOVED = Moved()


@dataclass(frozen=True)
class Shift:
    """A change and the company it comes over."""

    options: ShiftOptions
    seed: int
    last_us: int

    def extra_people(self, people: People, *, leads: int, first_us: int) -> tuple[People, Accounts] | None:
        """Return the leads that come in beside the usual ones, with their companies; None for none."""
        more = self.options.factor - 1.0
        if self.options.kind in ("none", "price_lists", "harder_sales") or more <= 0:
            return None
        rng = np.random.default_rng([self.seed, 5])
        drawn = max(50, round(leads * more))
        extra, accounts = draw_people(rng, leads=drawn, first_us=first_us, last_us=self.last_us)
        if self.options.kind == "sweepstake":
            campaign_size = int(self._concerned(people).sum())
            wanted = min(len(extra), round(more * USUAL_MQL_SHARE / _PROMOTABLE_SHARE * campaign_size))
            return self._idle(rng, extra.rows(np.sort(rng.permutation(len(extra))[:wanted])), people), accounts
        return extra.rows(self._kept(rng, extra, first_us)), accounts

    def over(self, people: People, *, days: int, extra: bool, part: int) -> Moved:
        """Return what the change brings into some lives; ``extra`` for leads of `extra_people`, ``part`` for draws."""
        rng = np.random.default_rng([self.seed, 6, part])
        acts: tuple[Events, ...] = ()
        if self.options.kind == "sweepstake" and extra:
            acts = (_acts(rng, people, np.arange(len(people)), _SWEEPSTAKE),)
        if self.options.kind == "price_lists" and not extra:
            acts = (_acts(rng, people, np.flatnonzero(self.lifted(people)), _STAFF),)
        return Moved(acts, self._welcome(people, days))

    def lifted(self, people: People) -> np.ndarray:
        """Return for which leads staff triggers downloads: cold contacts, by a hash of the moment of creation."""
        share = (self.options.factor - 1.0) * USUAL_MQL_SHARE / _COLD_SHARE
        lot = (people.created_us // SECOND_US * 2_654_435_761 % 1_000_003) / 1_000_003
        cold = promotable(people) & (people.shape.peak <= _IDLE_PEAK)
        chosen: np.ndarray = self._concerned(people) & cold & (lot < share)
        return chosen

    def planted(self, people: People, *, extra: bool) -> np.ndarray:
        """Return which leads the change made or lifted: truth for whoever checks an alarm."""
        if self.options.kind == "price_lists":
            return self.lifted(people) & (not extra)
        return np.full(len(people), extra)

    def _welcome(self, people: People, days: int) -> np.ndarray | None:
        """Return the part of its liking that sales keeps on each day, shape (days, leads); None for all of it."""
        if self.options.kind != "harder_sales":
            return None
        day_us = people.created_us + np.arange(days, dtype=np.int64)[:, None] * DAY_US
        return np.where(day_us >= self.options.from_day, self.options.factor, 1.0)

    def _concerned(self, people: People) -> np.ndarray:
        name = self.options.campaign
        of_campaign = people.campaign == (CAMPAIGN_NAMES.index(name) if name else -1)
        concerned: np.ndarray = of_campaign & (people.created_us >= self.options.from_day)
        return concerned

    def _idle(self, rng: np.random.Generator, extra: People, people: People) -> People:
        """Make people of the campaign who came for a prize: no project, little fit; as many each day as its leads."""
        members = np.flatnonzero(self._concerned(people))
        size = len(extra)
        when = people.created_us[members[rng.integers(len(members), size=size)]] if size else extra.created_us
        campaign = CAMPAIGN_NAMES.index(self.options.campaign or CAMPAIGN_NAMES[0])
        order = np.argsort(when, kind="stable")
        changed = replace(
            extra,
            created_us=np.minimum(when + rng.integers(0, 6 * HOUR_US, size), self.last_us - SECOND_US),
            kind=np.where(extra.kind == PRACTITIONER, RESEARCHER, extra.kind),
            fit=extra.fit + _FIT_OF_THE_IDLE,
            campaign=np.full(size, campaign),
            fair=np.zeros(size, dtype=bool),
            handover_day=np.full(size, NO_HANDOVER),
            handover_us=np.zeros(size, dtype=np.int64),
            shape=_without_project(extra.shape),
        )
        return changed.rows(order)

    def _kept(self, rng: np.random.Generator, extra: People, first_us: int) -> np.ndarray:
        """Return which of the leads drawn as usual come in addition."""
        begins = max(self.options.from_day, first_us)
        if self.options.kind == "more_of_the_same":
            return self._concerned(extra)
        if self.options.kind == "growth":
            chance = np.clip((extra.created_us - begins) / max(self.last_us - begins, 1), 0, 1)
        else:
            chance = 0.5 + 0.5 * np.sin(2 * np.pi * (extra.created_us - begins) / _YEAR_US)
        additions: np.ndarray = rng.random(len(extra)) < chance
        return additions


def with_extra(people: People, accounts: Accounts, extra: People, companies: Accounts) -> tuple[People, Accounts]:
    """Return both lots together, the extra leads and their companies behind the others."""
    offset = len(accounts.name)
    moved = replace(extra, account=np.where(extra.account >= 0, extra.account + offset, -1))
    columns = {
        f.name: np.concatenate([getattr(people, f.name), getattr(moved, f.name)])
        for f in fields(People)
        if f.name != "shape"
    }
    shape = IntentShape(
        *(np.concatenate([getattr(people.shape, f.name), getattr(moved.shape, f.name)]) for f in fields(IntentShape))
    )
    joined: dict[str, Any] = {}
    for f in fields(Accounts):
        first, second = getattr(accounts, f.name), getattr(companies, f.name)
        joined[f.name] = first + second if isinstance(first, list) else np.concatenate([first, second])
    return People(shape=shape, **columns), Accounts(**joined)


def _without_project(shape: IntentShape) -> IntentShape:
    """Leave a trace of curiosity that leads nowhere."""
    return replace(shape, peak=_IDLE_PEAK * shape.peak)


def _acts(rng: np.random.Generator, people: People, lead: np.ndarray, names: tuple[str, ...]) -> Events:
    """Give every lead the same acts within minutes of its creation."""
    parts = [
        make_events(lead, people.created_us[lead] + rng.integers(60, 3_000, len(lead)) * SECOND_US, CODE[name])
        for name in names
    ]
    return together(*parts)
