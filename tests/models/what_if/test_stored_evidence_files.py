"""What earlier versions left is read as what this one leaves."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from models.what_if.consequences import what_if
from models.what_if.question import Question
from models.what_if.stored_evidence_files import OPEN, OPEN_ABOUT, past_of


def test_open_leads_that_sales_has_are_left_out_of_what_an_earlier_version_left(demo_run: Path) -> None:
    def text(name: str) -> str:
        return (demo_run / name).read_text(encoding="utf-8")

    def table(name: str) -> pd.DataFrame:
        return pd.read_parquet(demo_run / name)

    opened = table(OPEN)
    in_hands = opened.head(3).assign(lead_id=["a", "b", "c"], stage="SAL", p=0.99, model_band="SAL")
    earlier = {
        OPEN: pd.concat([opened, in_hands], ignore_index=True),
        OPEN_ABOUT: json.dumps(json.loads(text(OPEN_ABOUT)) | {"sales_stages": ["SAL", "SQL", "WON"]}),
    }
    past = past_of(text=text, table=table)
    older = past_of(
        text=lambda name: earlier[OPEN_ABOUT] if name == OPEN_ABOUT else text(name),
        table=lambda name: earlier[OPEN] if name == OPEN else table(name),
    )
    assert what_if(older, Question()) == what_if(past, Question())
