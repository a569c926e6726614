"""What requests share: settings, the score store, the served model, the history."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request

from serve.history import IngestHistory
from serve.loaded import ServedModel
from serve.settings import ServeSettings
from serve.store import ScoreReader


@dataclass(frozen=True)
class Services:
    """One server's parts; nothing is read before it is asked for."""

    settings: ServeSettings
    store: ScoreReader
    model: ServedModel
    history: IngestHistory

    @classmethod
    def of(cls, settings: ServeSettings) -> Services:
        """Put the parts together."""
        return cls(
            settings=settings,
            store=ScoreReader(settings.store_url),
            model=ServedModel(settings.out),
            history=IngestHistory(settings.out / "ingest"),
        )

    def priority_column(self) -> str:
        """Return the probability that the last run's cut-offs work on."""
        run = self.store.latest_run()
        return f"p_{run['about']['cutoffs']['target']}" if run is not None else "p_sql"


def services_of(request: Request) -> Services:
    """Return the parts of the server that got a request."""
    services: Services = request.app.state.services
    return services
