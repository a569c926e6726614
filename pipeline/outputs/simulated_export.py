"""Where stage ``simulate`` leaves the export of the simulated company."""

from __future__ import annotations

from pathlib import Path

EXPORT = "export"
"""The folder of the tables, in the folder of the stage."""


def simulated_export(out: Path) -> Path:
    """Return the data folder that the later stages of a demo read."""
    return out / "simulate" / EXPORT
