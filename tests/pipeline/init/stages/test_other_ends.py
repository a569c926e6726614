"""A close date of rows without a win is a loss where it stands beside some of them only, as in Odoo."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from pipeline.check.command import check_source
from pipeline.init.command import start_source
from pipeline.init.questions import Conversation
from pipeline.settings.settings import Settings
from pipeline.source.folder import read_source

DAY = timedelta(days=1)


def counts(folder: Path, *, history: bool, all_closed: bool = False) -> dict[str, int]:
    """Of 60 leads 15 are won, 15 lost, 30 open; return the leads by stage."""
    leads, log = ["id,create_date,stage_id,date_closed,active"], ["id,res_id,date,old_stage,new_stage"]
    for number in range(60):
        created = datetime(2025, 1, 1) + number * DAY
        won, lost = number % 4 == 0, number % 4 == 1
        closed = created + 20 * DAY if won or lost or all_closed else ""
        leads.append(f"{number},{created},{'Won' if won else 'New'},{closed},{not lost}")
        log += [f"{2 * number},{number},{created + DAY},New,Qualified"]
        log += [f"{2 * number + 1},{number},{closed},Qualified,Won"] if won else []
    (folder / "crm.lead.csv").write_text("\n".join(leads) + "\n", encoding="utf-8")
    (folder / "stage_history.csv").write_text("\n".join(log) + "\n", encoding="utf-8")
    files = [folder / "crm.lead.csv", *([folder / "stage_history.csv"] if history else [])]
    source = read_source(start_source("made", files, folder / "sources", Conversation(choose=lambda _: 0)))
    return {row["stage"]: row["leads"] for row in check_source(source, folder, Settings()).rows("stages")}


@pytest.mark.parametrize("history", [False, True])
def test_ended_without_a_win_is_lost_beside_a_history_too(tmp_path: Path, history: bool) -> None:
    stages = counts(tmp_path, history=history)
    assert stages["LOST"] == 15
    assert stages["Won" if history else "WON"] == 15


def test_a_date_that_all_rows_have_is_a_plan(tmp_path: Path) -> None:
    assert counts(tmp_path, history=False, all_closed=True)["LOST"] == 0
