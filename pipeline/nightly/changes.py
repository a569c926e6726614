"""Who changes: band, group or hand-over of each lead, as it is now and as tonight would make it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pandas as pd
from rich.console import Console
from rich.table import Table

from models.brakes.night import ResultProfile
from models.brakes.odd_export import OddThing
from models.scoring.groups import to_hand_over

SHOWN = 40
"""Lines of the table on a terminal."""
NOT_OPEN = "not open"


def changes_between(now: pd.DataFrame | None, tonight: pd.DataFrame) -> pd.DataFrame:
    """Return the leads that change, one row each: those that get to sales first, then by lead.

    Parameters
    ----------
    now, tonight : DataFrame
        By lead: ``band``, ``counted_as``, ``handed_over_by``. None is a store without scores.

    Returns
    -------
    DataFrame
        By lead: each column as ``…_now`` and ``…_tonight``; a lead that is not open has ``not open`` there. Leads that
        come or go below the cut-offs are no change.
    """
    before = tonight.iloc[:0] if now is None else now
    both = before.add_suffix("_now").join(tonight.add_suffix("_tonight"), how="outer").astype(object)
    for side, rows in (("now", before), ("tonight", tonight)):
        absent = ~both.index.isin(rows.index)
        both.loc[absent, [f"band_{side}", f"counted_as_{side}"]] = NOT_OPEN
    differs = pd.Series(False, index=both.index)
    for name in ("band", "counted_as", "handed_over_by"):
        differs |= both[f"{name}_now"].fillna("") != both[f"{name}_tonight"].fillna("")
    open_ends = both["counted_as_now"].eq(NOT_OPEN) | both["counted_as_tonight"].eq(NOT_OPEN)
    listed = to_hand_over(both["counted_as_now"]) | to_hand_over(both["counted_as_tonight"])
    changed = both[differs & (~open_ends | listed)]
    first = ~to_hand_over(changed["counted_as_tonight"])
    return changed.assign(first=first).sort_values(["first"], kind="stable").drop(columns="first")


def result_profile(now: pd.DataFrame | None, tonight: pd.DataFrame, decision: str) -> ResultProfile:
    """Return what tonight makes of the open leads, beside what is in force."""
    listed = int(to_hand_over(tonight["counted_as"]).sum())
    if now is None or now.empty:
        return ResultProfile(decision=decision, open_leads=len(tonight), listed=listed)
    still = now.index.intersection(tonight.index)
    moved = (now.loc[still, "band"] != tonight.loc[still, "band"]).mean() if len(still) else 0.0
    gone = 1 - len(still) / len(now)
    return ResultProfile(
        decision=decision,
        open_leads=len(tonight),
        listed=listed,
        bands_changed=float(moved),
        open_gone=float(gone),
    )


def counts_of(changes: pd.DataFrame) -> dict[str, int]:
    """Return how many leads change, and how."""
    now, tonight = (to_hand_over(changes[f"counted_as_{side}"]) for side in ("now", "tonight"))
    return {
        "changed": len(changes),
        "join_the_list": int((~now & tonight).sum()),
        "leave_the_list": int((now & ~tonight).sum()),
        "change_band": int((changes["band_now"] != changes["band_tonight"]).sum()),
    }


def to_json(changes: pd.DataFrame, odd: Sequence[OddThing], decision: str) -> str:
    """Return all changes for machines."""
    rows = [
        {"lead_id": str(lead)} | {str(name): None if pd.isna(value) else value for name, value in row.items()}
        for lead, row in zip(changes.index, changes.to_dict("records"), strict=True)
    ]
    tree: dict[str, Any] = {
        "decision": decision,
        "odd": [{"what": one.what, "setting": f"brakes.{one.setting}"} for one in odd],
        "counts": counts_of(changes),
        "changes": rows,
    }
    return json.dumps(tree, indent=1, ensure_ascii=False)


def to_text(changes: pd.DataFrame) -> str:
    """Return the changes as a table."""
    counts = counts_of(changes)
    console = Console(width=110, highlight=False)
    table = Table(title="Who would change", title_justify="left")
    for head in ("lead", "band now", "tonight", "counted as now", "tonight", "handed over now", "tonight"):
        table.add_column(head)
    for lead, row in changes.head(SHOWN).iterrows():
        cells = [row[f"{name}_{side}"] for name in ("band", "counted_as", "handed_over_by") for side in SIDES]
        table.add_row(str(lead), *("–" if pd.isna(cell) else str(cell) for cell in cells))
    with console.capture() as capture:
        if len(changes):
            console.print(table, markup=False)
        if len(changes) > SHOWN:
            console.print(f"… and {len(changes) - SHOWN:,} more; --json lists all")
        console.print(
            f"{counts['changed']:,} leads would change: {counts['join_the_list']:,} join the list, "
            f"{counts['leave_the_list']:,} leave it, {counts['change_band']:,} change their band"
        )
    return capture.get()


SIDES = ("now", "tonight")
