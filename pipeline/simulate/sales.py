"""What the company's system shows of the sales process: stage entries with reasons, calls and offers, and BANT fields.

Sales fills BANT in late: at acceptance at the earliest, most of it around and after SQL.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.time_units import DAY_US, HOUR_US, SECOND_US
from pipeline.simulate.events import CODE, Events, make_events, together
from pipeline.simulate.people import People
from pipeline.simulate.sales_stages import CLOSED, LOST, LOST_DEAL, MQL, OFFER, RECYCLED, SAL, SQL, SRL, entries

REASONS = ("no_need", "no_budget", "no_answer", "not_a_company", "competitor_chosen", "postponed", "not_ready")
NO_REASON = -1
_REASON_SHARES = {
    LOST: np.array([0.40, 0.12, 0.30, 0.12, 0.03, 0.03, 0.0]),
    LOST_DEAL: np.array([0.08, 0.27, 0.07, 0.0, 0.38, 0.20, 0.0]),
    RECYCLED: np.array([0.0, 0.0, 0.35, 0.0, 0.0, 0.20, 0.45]),
}
BANT_FIELDS = ("budget", "authority", "need", "timeline")
BANT_VALUES = ("unknown", "open", "confirmed", "denied")


@dataclass(frozen=True)
class StageEntries:
    """One row an entry into a stage; arrays of equal length."""

    lead: np.ndarray
    state: np.ndarray
    """Index into `pipeline.simulate.sales_stages.STATES`."""
    time_us: np.ndarray
    reason: np.ndarray
    """Index into `REASONS`, -1 for none."""
    step: np.ndarray
    """Day since creation on which it happened."""

    def until(self, last_us: int) -> StageEntries:
        """Return what happened up to a moment."""
        past = self.time_us <= last_us
        return StageEntries(*(column[past] for column in (self.lead, self.state, self.time_us, self.reason, self.step)))


@dataclass(frozen=True)
class Changes:
    """One row a change of a BANT field; arrays of equal length."""

    lead: np.ndarray
    time_us: np.ndarray
    field: np.ndarray
    """Index into `BANT_FIELDS`."""
    value: np.ndarray
    """Index into `BANT_VALUES`."""

    def until(self, last_us: int) -> Changes:
        """Return what happened up to a moment."""
        past = self.time_us <= last_us
        return Changes(*(column[past] for column in (self.lead, self.time_us, self.field, self.value)))


def stage_entries(rng: np.random.Generator, people: People, states: np.ndarray, behaviour: Events) -> StageEntries:
    """Give every transition a moment within its day.

    A promotion to MQL happens with the event that lifted the points, a card's hand-over when all cards of the fair
    are handed over, all else in working hours.
    """
    parts = []
    for state, step, lead in entries(states):
        start = people.created_us[lead] + step * DAY_US
        wanted = (np.clip(rng.normal(11.5, 2.5, len(lead)), 6, 19) * HOUR_US).astype(np.int64)
        time = start + np.maximum((wanted - start) % DAY_US, SECOND_US) + rng.integers(0, 50, len(lead)) * SECOND_US
        if state == MQL:
            last = _last_event_us(people, behaviour, lead, start)
            time = np.where(last >= start, last + rng.integers(30, 240, len(lead)) * SECOND_US, time)
        if state == SRL:
            time = np.where(people.handover_day[lead] == step, people.handover_us[lead], time)
        reason = np.full(len(lead), NO_REASON)
        if state in _REASON_SHARES:
            reason = rng.choice(len(REASONS), size=len(lead), p=_REASON_SHARES[state])
        parts.append((lead, np.full(len(lead), state), np.clip(time, start + 1, start + DAY_US), reason, step))
    lead, states_entered, time, reason, step = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.lexsort((states_entered, time, lead))
    return StageEntries(lead[order], states_entered[order], time[order], reason[order], step[order])


def _last_event_us(people: People, behaviour: Events, lead: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Return the time of the last event before the end of the day that begins at ``start``, -1 if there is none."""
    day_end = start + DAY_US - 300 * SECOND_US
    span = np.int64(behaviour.time_us.max() - people.created_us.min() + DAY_US)
    keys = behaviour.lead * span + (behaviour.time_us - people.created_us.min())
    at = np.searchsorted(keys, lead * span + (day_end - people.created_us.min()), side="right") - 1
    has_event = (at >= 0) & (behaviour.lead[at] == lead)
    times: np.ndarray = np.where(has_event, behaviour.time_us[at], -1)
    return times


def sales_events(rng: np.random.Generator, people: People, stages: StageEntries) -> Events:
    """Draw calls, mails, meetings and offers: what sales does once a lead is with it."""
    plans = (
        (SRL, "sales_call", 1.6, 5.0),
        (SRL, "sales_email", 0.8, 4.0),
        (SAL, "sales_meeting", 0.7, 8.0),
        (SAL, "sales_call", 1.2, 15.0),
        (SQL, "sales_meeting", 1.2, 12.0),
        (SQL, "sales_email", 1.5, 15.0),
    )
    parts = []
    for state, name, mean, spread_days in plans:
        mine = np.flatnonzero(stages.state == state)
        at = np.repeat(mine, rng.poisson(mean, len(mine)))
        delay = (rng.exponential(spread_days, len(at)) * DAY_US).astype(np.int64) + 600 * SECOND_US
        minutes = np.round(rng.gamma(2.0, 8.0, len(at)) + 1) if name != "sales_email" else np.full(len(at), np.nan)
        parts.append(make_events(stages.lead[at], stages.time_us[at] + delay, CODE[name], quantity=minutes))
    offers = np.flatnonzero(stages.state == OFFER)
    parts.append(make_events(stages.lead[offers], stages.time_us[offers], CODE["offer_sent"]))
    return together(*parts)


def bant_changes(rng: np.random.Generator, people: People, intent: np.ndarray, stages: StageEntries) -> Changes:
    """Draw how sales fills BANT in, by hearsay of the lead's latents.

    Many leads start with ``unknown``; a third has no row at all.
    """
    started = np.flatnonzero(rng.random(len(people)) < 0.65)
    parts = [
        (started, people.created_us[started], np.full(len(started), field), np.zeros(len(started), dtype=np.int64))
        for field in range(len(BANT_FIELDS))
    ]
    plans = ((SRL, 0.15, 4.0), (SAL, 0.45, 8.0), (SQL, 0.75, 12.0))
    for state, share, spread_days in plans:
        mine = np.flatnonzero(stages.state == state)
        lead = stages.lead[mine]
        level = np.clip(0.55 * intent[stages.step[mine], lead] + 0.15 * np.tanh(people.fit[lead]), 0, 1)
        for index, name in enumerate(BANT_FIELDS):
            is_asked = rng.random(len(mine)) < share * (1.3 if name == "need" else 0.9)
            draw = rng.random(len(mine))
            value = np.where(draw < 0.25 + level + (0.1 if state == SQL else 0.0), 2, np.where(draw < 0.85, 1, 3))
            delay = (rng.exponential(spread_days, len(mine)) * DAY_US).astype(np.int64) + HOUR_US
            which = np.full(int(is_asked.sum()), index)
            parts.append((lead[is_asked], (stages.time_us[mine] + delay)[is_asked], which, value[is_asked]))
    leads, times, fields, values = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.lexsort((values, fields, times, leads))
    return Changes(leads[order], times[order], fields[order], values[order])


def quiet_after_close(rng: np.random.Generator, behaviour: Events, stages: StageEntries, *, leads: int) -> Events:
    """Return the events without most of what would come after a lead was won or lost."""
    closed_us = np.full(leads, np.iinfo(np.int64).max)
    closing = np.isin(stages.state, CLOSED)
    closed_us[stages.lead[closing]] = stages.time_us[closing]
    return behaviour.where((behaviour.time_us <= closed_us[behaviour.lead]) | (rng.random(len(behaviour)) < 0.2))
