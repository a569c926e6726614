"""The sinks that the settings ask for: the score store, and each tool that scores are written back into."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from features.errors import InputError
from pipeline.score.sinks.score_store import ScoreStore
from pipeline.score.sinks.sink import Sink
from pipeline.score.sinks.write_back_sink import WriteBackSink
from pipeline.settings.settings import ScoreOptions, validation_message

SINKS: Mapping[str, type[Sink]] = {"store": ScoreStore, "write_back": WriteBackSink}
"""The first is always there; a place under ``score.sinks`` is of the second, by the ``kind`` of its tool."""


def make_sinks(options: ScoreOptions, outputs: Path) -> dict[str, Sink]:
    """Return the sinks that the settings ask for, by name, the score store first.

    Raises
    ------
    InputError
        If there is no sink of a name, or its settings cannot be used.
    """
    store = ScoreStore.from_settings({"url": options.store, "takes_over": options.takes_over}, outputs)
    given = {name: {"name": name, "store": store.url, **of_sink} for name, of_sink in options.sinks.items()}
    return {"store": store, **{name: _made(name, of_sink, outputs) for name, of_sink in given.items()}}


def _made(name: str, given: Mapping[str, object], outputs: Path) -> Sink:
    try:
        return SINKS["write_back"].from_settings(given, outputs)
    except ValidationError as error:
        raise InputError(
            expected="settings of this sink", found=validation_message(error), table=f"score.sinks.{name}"
        ) from None
