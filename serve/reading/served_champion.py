"""The champion as the server reads it: one decision, whole, read again when another is in force."""

from __future__ import annotations

from pathlib import Path

from models.decision.current import CHAMPION_FOLDER, CURRENT_FILE, VERSIONS_FOLDER, CurrentDecision, DecisionChange
from models.decision.decision_files import SignedDecision, read_decision
from serve.reading.model_folder import read_model_texts


class ServedChampion:
    """Reads ``OUT/champion``.

    Parameters
    ----------
    out : Path
        The folder of a run.
    """

    def __init__(self, out: Path) -> None:
        self._folder = out / CHAMPION_FOLDER
        self._read: SignedDecision | None = None
        self.version: str | None = None
        """Of the decision in force at the last look; None where there was none."""
        self.step: DecisionChange | None = None
        """What put it in force."""

    def current(self) -> SignedDecision | None:
        """Return the decision in force, every hash checked when it was read; None where there is none.

        Raises
        ------
        InputError
            If a file of it is not as it was published.
        """
        try:
            text = (self._folder / CURRENT_FILE).read_text(encoding="utf-8")
        except FileNotFoundError:
            self.version = self.step = None
            return None
        current = CurrentDecision.read(text)
        self.version, self.step = current.version, current.last
        version = self.version
        if version is None:
            return None
        if self._read is None or self._read.version != version:
            files = read_model_texts(self._folder / VERSIONS_FOLDER / version)
            self._read = read_decision(files, version=version)
        return self._read
