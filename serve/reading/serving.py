"""What requests are scored with, held in memory: it is read outside of requests, and replaced when it stands whole."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from features.engine import FeatureEngine
from features.errors import InputError
from serve.reading.ingested_history import IngestHistory
from serve.reading.score_store import ScoreReader
from serve.reading.served_model import Loaded, ServedModel
from serve.wording.caution import caution_words

logger = logging.getLogger(__name__)
LOOK_EVERY_SECONDS = 2.0
"""How often somebody looks whether a stage has replaced its outputs."""


@dataclass(frozen=True)
class Serving:
    """Model, other leads and caution that belong together.

    Attributes
    ----------
    loaded : Loaded
        Model, cut-offs and rules.
    engine : FeatureEngine
        What computes features for this model, among all other leads.
    caution : dict of str or None
        The warning about the champion, or about the last run's model where there is none, in every language.
    """

    loaded: Loaded
    engine: FeatureEngine
    caution: dict[str, str] | None


class CurrentServing:
    """Keeps what requests are scored with, and looks for newer outputs in a thread of its own.

    What is in use stays in use until the newer one is read and has scored an example. Without `start` every question
    looks for newer outputs itself.

    Parameters
    ----------
    model : ServedModel
    history : IngestHistory
    store : ScoreReader
    """

    def __init__(self, model: ServedModel, history: IngestHistory, store: ScoreReader) -> None:
        self._model, self._history, self._store = model, history, store
        self._serving: Serving | None = None
        self._failure: str | None = None
        self._refused: tuple[Loaded, InputError] | None = None
        self._thread: threading.Thread | None = None
        self._stopped = threading.Event()

    def current(self) -> Serving:
        """Return what to score with.

        Raises
        ------
        InputError
            If there is nothing yet.
        """
        serving = self._serving
        return serving if serving is not None and self._thread is not None else self._read()

    @property
    def failure(self) -> str | None:
        """Why newer outputs could not be read at the last look, or None."""
        return self._failure

    def caution(self) -> dict[str, str] | None:
        """Return the warning about the last run's model; where no run can be read, it was not checked."""
        try:
            run = self._store.latest_run()
        except InputError:
            run = None
        return caution_words(None if run is None else run.about.verdict)

    def start(self, prove: Callable[[Serving], None]) -> None:
        """Read what is there, and look for newer outputs from now on.

        Parameters
        ----------
        prove : callable
            Scores examples, so that nothing is loaded or compiled in a request; raises an InputError if it cannot.
        """
        self._stopped.clear()
        self._look(prove)
        self._thread = threading.Thread(target=self._watch, args=(prove,), name="newer outputs", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _watch(self, prove: Callable[[Serving], None]) -> None:
        while not self._stopped.wait(LOOK_EVERY_SECONDS):
            self._look(prove)

    def _look(self, prove: Callable[[Serving], None]) -> None:
        """Put what is newer in force; what goes wrong is logged once and told until it is mended."""
        try:
            serving = self._read()
            if self._serving is None or serving.loaded is not self._serving.loaded:
                self._prove(serving, prove)
            self._serving, failure = serving, None
        except InputError as error:
            failure = str(error)
        except Exception as error:  # the thread must live on: whatever it met is logged and told
            failure = f"{type(error).__name__}: {error}"
            if failure != self._failure:
                logger.exception("newer outputs could not be read")
        else:
            self._failure = None
            return
        if failure != self._failure:
            logger.warning("no lead can be scored: %s" if self._serving is None else "not in use yet: %s", failure)
        self._failure = failure

    def _prove(self, serving: Serving, prove: Callable[[Serving], None]) -> None:
        if self._refused is not None and self._refused[0] is serving.loaded:
            raise self._refused[1]  # the same model as a moment ago
        try:
            prove(serving)
        except InputError as error:
            self._model.mark_broken(serving.loaded, str(error))
            self._refused = (serving.loaded, error)
            raise

    def _read(self) -> Serving:
        loaded = self._model.current()
        engine = self._history.engine(loaded.forecast.spec, loaded.forecast.feature_options)
        of_model = loaded.champion is not None
        return Serving(loaded, engine, caution_words(loaded.verdict) if of_model else self.caution())
