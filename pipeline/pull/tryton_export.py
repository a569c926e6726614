"""Tryton's opportunities as an export: leads as created, stages with their times, notes without their text."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipeline.remote.tryton import Tryton

_MODEL = "sale.opportunity"
_AT_ONCE = 500
_OURS = "leadscore: "
"""Notes that leadscore has written itself begin so."""
_KIND = re.compile(r"\s*([^\W\d_][\w -]{0,29}?)\s*:")
"""A note that begins with a word and a colon says what kind of act it notes."""
_ANSWERS = {
    "confirmed": ("confirmed", "bestätigt", "yes", "ja"),
    "open": ("open", "offen"),
    "denied": ("denied", "verneint", "no", "nein"),
    "unknown": ("unknown", "unbekannt"),
}
_ANSWER_OF = {word: answer for answer, words in _ANSWERS.items() for word in words}
"""The only words of a note's text that are read: what sales found out about budget, need and the like."""
REVISIONS = "revisions.csv"
_REVISION = ("lead_id", "changed_at", "stage", "amount")


def export(tryton: Tryton, folder: Path) -> dict[str, int]:
    """Write ``leads.csv``, ``stages.csv``, ``notes.csv`` and ``revisions.csv``, and return their numbers of rows.

    What an opportunity says now was often filled in late. So its amount is that of its first revision, and its stages
    come with the times of Tryton's history. Revisions that a pull has read before are not asked again.

    Parameters
    ----------
    tryton : Tryton
    folder : Path
        Made where it is not there. Each file takes its place whole.
    """
    folder.mkdir(parents=True, exist_ok=True)
    opportunities = _opportunities(tryton)
    revisions = _revisions(tryton, [row["id"] for row in opportunities], folder / REVISIONS)
    of_lead = defaultdict(list)
    for revision in revisions:
        of_lead[revision["lead_id"]].append(revision)
    first = {lead_id: rows[0] for lead_id, rows in of_lead.items()}
    tables: dict[str, tuple[Sequence[str], list[Mapping[str, Any]]]] = {
        "leads.csv": (
            ("lead_id", "created_at", "amount", "category", "country"),
            [_lead(row, first[str(row["id"])]) for row in opportunities if str(row["id"]) in first],
        ),
        "stages.csv": (("lead_id", "stage", "entered_at"), list(_stages(of_lead.values()))),
        "notes.csv": (("lead_id", "noted_at", "kind", "answer"), list(_notes(tryton))),
        REVISIONS: (_REVISION, revisions),
    }
    for name, (columns, rows) in tables.items():
        _write(folder / name, columns, rows)
    return {name: len(rows) for name, (_, rows) in tables.items()}


def _opportunities(tryton: Tryton) -> list[Any]:
    fields = ["create_date", "party.categories", "address.country.code"]
    rows = list(_all(tryton, _MODEL, [], fields))
    categories = [(row.get("party.") or {}).get("categories") or () for row in rows]
    ids = sorted({category for of_party in categories for category in of_party})
    names = {row["id"]: row["name"] for row in tryton.call("party.category", "read", ids, ["name"])} if ids else {}
    for row, of_party in zip(rows, categories, strict=True):
        row["category"] = names[of_party[0]] if of_party else None
        row["country"] = ((row.get("address.") or {}).get("country.") or {}).get("code")
    return rows


def _lead(row: Mapping[str, Any], first: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "lead_id": row["id"], "created_at": _text(row["create_date"]), "amount": first["amount"],
        "category": row["category"], "country": row["country"],
    }  # fmt: skip


def _stages(of_leads: Iterable[Sequence[Mapping[str, Any]]]) -> Iterator[Mapping[str, Any]]:
    """Yield each stage that an opportunity entered, when its revision says another one than the revision before."""
    for revisions in of_leads:
        before = None
        for revision in revisions:
            if revision["stage"] != before:
                entered = {"lead_id": revision["lead_id"], "stage": revision["stage"]}
                yield entered | {"entered_at": revision["changed_at"]}
            before = revision["stage"]


def _revisions(tryton: Tryton, ids: Sequence[int], file: Path) -> list[Mapping[str, Any]]:
    """Return every revision, oldest first: those of the file, and those that Tryton has beyond them."""
    known = {(row["lead_id"], row["changed_at"]): row for row in _read(file)}
    wanted = defaultdict(list)
    for start in range(0, len(ids), _AT_ONCE):
        for at, lead_id, _ in tryton.call(_MODEL, "history_revisions", ids[start : start + _AT_ONCE]):
            if (str(lead_id), _text(at)) not in known:
                wanted[at].append(lead_id)
    for at, of_moment in sorted(wanted.items()):
        for row in tryton.call(_MODEL, "read", of_moment, ["state", "amount"], context={"_datetime": at}):
            revision = {
                "lead_id": str(row["id"]), "changed_at": _text(at), "stage": row["state"].upper(),
                "amount": "" if row["amount"] is None else str(row["amount"]),
            }  # fmt: skip
            known[revision["lead_id"], revision["changed_at"]] = revision
    here = {str(lead_id) for lead_id in ids}
    return sorted(
        (row for row in known.values() if row["lead_id"] in here),
        key=lambda row: (int(row["lead_id"]), row["changed_at"]),
    )


def _notes(tryton: Tryton) -> Iterator[Mapping[str, Any]]:
    chosen = [["resource", "like", f"{_MODEL},%"], ["message", "not like", f"{_OURS}%"]]
    for row in _all(tryton, "ir.note", chosen, ["resource", "message", "create_date"]):
        kind = _KIND.match(row["message"] or "")
        yield {
            "lead_id": str(row["resource"]).rpartition(",")[2], "noted_at": _text(row["create_date"]),
            "kind": kind[1].lower() if kind else "note",
            "answer": _answer(row["message"][kind.end() :]) if kind else "",
        }  # fmt: skip


def _answer(text: str) -> str:
    """Return which answer a note begins with after its colon; all else that it says stays in Tryton."""
    word = re.match(r"\W*(\w*)", text)
    return _ANSWER_OF.get(word[1].lower(), "") if word else ""


def _all(tryton: Tryton, model: str, chosen: list[Any], fields: list[str]) -> Iterator[Any]:
    """Yield every record, by id, a page at a time: records that come in meanwhile move none."""
    last = 0
    while rows := tryton.call(model, "search_read", [*chosen, ["id", ">", last]], 0, _AT_ONCE, [["id", "ASC"]], fields):
        yield from rows
        last = rows[-1]["id"]


def _text(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _read(file: Path) -> list[dict[str, str]]:
    if not file.is_file():
        return []
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _write(file: Path, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    beside = file.with_name(f".{file.name}.part")
    with beside.open("w", encoding="utf-8", newline="") as stream:
        table = csv.DictWriter(stream, columns)
        table.writeheader()
        table.writerows(rows)
    beside.replace(file)
