"""A small company's first night, by the installed command, for the schedulers to run."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest


@dataclass(frozen=True)
class Nights:
    """Where a scheduler finds leadscore and the folders it works with; ``broken`` has half of the leads."""

    home: Path
    variables: dict[str, str]
    export: Path
    broken: Path

    @property
    def out(self) -> Path:
        return self.home / "out"

    def run_in_force(self) -> str:
        """Return the run that scored, as the night left it."""
        return str(json.loads((self.out / "score" / "score.json").read_text())["run_id"])


@pytest.fixture
def nights(installed: Any, demo_run: Path, tmp_path: Path) -> Nights:
    """A trained company that has not had a night yet, and an environment that knows where it is."""
    out = shutil.copytree(
        demo_run, tmp_path / "out", ignore=shutil.ignore_patterns("score", "scores.sqlite*", "history")
    )
    export = Path(shutil.move(out / "simulate" / "export", tmp_path / "export"))
    broken = shutil.copytree(export, tmp_path / "broken")
    half = pd.read_parquet(broken / "leads.parquet")["lead_id"].iloc[::2]
    for table in broken.iterdir():
        rows = pd.read_parquet(table)
        rows[rows["lead_id"].isin(half)].to_parquet(table, index=False)
    variables = {
        **installed.variables,
        "LEADSCORE": str(installed.leadscore),
        "LEADSCORE_HOME": str(tmp_path),
        "LEADSCORE_SOURCE": "sources/demo",
        "LEADSCORE_DATA": str(export),
        "LEADSCORE_OUT": str(out),
        "LEADSCORE_RETRY_MINUTES": "0",
    }
    return Nights(tmp_path, variables, export, broken)
