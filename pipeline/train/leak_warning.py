"""What training says of columns that look like leaks: aloud, and in ``leaks.json`` for the report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

from features.answers import LEAK_WORDS, Answer
from features.checks import CheckResult
from features.leaks.before_training import judge_fit
from features.time_units import to_micros
from pipeline.outputs.ingested_tables import read_leads, read_stages
from pipeline.outputs.training_files import LEAKS_FILE
from pipeline.runner.job_log import say
from pipeline.runner.stages import StageContext


def warn_of_leaks(context: StageContext, labels: pd.DataFrame, out: Path) -> None:
    """Say which columns of ``fit`` look like leaks on the training part, and write them to ``leaks.json``.

    Training goes on: whether a column was known beforehand is for people to say. Only leads and outcomes of the part
    ``train`` are looked at. Columns that could not be judged are named too, aloud alone.
    """
    spec = context.spec()
    columns = [name for name, column in spec.fit.items() if column.known == "created"]
    leads = read_leads(context, columns)
    rows = labels.assign(as_of_us=to_micros(labels["as_of"]))
    judged = judge_fit(leads, read_stages(context), rows, spec)
    leaks = [column for column in judged if column.answer is Answer.FAILED]
    for leak in leaks:
        say(f"train: WARNING, {leak.subject} looks like a leak: {leak.sentence}; {leak.todo}")
    doubts = [column.subject for column in judged if column.answer is Answer.UNCHECKED]
    if doubts:
        say(f"train: nobody can tell whether these know the outcome, 'leadscore check' says why: {', '.join(doubts)}")
    text = json.dumps([_as_json(leak) for leak in leaks], indent=1, ensure_ascii=False)
    (out / LEAKS_FILE).write_text(text + "\n", encoding="utf-8")


def _as_json(leak: CheckResult) -> dict[str, Any]:
    return {
        "column": leak.subject,
        "answer": LEAK_WORDS.of(leak.answer),
        "why": leak.sentence,
        "auc": leak.figures["auc"],
        "remedy": leak.todo,
    }
