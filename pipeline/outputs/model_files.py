"""The saved form of a forecast as a folder of files, and the two forecasts that stage ``train`` left."""

from __future__ import annotations

from pathlib import Path

from models.forecast.forecast import Forecast
from models.forecast.saved_form import from_files, to_files
from pipeline.runner.stages import StageContext
from pipeline.runner.workspace import file_digest

FINAL_FOLDER, FORWARD_FOLDER = "model", "forward"


def write_forecast(forecast: Forecast, folder: Path) -> None:
    """Write a forecast into a folder, which must not exist yet."""
    folder.mkdir(parents=True)
    for name, text in to_files(forecast).items():
        (folder / name).write_bytes(text.encode("utf-8"))


def read_forecast(folder: Path) -> Forecast:
    """Read a forecast from a folder, hashes checked; no code is run.

    Raises
    ------
    InputError
        If a file is missing, was added or was changed.
    """
    return from_files(read_texts(folder))


def read_texts(folder: Path) -> dict[str, str]:
    """Return the files of a saved forecast by name, unchecked."""
    files = sorted(file for file in folder.iterdir() if file.is_file())
    return {file.name: file.read_bytes().decode("utf-8") for file in files}


def model_hash(model_folder: Path) -> str:
    """Return what names a saved model: the digest of its manifest, which holds the digests of all its files."""
    return file_digest(model_folder / "manifest.json")


def model_folder(context: StageContext) -> Path:
    """Return the folder of the saved model of a run, for who stores it elsewhere or holds it against its hashes."""
    return context.folder("train") / FINAL_FOLDER


def read_final(context: StageContext) -> Forecast:
    """Read the forecast that scores: it has learned from all leads that were known when the test begins."""
    return read_forecast(model_folder(context))


def read_forward(context: StageContext) -> Forecast:
    """Read the forecast that has learned nothing from the calibration period: cut-offs are set with it."""
    return read_forecast(context.folder("train") / FORWARD_FOLDER)
