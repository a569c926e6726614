"""What requests share: settings, the score store, the served model, the history."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request

from features.errors import InputError
from models.scoring.run_about import RunAbout
from models.what_if.answer import Answer
from models.what_if.question import Question
from serve.reading.ingested_history import IngestHistory
from serve.reading.score_store import ScoreReader
from serve.reading.served_model import ServedModel
from serve.reading.serving import CurrentServing, Serving
from serve.reading.what_if_answers import StoredPast
from serve.reading.worded_scores import WordedScores
from serve.settings import ServeSettings


class NotReadyError(Exception):
    """What requests are scored with cannot be read: nothing is wrong with the request."""


@dataclass(frozen=True)
class Services:
    """One server's parts; nothing is read before it is asked for."""

    settings: ServeSettings
    store: ScoreReader
    model: ServedModel
    history: IngestHistory
    past: StoredPast
    words: WordedScores
    serving: CurrentServing

    @classmethod
    def of(cls, settings: ServeSettings) -> Services:
        """Put the parts together."""
        store = ScoreReader(settings.store_url)
        model, history = ServedModel(settings.out), IngestHistory(settings.out)
        return cls(
            settings=settings,
            store=store,
            words=WordedScores(store),
            model=model,
            history=history,
            serving=CurrentServing(model, history, store),
            past=StoredPast(settings.out),
        )

    def ready(self) -> Serving:
        """Return what requests are scored with: the newest that could be read, whatever lies there now.

        Raises
        ------
        NotReadyError
            If nothing could be read yet.
        """
        try:
            return self.serving.current()
        except InputError as error:
            raise NotReadyError(str(error)) from None
        except Exception as error:
            found = f"{type(error).__name__} while they were read"
            raise NotReadyError(str(InputError(expected="outputs of a run that can be read", found=found))) from error

    def what_if(self, question: Question) -> Answer:
        """Answer a question about cut-offs, and say so where another decision is in force than the figures are of.

        Raises
        ------
        PromiseNotKeptError
            If the promise cannot be kept.
        """
        answer = self.past.answer(question)
        said = self.model.other_in_force(answer.about.cutoff_version)
        return answer if said is None else answer.model_copy(update={"other_in_force": said})

    def about(self) -> RunAbout | None:
        """Return what the last completed run says of itself; None where there is no run."""
        run = self.store.latest_run()
        return None if run is None else run.about


async def services_of(request: Request) -> Services:
    """Return the parts of the server that got a request; async, or each question would go to another thread."""
    services: Services = request.app.state.services
    return services
