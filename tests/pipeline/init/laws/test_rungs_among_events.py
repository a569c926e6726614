"""A type of event that names a rung of the funnel is a stage, with a win above it or as the goal itself."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from pipeline.init.command import start_source
from pipeline.init.questions import Conversation
from pipeline.source.folder import Source, read_source

DAY = timedelta(days=1)


def started(folder: Path, types: tuple[str, ...]) -> Source:
    """Every lead visits; half reach the first type, a quarter the second, an eighth the third."""
    leads, log = ["id,created"], ["lead_id,event,time"]
    for number in range(160):
        created = datetime(2025, 1, 1) + number * DAY
        leads.append(f"L{number},{created}")
        log += [f"L{number},Page view,{created + DAY}", f"L{number},Page view,{created + 2 * DAY}"]
        log += [
            f"L{number},{name},{created + (4 + 3 * place) * DAY}"
            for place, name in enumerate(types)
            if number % 2 ** (place + 1) == 0
        ]
    (folder / "leads.csv").write_text("\n".join(leads) + "\n", encoding="utf-8")
    (folder / "events.csv").write_text("\n".join(log) + "\n", encoding="utf-8")
    files = [folder / "leads.csv", folder / "events.csv"]
    return read_source(start_source("made", files, folder / "sources", Conversation(choose=lambda _: 0)))


@pytest.mark.parametrize(
    "types",
    [("MQL", "SQL", "Deal won"), ("Lead Qualified", "Opportunity Created", "subscription_sold"), ("MQL", "SQL")],
)
def test_rungs_are_stages_and_no_events(tmp_path: Path, types: tuple[str, ...]) -> None:
    source = started(tmp_path, types)
    assert list(source.spec.ladder) == ["LEAD", *types]
    assert [name for family in source.spec.events.values() for name in family.types] == ["Page view"]


def test_an_act_that_speaks_of_sales_stays_an_act(tmp_path: Path) -> None:
    source = started(tmp_path, ("Sales call", "Demo requested", "Deal won"))
    assert list(source.spec.ladder) == ["LEAD", "Deal won"]
    assert {name for family in source.spec.events.values() for name in family.types} == {
        "Page view",
        "Sales call",
        "Demo requested",
    }
