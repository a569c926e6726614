"""How many models the test period has judged: each further one makes its figures a little less honest."""

from __future__ import annotations

import json
from pathlib import Path

from features.errors import InputError
from features.time_units import format_time
from pipeline.outputs.labels_file import read_test_from
from pipeline.runner.stages import StageContext
from pipeline.runner.workspace import write_durably

TEST_LOOKS_FILE = "test_looks.json"


def note_test_look(context: StageContext, model: str) -> None:
    """Keep that the present test period has judged a model; the same one again is no further look.

    Parameters
    ----------
    context : StageContext
    model : str
        The model's version.
    """
    looks = _read(context)
    judged = looks.setdefault(_period(context), [])
    if model not in judged:
        judged.append(model)
        partial = _file(context).with_suffix(".partial")
        write_durably(partial, json.dumps(looks, indent=1, sort_keys=True) + "\n")
        partial.replace(_file(context))


def count_test_looks(context: StageContext) -> int:
    """Return how many different models the present test period has judged in this folder."""
    return len(_read(context).get(_period(context), []))


def _period(context: StageContext) -> str:
    return format_time(read_test_from(context))


def _file(context: StageContext) -> Path:
    return context.workspace.root / TEST_LOOKS_FILE


def _read(context: StageContext) -> dict[str, list[str]]:
    file = _file(context)
    if not file.exists():
        return {}
    try:
        looks: dict[str, list[str]] = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(
            expected="the models that the test period has judged, as JSON", found=str(error), table=str(file),
            hint="Restore the file; without it nobody knows how often the test was looked at",
        ) from None  # fmt: skip
    return looks
