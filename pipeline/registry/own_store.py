"""The MLflow store of an OUT, in its folder: made when it is first needed, and led back to itself where it was moved.

MLflow writes absolute places of files into its database. In a folder that was moved or copied they would name the
original, and a copy would write into it.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from features.errors import InputError
from pipeline.registry.mlflow_model import quiet_mlflow

DATABASE, ARTIFACTS = "mlflow.db", "artifacts"
_PLACES = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
)
"""Where MLflow keeps places of files."""
_WAIT_SECONDS = 30.0


def own_store(folder: Path) -> tuple[str, Path]:
    """Return the address of the store in a folder and where its files go.

    Parameters
    ----------
    folder : Path
        Absolute; the store is made if there is none, and names this folder from now on.

    Raises
    ------
    InputError
        If it names another folder and cannot be changed.
    """
    database, artifacts = folder / DATABASE, folder / ARTIFACTS
    if not database.is_file():
        _create(database, artifacts)
    try:
        lead_back(database, artifacts.as_uri())
    except sqlite3.Error as error:
        raise InputError(
            expected=f"a store in {folder} that can be used",
            found=str(error),
            table="mlflow",
            hint="The folder was moved or copied, so the store has to be brought up to date: it must be writable",
        ) from None
    return f"sqlite:///{database}", artifacts


def lead_back(database: Path, artifacts: str) -> None:
    """Let every place of a file that lay below the store's folder lie below it where it is now.

    Parameters
    ----------
    database : Path
    artifacts : str
        Where the files are now, as a URI.
    """
    with closing(sqlite3.connect(database, timeout=_WAIT_SECONDS)) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        places = [(table, column) for table, column in _PLACES if table in tables]
        with connection:  # all of it, or nothing
            for earlier in _earlier(connection, artifacts):
                for table, column in places:
                    connection.execute(
                        f"UPDATE {table} SET {column} = ? || substr({column}, ?) WHERE {column} = ? "
                        f"OR substr({column}, 1, ?) = ?",
                        (artifacts, len(earlier) + 1, earlier, len(earlier) + 1, f"{earlier}/"),
                    )


def _earlier(connection: sqlite3.Connection, artifacts: str) -> list[str]:
    """Return the folders of files that experiments name and that are not this one."""
    folders = set()
    for (place,) in connection.execute("SELECT artifact_location FROM experiments"):
        head, mark, rest = str(place).rpartition(f"/mlflow/{ARTIFACTS}")
        if head.startswith("file:") and mark and (not rest or rest.startswith("/")):
            folders.add(f"{head}{mark}")
    return sorted(folders - {artifacts})


def _create(database: Path, artifacts: Path) -> None:
    """Let MLflow build its tables under another name first: a half-built database could not be mended."""
    database.parent.mkdir(parents=True, exist_ok=True)
    partial = database.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    with quiet_mlflow():
        from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

        store = SqlAlchemyStore(f"sqlite:///{partial}", artifacts.as_uri())
        store.engine.dispose()
    partial.rename(database)
