"""Which acts of a lead are those of machines: one rule for ingestion and for a request, on the facts of one lead alone.

Whether an open or a click was a machine's is decided by what lies at most `MachineRules.settles` around it. It is known
from then on and not before, so that no later fact changes what was known: its time is put off by that span. A time of a
whole minute is taken for one without seconds: it says nothing about a burst.
"""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from features.as_of import Times
from features.machine_rules import AGENTS, TEST_DOMAINS, TEST_NAMES, MachineRules
from features.time_units import DAY_US, SECOND_US

MACHINE = "machine"
"""The actor of such acts: no family has it, so that nothing counts them."""

WHY = (
    "",
    "own or test address",
    "known agent",
    "known network",
    "all links within seconds",
    "in the second of delivery",
    "hundreds a day",
)
"""Why an act is a machine's, by code; 0 is an act of a person. Of several reasons the first one counts."""
_OWN, _AGENT, _NETWORK, _BURST, _DELIVERY, _MANY = range(1, len(WHY))

_TEST_ADDRESS = re.compile(rf"^({'|'.join(map(re.escape, TEST_NAMES))})([0-9]*|[+._-].*)$")


def machine_reasons(events: pa.Table, rules: MachineRules) -> NDArray[np.int8]:
    """Return for each event why it is a machine's, as its place in `WHY`.

    Parameters
    ----------
    events : pyarrow Table
        In any order: ``lead`` (int64), ``occurred_us`` (int64), ``event_type``, ``is_act`` (bool: done by the lead),
        ``detail``, ``user_agent``, ``ip`` (text or null), ``email`` (of the lead; text or null).
    rules : MachineRules

    Returns
    -------
    array of int8
        0 for acts of people and for what marketing and sales did. The order of rows changes nothing.
    """
    reasons = np.zeros(len(events), np.int8)
    if not len(events):
        return reasons
    lead, times = (events[name].to_numpy().astype(np.int64) for name in ("lead", "occurred_us"))
    is_act = events["is_act"].to_numpy(zero_copy_only=False).astype(bool)
    types = events["event_type"]
    is_click, is_open, is_sent = (_among(types, names) for names in (rules.clicks, rules.opens, rules.sent))
    has_seconds = times % (60 * SECOND_US) != 0
    is_mail = (is_click | is_open) & is_act & has_seconds
    covering, around = _bursts(lead, times, is_click & is_act & has_seconds, _links(events["detail"]), rules)
    signs = {
        _MANY: is_act & _many(lead, times, is_act, rules.acts_a_day),
        _DELIVERY: is_mail & _delivered(lead, times, is_sent, rules.after_delivery),
        _BURST: is_act & ((is_click & covering) | (is_open & around)),
        _NETWORK: is_act & _begins(events["ip"], rules.networks),
        _AGENT: is_act & _contains(events["user_agent"], (*AGENTS, *rules.agents)),
        _OWN: is_act & _own(events["email"], rules.own_domains),
    }
    for code, sign in signs.items():  # the first reason is written last
        reasons[sign] = code
    return reasons


def known_from(times: Times, event_types: pa.ChunkedArray | pa.Array, rules: MachineRules) -> Times:
    """Return from when events are known: opens and clicks when it is decided whose they were, all else at its time."""
    settled: Times = times + np.where(_among(event_types, rules.watched), rules.settles, 0)
    return settled


def guessed_rules(event_types: list[str]) -> MachineRules:
    """Return the rules that names of event types suggest, for a source that declares none.

    Examples
    --------
    >>> guessed_rules(["email_click", "Mail opened", "newsletter_sent", "demo"]).watched
    ('email_click', 'Mail opened')
    """

    def named(words: str) -> tuple[str, ...]:
        return tuple(name for name in event_types if re.search(words, name.lower()))

    return MachineRules(
        clicks=named(r"click|klick"),
        opens=named(r"(mail|newsletter|letter).*(open|geöffnet|öffnung)"),
        sent=named(r"(mail|newsletter|letter).*(sent|delivered|gesendet|versand|zugestellt)"),
    )


def _among(column: pa.ChunkedArray | pa.Array, names: tuple[str, ...]) -> NDArray[np.bool_]:
    found = pc.is_in(column, value_set=pa.array(names, pa.string()))
    return np.asarray(found.to_numpy(zero_copy_only=False), dtype=bool)


def _links(detail: pa.ChunkedArray) -> NDArray[np.int64]:
    """Return a number a link; an event without one is a link of its own."""
    codes = detail.combine_chunks().dictionary_encode().indices
    filled = pc.fill_null(codes, -1).to_numpy(zero_copy_only=False).astype(np.int64)
    alone = -2 - np.arange(len(filled), dtype=np.int64)
    return np.where(filled < 0, alone, filled)


def _bursts(
    lead: NDArray[np.int64], times: Times, is_click: NDArray[np.bool_], links: NDArray[np.int64], rules: MachineRules
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which events lie within ``within`` after the begin of a burst, and which before or after it."""
    rows = np.flatnonzero(is_click)
    # the same link again within the span is the same click: hands tremble, and pages reload
    by_link = rows[np.lexsort((times[rows], links[rows], lead[rows]))]
    again = np.zeros(len(lead), bool)
    same = (np.diff(lead[by_link]) == 0) & (np.diff(links[by_link]) == 0) & (np.diff(times[by_link]) <= rules.within)
    again[by_link[1:][same]] = True
    clicks = rows[np.lexsort((times[rows], lead[rows]))]
    counted = np.concatenate([[0], np.cumsum(~again[clicks])])
    keys = _keys(lead[clicks], times[clicks])
    after = _place(keys, lead[clicks], times[clicks] + rules.within, side="right")
    begins = counted[after] - counted[np.arange(len(clicks))] >= rules.links
    begun = np.concatenate([[0], np.cumsum(begins)])
    first = _place(keys, lead, times - rules.within, side="left")
    now = _place(keys, lead, times, side="right")
    later = _place(keys, lead, times + rules.within, side="right")
    return begun[now] - begun[first] > 0, begun[later] - begun[first] > 0


def _keys(lead: NDArray[np.int64], times: Times) -> NDArray[np.void]:
    keys = np.empty(len(lead), dtype=[("lead", np.int64), ("time", np.int64)])
    keys["lead"], keys["time"] = lead, times
    return keys


def _place(keys: NDArray[np.void], lead: NDArray[np.int64], times: Times, *, side: str) -> NDArray[np.int64]:
    """Return where each lead and time stands among sorted ones."""
    first = np.searchsorted(keys["lead"], lead, side="left")
    last = np.searchsorted(keys["lead"], lead, side="right")
    sought, low, high = np.ascontiguousarray(times), first.astype(np.int64), last.astype(np.int64)
    stamps = np.ascontiguousarray(keys["time"])
    while (low < high).any():  # halving, all at once: some twenty rounds
        middle = np.minimum((low + high) // 2, max(len(stamps) - 1, 0))
        is_before = stamps[middle] <= sought if side == "right" else stamps[middle] < sought
        is_open = low < high
        low = np.where(is_open & is_before, middle + 1, low)
        high = np.where(is_open & ~is_before, middle, high)
    return low


def _delivered(lead: NDArray[np.int64], times: Times, is_sent: NDArray[np.bool_], span: int) -> NDArray[np.bool_]:
    rows = np.flatnonzero(is_sent)
    rows = rows[np.lexsort((times[rows], lead[rows]))]
    keys = _keys(lead[rows], times[rows])
    sent = _place(keys, lead, times, side="right") - _place(keys, lead, times - span, side="left")
    return sent > 0


def _many(lead: NDArray[np.int64], times: Times, is_act: NDArray[np.bool_], most: int) -> NDArray[np.bool_]:
    """Return which events have so many acts in the day before them; what comes later plays no part."""
    rows = np.flatnonzero(is_act)
    rows = rows[np.lexsort((times[rows], lead[rows]))]
    keys = _keys(lead[rows], times[rows])
    before = _place(keys, lead, times, side="left") - _place(keys, lead, times - DAY_US, side="right")
    return np.asarray(before >= most, dtype=bool)


def _begins(column: pa.ChunkedArray, beginnings: tuple[str, ...]) -> NDArray[np.bool_]:
    found = np.zeros(len(column), bool)
    for beginning in beginnings:
        found |= pc.fill_null(pc.starts_with(column, beginning), False).to_numpy(zero_copy_only=False).astype(bool)
    return found


def _contains(column: pa.ChunkedArray, names: tuple[str, ...]) -> NDArray[np.bool_]:
    if column.null_count == len(column):
        return np.zeros(len(column), bool)
    pattern = "|".join(re.escape(name.lower()) for name in names)
    found = pc.match_substring_regex(pc.utf8_lower(column), pattern)
    return np.asarray(pc.fill_null(found, False).to_numpy(zero_copy_only=False), dtype=bool)


def _own(column: pa.ChunkedArray, own_domains: tuple[str, ...]) -> NDArray[np.bool_]:
    coded = column.combine_chunks().dictionary_encode()
    own = [is_own_or_test(address, own_domains) for address in coded.dictionary.to_pylist()]
    places = pc.fill_null(coded.indices, len(own)).to_numpy(zero_copy_only=False)
    return np.asarray(np.append(np.array(own, dtype=bool), False)[places], dtype=bool)


def is_own_or_test(address: str, own_domains: tuple[str, ...] = ()) -> bool:
    """Return whether an e-mail address is one of the company's own, or one that somebody made up to try a form.

    Examples
    --------
    >>> [is_own_or_test(a, ("acme.io",)) for a in ("Jo@ACME.io", "test2@web.de", "x@example.com", "tess@web.de")]
    [True, True, True, False]
    """
    name, _, domain = address.strip().lower().rpartition("@")
    domains = (*TEST_DOMAINS, *(own.lower().lstrip("@") for own in own_domains))
    return any(domain == one or domain.endswith(f".{one}") for one in domains) or bool(_TEST_ADDRESS.match(name))
