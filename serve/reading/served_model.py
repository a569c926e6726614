"""Model, cut-offs and rules of the run that is served, read again when a new run has replaced them."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from features.errors import InputError
from models.cutoffs.cutoffs import Cutoffs
from models.forecast.forecast import Forecast
from models.forecast.saved_form import from_files
from models.rules.points import PointsRules
from models.scoring.run_about import DEFAULT_REASONS, RunAbout
from models.scoring.score_rows import model_version

Stamp = tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Loaded:
    """What a request is scored with; all from one run."""

    forecast: Forecast
    cutoffs: Cutoffs
    rules: PointsRules | None
    model_version: str
    top_reasons: int
    """As many as the nightly scores of the run have."""


class ServedModel:
    """The model in a run's output folder.

    Parameters
    ----------
    out : Path
        Read: ``train/model``, ``cutoffs/cutoffs.json``, ``ingest/rules.json``.
    """

    def __init__(self, out: Path) -> None:
        self._out = out
        self._lock = threading.Lock()
        self._loaded: tuple[Stamp, Loaded] | None = None
        self._broken: tuple[Loaded, str] | None = None

    def current(self) -> Loaded:
        """Return the model, read again if its files changed; while a stage is being replaced, the one before.

        Raises
        ------
        InputError
            If there is none yet, or its files are damaged.
        """
        with self._lock:
            try:
                stamp = self._stamp()
                if self._loaded is None or self._loaded[0] != stamp:
                    self._loaded = (stamp, self._read())
            except FileNotFoundError as error:
                if self._loaded is None:
                    raise InputError(
                        expected=f"a finished run in {self._out}",
                        found=f"no {Path(error.filename).name}",
                        hint="Run 'make demo' or 'leadscore run' first",
                    ) from None
            return self._loaded[1]

    def mark_broken(self, loaded: Loaded, why: str) -> None:
        """Remember that a model was read but could not score; a model that replaces it starts with a clean sheet."""
        with self._lock:
            self._broken = (loaded, why)

    def broken(self, loaded: Loaded) -> str | None:
        """Return why a model could not score when it was tried, or None."""
        with self._lock:
            return self._broken[1] if self._broken is not None and self._broken[0] is loaded else None

    def _stamp(self) -> Stamp:
        files = [self._out / "train" / "model" / "manifest.json", self._out / "cutoffs" / "cutoffs.json"]
        rules = self._out / "ingest" / "rules.json"
        return tuple((str(file), file.stat().st_mtime_ns) for file in (*files, *([rules] if rules.is_file() else [])))

    def _read(self) -> Loaded:
        files = {file.name: file.read_bytes().decode("utf-8") for file in (self._out / "train" / "model").iterdir()}
        cutoffs = (self._out / "cutoffs" / "cutoffs.json").read_text(encoding="utf-8")
        rules_file = self._out / "ingest" / "rules.json"
        try:
            rules = json.loads(rules_file.read_text(encoding="utf-8")) if rules_file.is_file() else None
            return Loaded(
                forecast=from_files(files),
                cutoffs=Cutoffs.model_validate_json(cutoffs),
                rules=None if rules is None else PointsRules.model_validate(rules),
                model_version=model_version(files),
                top_reasons=self._top_reasons(),
            )
        except (ValidationError, json.JSONDecodeError) as error:
            found = str(error).splitlines()[0]
            raise InputError(expected="cut-offs and rules of this version of leadscore", found=found) from None

    def _top_reasons(self) -> int:
        """Return what the nightly job last used; before its first run, its default."""
        file = self._out / "score" / "score.json"
        if not file.is_file():
            return DEFAULT_REASONS
        return RunAbout.model_validate_json(file.read_text(encoding="utf-8")).top_reasons
