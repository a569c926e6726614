"""What training says of columns that look like leaks: aloud, and in ``leaks.json`` for the report."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from features.leaks.before_training import leaks_in_fit
from features.time_units import to_micros
from pipeline.outputs.ingested_tables import read_leads, read_stages
from pipeline.outputs.training_files import LEAKS_FILE
from pipeline.runner.progress import say
from pipeline.runner.stages import StageContext


def warn_of_leaks(context: StageContext, labels: pd.DataFrame, out: Path) -> None:
    """Say which columns of ``fit`` look like leaks on the training part, and write them to ``leaks.json``.

    Training goes on: whether a column was known beforehand is for people to say. Only leads and outcomes of the part
    ``train`` are looked at.
    """
    spec = context.spec()
    columns = [name for name, column in spec.fit.items() if column.known == "created"]
    leads = read_leads(context, columns)
    rows = labels.assign(as_of_us=to_micros(labels["as_of"]))
    leaks = leaks_in_fit(leads, read_stages(context), rows, spec)
    for leak in leaks:
        say(f"train: WARNING, {leak.column} looks like a leak: {leak.why}; {leak.remedy}")
    text = json.dumps([asdict(leak) for leak in leaks], indent=1, ensure_ascii=False)
    (out / LEAKS_FILE).write_text(text + "\n", encoding="utf-8")
