"""The outbox opened beside the scores, by one job at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from pipeline.score.sinks.news.outbox import Outbox, Wish
from pipeline.score.sinks.score_store import ScoreStore
from pipeline.score.sinks.store_url import store_url
from pipeline.score.sinks.write_back.databases import alone_at, opened_engine


@contextmanager
def opened_outbox(given: str | None, outputs: Path, wishes: Mapping[str, Wish]) -> Iterator[Outbox]:
    """Open the outbox beside the scores; whoever has it open is alone with it until the end.

    Parameters
    ----------
    given : str or None
        ``score.store`` of the settings.
    outputs : Path
        The run's output folder.
    wishes : mapping of str to Wish
        By channel.

    Raises
    ------
    InputError
        If the database does not answer, or another job has the outbox open.
    """
    url = store_url(given, outputs)
    ScoreStore(url).migrate()
    with opened_engine(url, "score.store") as engine, alone_at(engine, "telling", where="telling"):
        yield Outbox(engine, wishes)


def has_scores(given: str | None, outputs: Path) -> bool:
    """Whether a store is there: asking makes none."""
    url = store_url(given, outputs)
    return url.get_backend_name() != "sqlite" or Path(url.database or "").is_file()
