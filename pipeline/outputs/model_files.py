"""The saved form of a forecast as a folder of files, and the two forecasts that stage ``train`` left."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from features.errors import InputError
from models.signed_files import SIGNATURE
from pipeline.outputs.signed_folder import sign_folder, verify_content
from pipeline.runner.stages import StageContext
from pipeline.runner.workspace import file_digest

if TYPE_CHECKING:
    from models.forecast.forecast import Forecast

MOST_BYTES = 2**30
"""Of a file of a saved forecast."""
FINAL_FOLDER, FORWARD_FOLDER = "model", "forward"


def write_forecast(forecast: Forecast, folder: Path) -> None:
    """Write a forecast into a folder, which must not exist yet; it is signed where a private key is set."""
    from models.forecast.saved_form import to_files

    folder.mkdir(parents=True)
    for name, text in to_files(forecast).items():
        (folder / name).write_bytes(text.encode("utf-8"))
    sign_folder(folder)


def read_forecast(folder: Path) -> Forecast:
    """Read a forecast from a folder, hashes and, where a public key is set, its signature checked; no code is run.

    Raises
    ------
    InputError
        If a file is missing, was added or was changed, or is not as it was signed.
    """
    from models.forecast.saved_form import from_files

    return from_files(read_texts(folder))


def read_texts(folder: Path) -> dict[str, str]:
    """Return the files of a saved forecast by name, held against their signature where a public key is set.

    Whether they are a forecast is left to who reads them.

    Raises
    ------
    InputError
        If there is something else than files of text in UTF-8, or they are not as they were signed.
    """
    content: dict[str, bytes] = {}
    for file in sorted(folder.iterdir()):
        if file.is_symlink() or not file.is_file():
            raise InputError(expected="files", found=f"a link, folder or pipe {file.name}", table=folder.name)
        if file.stat().st_size > MOST_BYTES:
            raise InputError(
                expected=f"at most {MOST_BYTES:,} bytes", found=f"{file.stat().st_size:,}", table=file.name
            )
        content[file.name] = file.read_bytes()
    verify_content(content)
    content.pop(SIGNATURE, None)
    try:
        return {name: data.decode("utf-8") for name, data in content.items()}
    except UnicodeDecodeError:
        raise InputError(expected="files in UTF-8", found="other bytes", table=folder.name) from None


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
