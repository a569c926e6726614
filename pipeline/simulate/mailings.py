"""Newsletters: what marketing sends, what leads open and click, and who has had enough of them."""

from __future__ import annotations

import numpy as np

from features.time_units import DAY_US, HOUR_US, SECOND_US
from pipeline.simulate.events import CODE, TOPICS, Events, make_events, together
from pipeline.simulate.people import People

SENDING_WEEKDAY = 1
"""Tuesday, counted from Monday = 0."""
_SENT_SHARE = 0.75
_LEAVES_A_WEEK = 0.005


def draw_mailings(rng: np.random.Generator, people: People, intent: np.ndarray, *, volume: float) -> Events:
    """Draw newsletters sent, opened and clicked, and unsubscribes.

    Parameters
    ----------
    intent : ndarray, shape (days, leads)
        Latent intent: it raises opening and lowers leaving.
    volume : float
        Scales how many newsletters are sent; 1 is about three a month. Opens follow the first of a week only.
    """
    weeks = len(intent) // 7
    created_day = people.created_us // DAY_US
    first = (SENDING_WEEKDAY - (created_day + 3)) % 7
    first_us = (created_day + np.where(first == 0, 7, first)) * DAY_US + 8 * HOUR_US
    week = np.arange(weeks)[:, None]
    level = np.take_along_axis(
        intent, np.minimum((first_us // DAY_US - created_day) + 7 * week, len(intent) - 1), axis=0
    )
    leaves = rng.random((weeks, len(people))) < _LEAVES_A_WEEK * (1 - 0.8 * level)
    last_week = np.where(leaves.any(axis=0), leaves.argmax(axis=0), weeks)
    going = np.flatnonzero(people.opted_in & (last_week < weeks))
    gone_us = first_us[going] + 7 * last_week[going] * DAY_US + _answer_delay(rng, len(going))
    receives = people.opted_in & (week <= last_week)
    sends = np.where(receives, rng.poisson(_SENT_SHARE * volume, receives.shape), 0)
    week_at, lead = np.nonzero(sends)
    sent_us = first_us[lead] + 7 * week_at * DAY_US
    return together(
        _newsletters(lead, sent_us, sends[week_at, lead]),
        _answers(rng, people, lead, sent_us, level[week_at, lead]),
        make_events(going, gone_us, CODE["unsubscribe"]),
    )


def _newsletters(lead: np.ndarray, sent_us: np.ndarray, times: np.ndarray) -> Events:
    """Return the mails of each week: the first on the sending day, further ones on the days after."""
    which = np.repeat(np.arange(len(lead)), times)
    extra = np.arange(len(which)) - np.repeat(np.cumsum(times) - times, times)
    time_us = sent_us[which] + (extra % 4) * DAY_US + (extra // 4) * HOUR_US
    return make_events(lead[which], time_us, CODE["newsletter_sent"], topic=_topic(sent_us[which]))


def _answers(
    rng: np.random.Generator, people: People, lead: np.ndarray, sent_us: np.ndarray, level: np.ndarray
) -> Events:
    """Return opens and clicks of the first mail of a week."""
    read_us = sent_us + _answer_delay(rng, len(lead))
    opened = rng.random(len(lead)) < np.minimum(0.10 + 0.10 * people.activity[lead] + 0.25 * level, 0.9)
    clicked = opened & (rng.random(len(lead)) < 0.12 + 0.2 * level)
    clicked_us = read_us[clicked] + 30 * SECOND_US
    return together(
        make_events(lead[opened], read_us[opened], CODE["newsletter_open"], topic=_topic(sent_us[opened])),
        make_events(lead[clicked], clicked_us, CODE["newsletter_click"], topic=_topic(sent_us[clicked])),
    )


def _topic(sent_us: np.ndarray) -> np.ndarray:
    topic: np.ndarray = (sent_us // DAY_US) % len(TOPICS)
    return topic


def _answer_delay(rng: np.random.Generator, size: int) -> np.ndarray:
    delay: np.ndarray = (rng.exponential(9.0, size) * HOUR_US).astype(np.int64) + 20 * SECOND_US
    return delay
