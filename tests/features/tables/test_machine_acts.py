"""Acts of machines are told by what lies seconds around them: by a rule in plain loops, in any order, at any time."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.machine_rules import MachineRules
from features.tables.machine_acts import WHY, guessed_rules, is_own_or_test, known_from, machine_reasons
from features.time_units import DAY_US, HOUR_US, SECOND_US

START = 20_000 * DAY_US + 7 * SECOND_US
RULES = MachineRules(clicks=("click",), opens=("open",), sent=("sent",), acts_a_day=6, own_domains=("acme.io",),
                     networks=("66.102.",))  # fmt: skip


def acts(*rows: tuple, lead: int = 0) -> pa.Table:
    """Rows of (seconds, type, link) with an optional dict of further columns."""
    table: dict[str, list] = {name: [] for name in ("lead", "occurred_us", "event_type", "is_act", "detail",
                                                   "user_agent", "ip", "email")}  # fmt: skip
    for seconds, kind, link, *more in rows:
        row = {"lead": lead, "occurred_us": START + int(seconds * SECOND_US), "event_type": kind,
               "is_act": kind != "sent", "detail": link, **(more[0] if more else {})}  # fmt: skip
        for name, values in table.items():
            values.append(row.get(name))
    text = dict.fromkeys(("event_type", "detail", "user_agent", "ip", "email"), pa.string())
    types = {"lead": pa.int64(), "occurred_us": pa.int64(), "is_act": pa.bool_(), **text}
    return pa.table({name: pa.array(values, types[name]) for name, values in table.items()})


def why(*rows: tuple, **given) -> list[str]:
    return [WHY[code] for code in machine_reasons(acts(*rows, **given), RULES)]


@pytest.mark.parametrize(
    ("rows", "marked"),
    [
        ([(0, "click", "a"), (1, "click", "b"), (2, "click", "c")], 3),
        ([(0, "click", "a"), (5, "click", "b"), (10, "click", "c")], 3),
        ([(0, "click", "a"), (5, "click", "b"), (11, "click", "c")], 0),
        ([(0, "click", "a"), (1, "click", "a"), (2, "click", "b")], 0),  # one link twice: a hand that trembles
        ([(0, "click", "a"), (1, "click", "b"), (2, "click", "a"), (3, "click", "c")], 4),
        ([(0, "click", None), (1, "click", None), (2, "click", None)], 3),
        ([(-1, "open", "m"), (0, "click", "a"), (1, "click", "b"), (2, "click", "c"), (200, "open", "m")], 4),
        ([(0, "visit", "a"), (1, "visit", "b"), (2, "visit", "c")], 0),
        ([(0, "sent", None), (1, "open", "m"), (40, "open", "m")], 1),
        ([(0, "sent", None), (3, "open", "m")], 0),
        ([(53, "click", "a"), (53, "click", "b"), (53, "click", "c")], 0),  # a whole minute has no seconds
    ],
)
def test_bursts_and_opens_at_delivery(rows, marked):
    assert sum(reason != "" for reason in why(*rows)) == marked


def test_two_leads_make_no_burst_together():
    table = pa.concat_tables([acts((i, "click", link), lead=i) for i, link in enumerate("abcd")])
    assert not machine_reasons(table, RULES).any()


def test_agents_networks_addresses_and_crowds():
    assert why((0, "visit", None, {"user_agent": "Mozilla/5.0 (compatible; bingBot/2.0)"})) == ["known agent"]
    assert why((0, "visit", None, {"user_agent": "Mozilla/5.0 (Macintosh)"})) == [""]
    assert why((0, "visit", None, {"ip": "66.102.9.1"}), (1, "visit", None, {"ip": "8.66.102.1"})) == [
        "known network",
        "",
    ]
    assert why((0, "visit", None, {"email": "Jo@Acme.io"}), (1, "sent", None, {"email": "jo@acme.io"})) == [
        "own or test address", "",
    ]  # fmt: skip
    crowd = [(60 * i, "visit", None) for i in range(10)]
    assert [bool(reason) for reason in why(*crowd)] == [False] * 6 + [True] * 4


@pytest.mark.parametrize(
    ("address", "expected"),
    [("test@firma.de", True), ("test.user@firma.de", True), ("noreply@shop.de", True), ("a@mail.acme.io", True),
     ("testa@firma.de", False), ("greatest@firma.de", False), ("a@notacme.io", False), ("nobody", False)],
)  # fmt: skip
def test_addresses(address, expected):
    assert is_own_or_test(address, ("acme.io",)) is expected


def in_loops(rows: list[tuple]) -> list[bool]:
    """The rule of bursts and deliveries once more: for every click, all begins of bursts, link by link."""
    within, clicks = RULES.within / SECOND_US, []
    for seconds, kind, link in rows:
        whole_minute = (START // SECOND_US + seconds) % 60 == 0
        if kind == "click" and not whole_minute:
            clicks.append((seconds, link))
    clicks.sort()
    counted = [not any(other[1] == one[1] and 0 <= one[0] - other[0] <= within for other in clicks[:i])
               for i, one in enumerate(clicks)]  # fmt: skip
    begins = []
    for i, (start, _) in enumerate(clicks):
        inside = [j for j in range(i, len(clicks)) if clicks[j][0] <= start + within]
        begins += [start] if sum(counted[j] for j in inside) >= RULES.links else []
    marked = []
    for seconds, kind, _ in rows:
        whole_minute = (START // SECOND_US + seconds) % 60 == 0
        burst = (
            any(begin <= seconds <= begin + within for begin in begins)
            if kind == "click"
            else any(abs(begin - seconds) <= within for begin in begins)
        )
        delivered = any(k == "sent" and 0 <= seconds - s <= 2 for s, k, _ in rows)
        marked.append(kind != "sent" and (burst or (delivered and not whole_minute)))
    return marked


ROWS = st.lists(
    st.tuples(
        st.integers(0, 90), st.sampled_from(["click", "click", "click", "open", "sent"]), st.sampled_from("abcd")
    ),
    max_size=14,
    unique_by=lambda row: row[0],
)
LOOSE = RULES.model_copy(update={"acts_a_day": 1000})


@given(rows=ROWS)
@settings(max_examples=150, deadline=None)
def test_the_rule_is_that_of_plain_loops_in_any_order(rows):
    expected = in_loops(rows)
    assert (machine_reasons(acts(*rows), LOOSE) > 0).tolist() == expected
    assert (machine_reasons(acts(*reversed(rows)), LOOSE) > 0).tolist() == expected[::-1]


@given(rows=ROWS, moment=st.integers(0, 120))
@settings(max_examples=150, deadline=None)
def test_what_is_known_at_a_moment_does_not_change_with_what_comes_later(rows, moment):
    def known(some: list[tuple]) -> list[tuple]:
        table = acts(*some)
        times = known_from(table["occurred_us"].to_numpy(), table["event_type"], RULES)
        people = machine_reasons(table, RULES) == 0
        return sorted(row for row, us, is_person in zip(some, times, people, strict=True)
                      if is_person and us <= START + moment * SECOND_US)  # fmt: skip

    assert known(rows) == known([row for row in rows if row[0] <= moment])


def test_nothing_is_marked_without_rows_or_rules():
    assert machine_reasons(acts(), RULES).tolist() == []
    rows = [(0, "click", "a"), (1, "click", "b"), (2, "click", "c")]
    assert not machine_reasons(acts(*rows), MachineRules()).any()
    assert known_from(np.array([5]), pa.array(["click"]), MachineRules()).tolist() == [5]


def test_usual_names_suggest_the_rules():
    rules = guessed_rules(["Newsletter geöffnet", "Klick auf Link", "E-Mail gesendet", "Demo", "opened_ticket"])
    assert (rules.clicks, rules.opens, rules.sent) == (
        ("Klick auf Link",),
        ("Newsletter geöffnet",),
        ("E-Mail gesendet",),
    )


def test_a_day_is_a_day():
    crowd = [(HOUR_US / SECOND_US * 5 * i, "visit", None) for i in range(20)]  # never more than 5 in 24 hours
    assert not any(why(*crowd))
