"""The sinks by name: a further one is a module of its own and one line here."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from features.errors import InputError
from pipeline.score.sinks.score_store import ScoreStore
from pipeline.score.sinks.sink import Sink
from pipeline.settings.settings import ScoreOptions

SINKS: Mapping[str, type[Sink]] = {"store": ScoreStore}
"""By the name under which ``score.json`` says where scores went. The first is always there, the others where
``score.sinks`` names them."""


def make_sinks(options: ScoreOptions, outputs: Path) -> dict[str, Sink]:
    """Return the sinks that the settings ask for, by name, the score store first.

    Raises
    ------
    InputError
        If there is no sink of a name, or its settings cannot be used.
    """
    given = {"store": {"url": options.store, "takes_over": options.takes_over}, **options.sinks}
    return {name: _made(name, sink_options, outputs) for name, sink_options in given.items()}


def _made(name: str, given: Mapping[str, object], outputs: Path) -> Sink:
    if name not in SINKS:
        sink_names = ", ".join(other for other in SINKS if other != "store") or "none beside the score store"
        raise InputError(expected=f"a sink that there is: {sink_names}", found=name, table="score.sinks")
    try:
        return SINKS[name].from_settings(given, outputs)
    except ValidationError as error:
        first = error.errors()[0]
        raise InputError(
            expected="settings of this sink",
            found=first["msg"],
            table=f"score.sinks.{name}",
            column=".".join(str(part) for part in first["loc"]) or None,
        ) from None
