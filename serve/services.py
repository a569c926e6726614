"""What requests share: settings, the score store, the served model, the history."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request

from features.errors import InputError
from models.scoring.run_about import RunAbout
from serve.reading.ingested_history import IngestHistory
from serve.reading.score_store import ScoreReader
from serve.reading.served_model import ServedModel
from serve.reading.what_if_answers import StoredPast
from serve.reading.worded_scores import WordedScores
from serve.settings import ServeSettings
from serve.wording.caution import caution_words


@dataclass(frozen=True)
class Services:
    """One server's parts; nothing is read before it is asked for."""

    settings: ServeSettings
    store: ScoreReader
    model: ServedModel
    history: IngestHistory
    past: StoredPast
    words: WordedScores

    @classmethod
    def of(cls, settings: ServeSettings) -> Services:
        """Put the parts together."""
        store = ScoreReader(settings.store_url)
        return cls(
            settings=settings,
            store=store,
            words=WordedScores(store),
            model=ServedModel(settings.out),
            history=IngestHistory(settings.out),
            past=StoredPast(settings.out),
        )

    def about(self) -> RunAbout | None:
        """Return what the last completed run says of itself; None where there is no run."""
        run = self.store.latest_run()
        return None if run is None else run.about

    def caution(self) -> dict[str, str] | None:
        """Return the warning about the last run's model; where no run can be read, it was not checked."""
        try:
            return caution_words(self.about())
        except InputError:
            return caution_words(None)


def services_of(request: Request) -> Services:
    """Return the parts of the server that got a request."""
    services: Services = request.app.state.services
    return services
