"""A small company that works with Tryton and leadscore, day by day: what its people press and note, and its nights."""

from __future__ import annotations

import io
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from pipeline.cli import main
from pipeline.remote.tryton import Tryton

RULES = """
attributes: [{column: fit_amount, at_least: 10000, points: 10}]
actions:
  - {family: visit, points: 8, cap: 24}
  - {family: download, points: 8, cap: 16}
  - {family: request, points: 10, cap: 20}
gates:
  SAL:
    - {column: fit_budget, in: [confirmed]}
    - {column: fit_authority, in: [confirmed]}
    - {column: fit_need, in: [confirmed]}
    - {column: fit_timeline, in: [confirmed]}
    - {column: fit_country, in: [DE, AT, CH]}
cutoffs: {MQL: 26, SAL: 32}
"""
QUICK = ("model.max_rounds=40", "model.boosters=2", "evaluate.bootstrap=50", "evaluate.shap_rows=50")


@dataclass
class Company:
    """A company with a Tryton in which a year has passed.

    Attributes
    ----------
    server
        The Tryton that runs.
    tryton : Tryton
        Somebody of the company, logged in there.
    year : module
        How leads, notes and orders are entered there.
    source, data, out : Path
        What commands are called with.
    """

    server: Any
    tryton: Tryton
    year: ModuleType
    source: Path
    data: Path
    out: Path

    def __post_init__(self) -> None:
        (self.source / "rules.yaml").write_text(RULES)
        self._draw = np.random.default_rng(11)
        self._company = self.year.the_company(self.tryton)

    def day(self, days: int, hour: int) -> datetime:
        """Let it be an hour of the day so many days after the last of the year, a Friday."""
        at: datetime = self.year.LAST.replace(hour=hour) + timedelta(days=days)
        self.server.set_clock(at)
        return at

    def new_leads(self, *leads: tuple[str, str]) -> list[str]:
        """Enter leads of a category and a country each."""
        return [str(lead) for lead in self.year.new_leads(self.tryton, self._company, leads, self._draw)]

    def note(self, *notes: tuple[str, str]) -> None:
        """Note something at leads."""
        self.year.note(self.tryton, [(int(lead), text) for lead, text in notes])

    def press(self, button: str, lead: str) -> None:
        """Press a button of Tryton's at a lead."""
        self.tryton.call(self.year.OPPORTUNITY, button, [int(lead)])

    def order(self, lead: str) -> None:
        """Let the customer order what was offered."""
        self.year.order(self.tryton, [int(lead)])

    def others(self, days: int) -> None:
        """Let a day pass for everybody else: new leads, visits, a call, and somebody who goes elsewhere."""
        self.day(days, 15)
        silent, model = [["state", "=", "lead"]], self.year.OPPORTUNITY
        rows = self.tryton.call(model, "search_read", silent, 0, 2, [["id", "ASC"]], ["id"])
        self.press("lost", str(rows[0]["id"]))
        self.day(days, 18)
        new = self.new_leads(("Handel", "DE"), ("Maschinenbau", "AT"), ("Handel", "DE"))
        self.note(*((lead, "Visit: product page") for lead in new), (str(rows[1]["id"]), "Budget: open"))

    def pull(self) -> None:
        """Get the night's export."""
        options = self.server.options
        where = ("--url", options.url, "--database", options.database, "--user", options.user, "--into", self.data)
        self.leadscore("pull", "tryton", *where, "--rate", 1_000)

    def leadscore(self, *arguments: object, code: int = 0) -> str:
        """Run a command as a user does; return what it said."""
        said = io.StringIO()
        with redirect_stdout(said), redirect_stderr(said):
            try:
                main([str(argument) for argument in arguments])
            except SystemExit as stopped:
                ended = int(stopped.code or 0)
        assert ended == code, said.getvalue()
        return said.getvalue()

    def stages(self, command: str, *arguments: object) -> str:
        """Run the nightly job or all stages, with Tryton as the tool that gets the scores."""
        options = self.server.options
        crm = {
            "kind": "tryton", "url": options.url, "database": options.database, "user": options.user,
            "rate": 1_000, "timeout_s": 120, "language": "de",
        }  # fmt: skip
        given = [*QUICK, *(f"score.sinks.crm.{name}={value}" for name, value in crm.items())]
        where = ("--source", self.source, "--data", self.data, "--out", self.out)
        return self.leadscore(command, *where, *(part for one in given for part in ("--set", one)), *arguments)

    def in_tryton(self, lead: str) -> dict[str, Any]:
        """Return what a lead's record says there: state, probability and leadscore's one note."""
        model, fields = self.year.OPPORTUNITY, ["state", "conversion_probability"]
        [row] = self.tryton.call(model, "search_read", [["id", "=", int(lead)]], 0, 1, None, fields)
        ours = [["resource", "=", f"{model},{lead}"], ["message", "like", "leadscore: %"]]
        notes = self.tryton.call("ir.note", "search_read", ours, 0, None, None, ["message"])
        assert len(notes) <= 1
        return {**row, "note": notes[0]["message"] if notes else None}
