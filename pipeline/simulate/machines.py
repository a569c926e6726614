"""What machines and double entries do to an export: scanners that follow all links of a mail, people who are two leads.

Both are laid over the lives as the company's systems would write them down: nobody's interest changes with them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.time_units import DAY_US, SECOND_US
from pipeline.simulate.events import CODE, TOPICS, Events, make_events, together

_GUARDED = 0.35
"""Share of the leads whose mail passes a scanner."""
_READS_ON = 0.2
"""Share of clicks of people who then follow further links of the mail."""

BURSTS_SCHEMA = pa.schema(
    [("lead_id", pa.string()), ("occurred_at", pa.timestamp("us", tz="UTC")), ("event_type", pa.string()),
     ("is_machine", pa.bool_())]
)  # fmt: skip
"""Truth of the clicks that come in bursts: those of scanners, and those of people who read on."""


def with_machines(
    rng: np.random.Generator, events: Events, *, share: float, leads: int
) -> tuple[Events, Events, Events]:
    """Return the events with those of scanners, then what is new of machines and what is new of people.

    Parameters
    ----------
    share : float
        Part of all clicks that scanners do, 0 to below 1.
    leads : int
        How many leads there are; a part of them, by chance, has a scanner before its mailbox.
    """
    clicks = events.where(events.kind == CODE["newsletter_click"])
    reading = _reading_on(rng, clicks)
    sent = events.where(events.kind == CODE["newsletter_sent"])
    guarded = rng.random(leads) < _GUARDED
    mails = np.flatnonzero(guarded[sent.lead])
    links = rng.integers(3, len(TOPICS) + 1, len(mails))
    wanted = share / (1 - share) * (len(clicks) + len(reading))
    order = rng.permutation(len(mails))
    scanned = order[: int(np.searchsorted(np.cumsum(links[order]), wanted))]
    mails, links = mails[scanned], links[scanned]
    begin = sent.time_us[mails] + rng.integers(1, 240, len(mails)) * SECOND_US + 137_000
    which = np.repeat(np.arange(len(mails)), links)
    number = np.arange(len(which)) - np.repeat(np.cumsum(links) - links, links)
    first = rng.integers(0, len(TOPICS), len(mails))
    at = begin[which] + number * rng.integers(SECOND_US // 10, SECOND_US, len(which))
    machines = together(
        make_events(sent.lead[mails], begin, CODE["newsletter_open"], topic=sent.topic[mails]),
        make_events(sent.lead[mails][which], at, CODE["newsletter_click"], topic=(first[which] + number) % len(TOPICS)),
    )
    return together(events, reading, machines).in_order(), machines, reading


def _reading_on(rng: np.random.Generator, clicks: Events) -> Events:
    """Return further clicks of people: one to three other links, each read for some seconds first."""
    going = np.flatnonzero(rng.random(len(clicks)) < _READS_ON)
    more = rng.integers(1, 4, len(going))
    which = np.repeat(np.arange(len(going)), more)
    number = np.arange(len(which)) - np.repeat(np.cumsum(more) - more, more)
    pauses = (4 * SECOND_US + rng.exponential(20.0, len(which)) * SECOND_US).astype(np.int64)
    sums = np.cumsum(pauses)
    before = np.concatenate([[0], sums])[np.cumsum(more) - more]
    waited = sums - np.repeat(before, more)
    rows = going[which]
    topic = (clicks.topic[rows] + 1 + number) % len(TOPICS)
    return make_events(clicks.lead[rows], clicks.time_us[rows] + waited, CODE["newsletter_click"], topic=topic)


def bursts_table(machines: pa.Table, people: pa.Table) -> pa.Table:
    """Return the truth of machines' acts and of people's bursts, from their tables of events."""
    parts = []
    for table, is_machine in ((machines, True), (people, False)):
        columns = [table[name] for name in ("lead_id", "occurred_at", "event_type")]
        parts.append(pa.table([*columns, pa.array([is_machine] * len(table))], schema=BURSTS_SCHEMA))
    return pa.concat_tables(parts)


@dataclass(frozen=True)
class Doubles:
    """People who are entered a second time, under another id and the same address.

    Parameters
    ----------
    leads : int
    created_us : array
        Of each lead.
    share : float
        Part of the leads that is entered twice.
    seed, last_us : int
    """

    leads: int
    created_us: np.ndarray
    share: float
    seed: int
    last_us: int

    def split_us(self) -> np.ndarray:
        """Return when the second entry of each lead was made; -1 for those without one."""
        rng = np.random.default_rng([self.seed, 9])
        chosen = rng.random(self.leads) < self.share
        at = self.created_us + (rng.uniform(1, 45, self.leads) * DAY_US).astype(np.int64)
        return np.where(chosen & (at < self.last_us), at, -1)

    def add_leads(self, leads: pa.Table) -> pa.Table:
        """Return table leads with the second entries; their address differs in its capitals only."""
        split = self.split_us()[: len(leads)]
        rows = pa.array(np.flatnonzero(split >= 0))
        again = leads.take(rows)
        times = pa.array(split[split >= 0]).cast(leads.schema.field("created_at").type)
        for name, column in (("lead_id", _second(again["lead_id"])), ("created_at", times),
                             ("email", pc.utf8_capitalize(again["email"]))):  # fmt: skip
            again = again.set_column(again.schema.get_field_index(name), leads.schema.field(name), column)
        return pa.concat_tables([leads, again])

    def moved(self, events: pa.Table, lead: np.ndarray) -> pa.Table:
        """Return a table of events that stand, from the second entry on and every other day, under the second id.

        Parameters
        ----------
        lead : array
            Number of the lead of each row, among all leads.
        """
        split, times = self.split_us()[lead], events["occurred_at"].cast(pa.int64()).to_numpy()
        moves = pa.array((split >= 0) & (times > split) & ((lead + times // DAY_US) % 2 == 0))
        ids = pc.if_else(moves, _second(events["lead_id"]), events["lead_id"])
        return events.set_column(0, events.schema.field(0), ids)


def _second(ids: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.binary_join_element_wise("D", ids, "")
