"""Ten kinds of leaks to plant in a funnel's tables, and honest columns to plant beside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

TABLES = ("leads", "changes", "events", "stages")
STRENGTHS = ("blatant", "clear", "faint", "hidden")
"""How much a leak shows; a hidden one does to the figures what honest columns may do."""
Tables = dict[str, pd.DataFrame]


@dataclass(frozen=True)
class Planted:
    """A leak as planted: its kind, its strength, and the column or type of event that it is."""

    kind: str
    strength: str
    name: str
    is_event: bool = False
    actor: str = "lead"

    def renamed(self, name: str) -> Planted:
        """Return it under another name."""
        return replace(self, name=name)


@dataclass(frozen=True)
class Fates:
    """What became of each lead of table leads, in its order; times are NaT where it never happened."""

    created: pd.Series
    sal: pd.Series
    sql: pd.Series
    won: pd.Series
    lost: pd.Series
    ended: pd.Series
    last: pd.Series
    stage: pd.Series
    export: pd.Timestamp


def fates(tables: Tables) -> Fates:
    """Read the leads' fates from the tables."""
    ids, stages = tables["leads"]["lead_id"], tables["stages"]
    first = {
        name: ids.map(stages[stages["stage"].isin(members)].groupby("lead_id")["entered_at"].min())
        for name, members in {
            "sal": ["SAL", "SQL", "WON"],
            "sql": ["SQL", "WON"],
            "won": ["WON"],
            "lost": ["LOST"],
            "ended": ["WON", "LOST"],
        }.items()
    }
    created = tables["leads"]["created_at"]
    times = pd.concat(
        [tables["events"].rename(columns={"occurred_at": "t"}), stages.rename(columns={"entered_at": "t"})]
    )
    last = ids.map(times.groupby("lead_id")["t"].max())
    newest = stages.sort_values("entered_at").drop_duplicates("lead_id", keep="last").set_index("lead_id")["stage"]
    return Fates(
        created, **first, last=last.fillna(created), stage=ids.map(newest).fillna("NEW"), export=times["t"].max()
    )


def _by(strength: str, *choices: float) -> float:
    return choices[STRENGTHS.index(strength)]


def _column(tables: Tables, name: str, values: pd.Series | Sequence[object] | npt.NDArray[Any]) -> None:
    tables["leads"][name] = pd.Series(values, index=tables["leads"].index)


def _outcome_renamed(rng: np.random.Generator, tables: Tables, f: Fates, strength: str) -> Planted:
    wrong = _by(strength, 0.01, 0.04, 0.08, 0.2)
    flipped = rng.random(len(f.sql)) < wrong
    code = np.where(f.sql.notna().to_numpy() ^ flipped, "B7", "A2")
    _column(tables, "converted", code)
    return Planted("the outcome renamed", strength, "converted")


def _end_score(rng: np.random.Generator, tables: Tables, f: Fates, strength: str) -> Planted:
    apart = np.sqrt(2) * NormalDist().inv_cdf(_by(strength, 0.98, 0.95, 0.92, 0.85))
    score = 40 + 15 * (apart * f.sql.notna().to_numpy() + rng.normal(size=len(f.sql)))
    _column(tables, "final_score", score.round(1))
    return Planted("a score written at the end", strength, "final_score")


def _filled(rng: np.random.Generator, inside: np.ndarray, share: float, noise: float) -> np.ndarray:
    return np.where(inside, rng.random(len(inside)) < share, rng.random(len(inside)) < noise)


def _deal_size(rng: np.random.Generator, tables: Tables, f: Fates, strength: str) -> Planted:
    there = _filled(
        rng, f.sql.notna().to_numpy(), _by(strength, 0.97, 0.7, 0.4, 0.15), _by(strength, 0, 0.001, 0.003, 0.01)
    )
    amount = np.round(rng.lognormal(10, 1, len(there)), -2)
    _column(tables, "deal_size", np.where(there, amount, np.nan))
    return Planted("filled for winners only", strength, "deal_size")


def _lost_reason(rng: np.random.Generator, tables: Tables, f: Fates, strength: str) -> Planted:
    there = _filled(
        rng, f.lost.notna().to_numpy(), _by(strength, 0.95, 0.5, 0.15, 0.05), _by(strength, 0, 0.002, 0.005, 0.015)
    )
    why = rng.choice(["price", "timing", "competitor", "unreachable"], len(there))
    _column(tables, "reason_lost", pd.Series(why, dtype="object").where(there, None))
    return Planted("a reason filled for the lost only", strength, "reason_lost")


def _status(rng: np.random.Generator, tables: Tables, f: Fates, strength: str) -> Planted:
    words = {"NEW": "new", "MQL": "nurture", "SRL": "to call", "SAL": "in talks", "SQL": "opportunity open"}
    words |= {"WON": "closed won", "LOST": "closed lost", "RECYCLED": "nurture"}
    text = f.stage.map(words).astype("object")
    stale = rng.random(len(text)) < _by(strength, 0.0, 0.15, 0.4, 0.75)
    others = rng.choice(["new", "nurture", "to call", "ringing"], len(text))
    _column(tables, "lead_status", text.where(~stale, others))
    return Planted("status with outcome words", strength, "lead_status")


def _last_touched(rng: np.random.Generator, tables: Tables, f: Fates, strength: str) -> Planted:
    there = rng.random(len(f.last)) < _by(strength, 1.0, 0.5, 0.1, 0.01)
    touched = f.last + pd.to_timedelta(rng.integers(0, 72, len(f.last)), unit="h")
    touched = touched.mask(touched > f.export, f.export)
    _column(tables, "last_touched", touched.dt.strftime("%Y-%m-%d").where(there, None))
    return Planted("a date of the last touch", strength, "last_touched")


def _changed_field(rng: np.random.Generator, tables: Tables, f: Fates, strength: str) -> Planted:
    ids, n = tables["leads"]["lead_id"], len(f.sal)
    first = pd.Series(rng.choice(["", "quality", "audit"], n, p=[0.6, 0.3, 0.1]), dtype="object")
    changed = f.sal.notna() & (rng.random(n) < _by(strength, 0.95, 0.6, 0.3, 0.05))
    later = pd.Series(rng.choice(["quality", "audit", "complaints", "suppliers"], n), dtype="object")
    rows = [
        pd.DataFrame({"lead_id": ids, "changed_at": f.created, "field": "use_case", "value": first})[first != ""],
        pd.DataFrame(
            {"lead_id": ids, "changed_at": f.sal + pd.Timedelta(hours=5), "field": "use_case", "value": later}
        )[changed],
    ]
    tables["changes"] = pd.concat([tables["changes"], *rows], ignore_index=True)
    _column(tables, "use_case", later.where(changed, first.where(first != "", None)))
    return Planted("today's value of a field that changed", strength, "use_case")


def _owner(rng: np.random.Generator, tables: Tables, f: Fates, strength: str) -> Planted:
    there = _filled(
        rng, f.sal.notna().to_numpy(), _by(strength, 0.98, 0.85, 0.6, 0.25), _by(strength, 0, 0.005, 0.01, 0.03)
    )
    team = pd.Series(rng.choice(["north", "south", "west", "key accounts"], len(there)), dtype="object")
    _column(tables, "owner_team", team.where(there, None if rng.random() < 0.5 else "inbox"))
    return Planted("a team assigned at SAL", strength, "owner_team")


def _activity_count(rng: np.random.Generator, tables: Tables, f: Fates, strength: str) -> Planted:
    events = tables["events"]
    by_sales = events[events["actor"] == "sales"].groupby("lead_id").size()
    counts = tables["leads"]["lead_id"].map(by_sales).fillna(0).to_numpy()
    noise = rng.normal(1, _by(strength, 0.0, 0.2, 0.35, 0.8), len(counts)).clip(0.1)
    _column(tables, "touches", np.round(counts * noise))
    return Planted("a count of sales' work to the end", strength, "touches")


def _event_at_the_end(rng: np.random.Generator, tables: Tables, f: Fates, strength: str) -> Planted:
    ids, n = tables["leads"]["lead_id"], len(f.sql)
    if strength == "clear":  # comes with the contract, a little before or after it is noted
        name, actor, there = "contract_mail", "sales", f.won.notna() & (rng.random(n) < 0.9)
        at = f.won + pd.to_timedelta(rng.uniform(-0.5, 48, n), unit="h")
    else:  # an import that stamped the call that qualified the lead with the lead's own time
        name, actor = "qualifying_form", "lead"
        there = pd.Series(
            _filled(rng, f.sql.notna().to_numpy(), _by(strength, 0.95, 0, 0.4, 0.15), _by(strength, 0, 0, 0.003, 0.01))
        )
        at = f.created + pd.to_timedelta(rng.uniform(0, 0.5, n), unit="h")
    rows = pd.DataFrame({"lead_id": ids, "occurred_at": at, "event_type": name, "actor": actor})[there]
    rows = rows[rows["occurred_at"] <= f.export].astype({"occurred_at": tables["events"]["occurred_at"].dtype})
    tables["events"] = pd.concat([tables["events"], rows], ignore_index=True)
    return Planted("an event of the outcome", strength, name, is_event=True, actor=actor)


Plant = Callable[[np.random.Generator, Tables, Fates, str], Planted]
KINDS: tuple[Plant, ...] = (
    _outcome_renamed,
    _end_score,
    _deal_size,
    _lost_reason,
    _status,
    _last_touched,
    _changed_field,
    _owner,
    _activity_count,
    _event_at_the_end,
)


def plant(rng: np.random.Generator, tables: Tables, strengths: list[str]) -> tuple[Tables, list[Planted]]:
    """Return the tables with one leak of each kind, and what was planted."""
    copied = {name: table.copy() for name, table in tables.items()}
    known = fates(copied)
    return copied, [kind(rng, copied, known, strength) for kind, strength in zip(KINDS, strengths, strict=True)]


def add_honest(rng: np.random.Generator, tables: Tables) -> Tables:
    """Return the tables with columns that were known when the lead came: strong, rare, dated ahead, in vain."""
    copied = {name: table.copy() for name, table in tables.items()}
    leads, events = copied["leads"], copied["events"]
    n, created = len(leads), leads["created_at"]
    first_day = events["lead_id"].map(leads.set_index("lead_id")["created_at"]) + pd.Timedelta(days=1)
    early = events[(events["occurred_at"] <= first_day) & (events["actor"] == "lead")]
    chance = leads["lead_id"].map(tables["truth"].set_index("lead_id")["p_sql"]).fillna(0.01).clip(1e-4, 1 - 1e-4)
    asked = leads["lead_id"].isin(early.loc[early["event_type"].isin(["contact_form", "demo_request"]), "lead_id"])
    plans = (created + pd.to_timedelta(rng.integers(5, 300, n), unit="D")).dt.strftime("%Y-%m-%d")
    honest = {
        "form_interest": (np.log(chance / (1 - chance)) + rng.normal(0, 0.5, n)).round(2),
        "first_day_clicks": leads["lead_id"].map(early.groupby("lead_id").size()).fillna(0),
        "form_message": pd.Series(rng.choice(["call me", "price please", "demo"], n), dtype="object").where(
            asked, None
        ),
        "wanted_start": plans.where(rng.random(n) < 0.5, None),
        "imported_on": (created + pd.to_timedelta(rng.uniform(0, 20, n), unit="h")).astype(str),
        "region_desk": leads["country"].map({"DE": "central", "AT": "alps", "CH": "alps"}).fillna("other"),
        "university": leads["email"].str.extract(r"@(.*uni.*|tum\.de|ethz\.ch|kit\.edu)$", expand=False),
        "fax": pd.Series(rng.integers(10**6, 10**7, n).astype(str), dtype="object").where(rng.random(n) < 0.02, None),
        "record_id": rng.permutation(n).astype(str),
        "note_at_entry": [f"{a} {b}" for a, b in zip(rng.integers(0, 10**6, n), rng.integers(0, 9, n), strict=True)],
    }
    copied["leads"] = leads.assign(**honest)
    return copied


def scrambled(tables: Tables, planted: list[Planted]) -> tuple[Tables, dict[str, str]]:
    """Return the tables with names that say nothing for all columns that the demo does not declare, and the names."""
    demo = {"lead_id", "created_at", "account_id", "job_title", "email", "company", "industry", "employees", "country"}
    demo |= {"channel", "campaign", "newsletter_opt_in"}
    names = [name for name in tables["leads"].columns if name not in demo]
    names += [leak.name for leak in planted if leak.is_event]
    spelt = {name: f"col_{i}" for i, name in enumerate(names, 1)}
    shown = dict(tables)
    shown["leads"] = tables["leads"].rename(columns=spelt)
    shown["changes"] = tables["changes"].assign(field=tables["changes"]["field"].replace(spelt))
    shown["events"] = tables["events"].assign(event_type=tables["events"]["event_type"].replace(spelt))
    return shown, spelt
