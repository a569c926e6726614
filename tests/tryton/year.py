"""A year of a small company's leads, lived in Tryton through its API: by the buttons that people press."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from pipeline.remote.tryton import Tryton

FIRST_MONDAY = datetime(2025, 6, 2, 9, tzinfo=UTC)
FOUNDED = FIRST_MONDAY - timedelta(days=30)
WEEKS, LEADS_A_WEEK = 52, 14
LAST = FIRST_MONDAY + timedelta(weeks=WEEKS - 1, days=4, hours=8)
"""The last moment of the year: a Friday evening."""
OPPORTUNITY = "sale.opportunity"
BANT = ("Budget", "Authority", "Need", "Timeline")


def fill(tryton: Tryton, set_clock: Callable[[datetime], None]) -> None:
    """Live the year: requests, subscriptions, followers and machinery make quotations, half of which become orders."""
    draw = np.random.default_rng(7)
    company = _company(tryton)
    notes: dict[int, list[tuple[int, str]]] = defaultdict(list)
    presses: dict[int, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for week in range(WEEKS):
        monday = FIRST_MONDAY + timedelta(weeks=week)
        set_clock(monday)
        machinery = draw.random(LEADS_A_WEEK) < 0.4
        leads = [("Maschinenbau" if one else "Handel", "DE" if draw.random() < 0.8 else "AT") for one in machinery]
        ids = new_leads(tryton, company, leads, draw)
        for lead, is_machinery in zip(ids, machinery, strict=True):
            _plan(week, lead, bool(is_machinery), draw, notes, presses)
        for day in (1, 3):
            set_clock(monday + timedelta(days=day, hours=2))
            note(tryton, notes[2 * week + day // 2])
        set_clock(monday + timedelta(days=4, hours=3))
        _press(tryton, presses[week])
    set_clock(LAST)
    lead = tryton.call(OPPORTUNITY, "search_read", [["state", "=", "lead"]], 0, 1, None, ["id"])[0]["id"]
    note(tryton, [(lead, "Call: nobody there")])


def _company(tryton: Tryton) -> dict[str, Any]:
    rate = {"date": FIRST_MONDAY.date() - timedelta(days=900), "rate": Decimal(1)}
    euro = {"name": "Euro", "code": "EUR", "symbol": "€", "numeric_code": "978", "rates": [["create", [rate]]]}
    [currency] = tryton.call("currency.currency", "create", [euro])
    firm, seller = tryton.call("party.party", "create", [{"name": "Prüfwerk"}, {"name": "Vera Vertrieb"}])
    [company] = tryton.call("company.company", "create", [{"party": firm, "currency": currency}])
    tryton.call("company.employee", "create", [{"party": seller, "company": company}])
    tryton.call("res.user", "write", [1], {"companies": [["add", [company]]], "company": company})
    tryton.call("party.category", "create", [{"name": "Maschinenbau"}, {"name": "Handel"}])
    countries = [{"name": "Deutschland", "code": "DE"}, {"name": "Österreich", "code": "AT"}]
    tryton.call("country.country", "create", countries)
    tryton.refresh()
    return the_company(tryton)


def the_company(tryton: Tryton) -> dict[str, Any]:
    """Return what a new opportunity refers to."""

    def ids(model: str, name: str) -> dict[str, int]:
        return {row[name]: row["id"] for row in tryton.call(model, "search_read", [], 0, None, None, [name])}

    [company] = tryton.call("company.company", "search_read", [], 0, 1, None, ["currency", "employees"])
    return {
        "of": {"company": company["id"], "currency": company["currency"], "employee": company["employees"][0]},
        "categories": ids("party.category", "name"),
        "countries": ids("country.country", "code"),
    }


def new_leads(tryton: Tryton, company: dict[str, Any], leads: Sequence[tuple[str, str]], draw: Any) -> list[int]:
    """Enter leads of a category and a country each, and return their ids."""
    parties = [
        {
            "name": f"Kunde {draw.integers(10**9)}",
            "categories": [["add", [company["categories"][category]]]],
            "addresses": [["create", [{"street": "Hauptstraße 1", "country": company["countries"][country]}]]],
        }
        for category, country in leads
    ]
    ids = tryton.call("party.party", "create", parties)
    places = tryton.call("party.party", "read", ids, ["addresses"])
    address = {row["id"]: row["addresses"][0] for row in places}
    opportunities = [
        {
            **company["of"], "party": party, "address": address[party], "description": "Anfrage",
            "amount": Decimal(int(draw.integers(10, 200)) * 100),
        }
        for party in ids
    ]  # fmt: skip
    made: list[int] = tryton.call(OPPORTUNITY, "create", opportunities)
    return made


def _plan(week: int, lead: int, is_machinery: bool, draw: Any, notes: Any, presses: Any) -> None:
    """Decide what a lead will do, and when which button is pressed for it."""
    requests, subscribed, follows = min(int(draw.poisson(0.4)), 2), draw.random() < 0.3, draw.random() < 0.3
    acts = ["Request: please show us"] * requests + ["Visit: product page"] * int(draw.poisson(1.5))
    acts += ["Download: e-book"] * int(draw.poisson(0.7)) + ["Called, wants to think about it"] * (draw.random() < 0.3)
    acts += ["Subscribe: newsletter"] * subscribed + ["Follow: LinkedIn"] * follows
    for act in acts:
        notes[2 * week + int(draw.integers(0, 5))].append((lead, act))
    odds = -3.6 + 1.3 * is_machinery + 1.7 * requests + 1.2 * subscribed + 1.2 * follows
    quoted = week + 3 + int(draw.integers(0, 4))
    if draw.random() < 1 / (1 + np.exp(-odds)):
        notes[2 * quoted - 3] += [(lead, f"{what}: confirmed") for what in BANT]
        presses[quoted - 1]["opportunity"].append(lead)
        presses[quoted]["convert"].append(lead)
        presses[quoted + 3]["won" if draw.random() < 0.6 else "kept"].append(lead)
    elif draw.random() < 0.15:  # accepted, and handed back
        notes[2 * quoted - 3] += [(lead, f"{what}: confirmed") for what in BANT[:2]]
        presses[quoted - 1]["opportunity"].append(lead)
        notes[2 * quoted] += [(lead, "Need: denied")]
        presses[quoted]["lead"].append(lead)
    elif draw.random() < 0.6:
        presses[week + 5 + int(draw.integers(0, 8))]["lost"].append(lead)


def note(tryton: Tryton, texts: Sequence[tuple[int, str]]) -> None:
    """Note something at opportunities."""
    if texts:
        rows = [{"resource": f"{OPPORTUNITY},{lead}", "message": message} for lead, message in texts]
        tryton.call("ir.note", "create", rows)


def _press(tryton: Tryton, buttons: dict[str, list[int]]) -> None:
    for button in ("opportunity", "convert", "lead", "lost"):
        if buttons.get(button):
            tryton.call(OPPORTUNITY, button, buttons[button])
    if buttons.get("won"):
        order(tryton, buttons["won"])


def order(tryton: Tryton, leads: Sequence[int]) -> None:
    """Let customers order: what is confirmed makes Tryton say that the opportunity is won."""
    origins = [f"{OPPORTUNITY},{lead}" for lead in leads]
    sales = [
        row["id"] for row in tryton.call("sale.sale", "search_read", [["origin", "in", origins]], 0, None, None, ["id"])
    ]
    line = {"type": "line", "quantity": 1, "unit_price": Decimal(900), "description": "Lizenz"}
    tryton.call("sale.sale", "write", sales, {"lines": [["create", [line]]]})
    tryton.call("sale.sale", "quote", sales)
    tryton.call("sale.sale", "confirm", sales)
