"""A trained model on its way into MLflow, with all that is to be written down about it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from pipeline.outputs.model_files import model_hash
from pipeline.runner.workspace import tree_digest


@dataclass(frozen=True)
class Candidate:
    """A trained model and what is to be written down about it.

    Parameters
    ----------
    model_folder : Path
        The saved form.
    example : DataFrame
        A few feature rows.
    params : mapping of str to str
        What it was trained with.
    metrics : mapping of str to float
        What came of it.
    tags : mapping of str to str
        Further facts to find it by.
    files : tuple of Path
        Files and folders to keep with the run, under their own names.
    receipt : tuple of Path
        Files to keep with the run in a folder ``receipt``.
    """

    model_folder: Path
    example: pd.DataFrame
    params: Mapping[str, str]
    metrics: Mapping[str, float]
    tags: Mapping[str, str] = field(default_factory=dict)
    files: tuple[Path, ...] = ()
    receipt: tuple[Path, ...] = ()

    @property
    def hash(self) -> str:
        """What names the model."""
        return model_hash(self.model_folder)

    @property
    def record_hash(self) -> str:
        """What names all that is written down beside the model."""
        record = json.dumps(
            [dict(self.metrics), dict(self.tags), tree_digest([*self.files, *self.receipt])], sort_keys=True
        )
        return hashlib.sha256(record.encode()).hexdigest()
