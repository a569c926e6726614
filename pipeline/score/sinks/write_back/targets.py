"""The kinds of tools by name: a further one is a module of its own and one line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from features.errors import InputError
from pipeline.score.sinks.write_back.csv_import import FORMS, CsvImport, CsvOptions
from pipeline.score.sinks.write_back.dynamics import Dynamics, DynamicsOptions
from pipeline.score.sinks.write_back.sql_table import SqlOptions, SqlTable
from pipeline.score.sinks.write_back.target import Target, TargetOptions
from pipeline.score.sinks.write_back.tryton_opportunities import TrytonOpportunities, TrytonTargetOptions

KINDS: Mapping[str, tuple[type[TargetOptions], Callable[[str, Any, Path], Target]]] = {
    "sql": (SqlOptions, SqlTable),
    **dict.fromkeys(FORMS, (CsvOptions, CsvImport)),
    "dynamics": (DynamicsOptions, Dynamics),
    "tryton": (TrytonTargetOptions, TrytonOpportunities),
}
"""The settings of a kind, and what it is made by."""


def make_target(name: str, given: Mapping[str, Any], outputs: Path) -> Target:
    """Return the tool that ``score.sinks.NAME`` names.

    Raises
    ------
    InputError, pydantic.ValidationError
        If there is no such kind, or its settings cannot be used.
    """
    kind = str(given.get("kind"))
    if kind not in KINDS:
        raise InputError(expected=f"a kind: {', '.join(KINDS)}", found=kind, table=f"score.sinks.{name}", column="kind")
    options, made = KINDS[kind]
    return made(name, options.model_validate(given), outputs)
