"""A store of MLflow goes with its folder: moved, copied, into a name with blanks and signs, and back."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from pipeline.outputs.model_files import write_forecast
from pipeline.registry.model_registry import CHAMPION, Candidate, open_registry
from pipeline.settings.settings import MlflowOptions


def named_places(root: Path) -> set[str]:
    """Return every text of the database that names a place of files."""
    with closing(sqlite3.connect(root / "mlflow" / "mlflow.db")) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = [row for table in tables for row in connection.execute(f"SELECT * FROM {table}")]
    return {text for row in rows for text in row if isinstance(text, str) and "file:" in text}


def test_a_copy_names_itself_and_writes_nothing_into_the_original(
    empty_store, tmp_path, tiny_forecast, tiny_test_rows, fit_tiny
):
    root = tmp_path / "one"
    (root / "mlflow").mkdir(parents=True)
    shutil.copy(empty_store, root / "mlflow" / "mlflow.db")
    write_forecast(tiny_forecast, tmp_path / "a" / "model")
    registry = open_registry(root, MlflowOptions(), "tiny")
    registry.add(Candidate(tmp_path / "a" / "model", tiny_test_rows.head(3), {}, {"auc": 0.8}))
    registry.promote("1")
    assert all(place.startswith((root / "mlflow").as_uri()) for place in named_places(root))

    copy = shutil.copytree(root, tmp_path / "an other, 100 % mlflow" / "mlflow" / "artifacts" / "two")
    state = {file: file.stat().st_mtime_ns for file in root.rglob("*")}
    other = open_registry(copy, MlflowOptions(), "tiny")
    assert all(place.startswith((copy / "mlflow").as_uri()) for place in named_places(copy))
    write_forecast(fit_tiny(max_rounds=2), tmp_path / "b" / "model")
    assert other.add(Candidate(tmp_path / "b" / "model", tiny_test_rows.head(3), {}, {"auc": 0.7})) == "2"
    assert other.load("2").targets.keys() == tiny_forecast.targets.keys()
    assert {file: file.stat().st_mtime_ns for file in root.rglob("*")} == state

    shutil.rmtree(root)
    back = Path(shutil.move(copy, root))
    assert open_registry(back, MlflowOptions(), "tiny").load(CHAMPION).targets.keys() == tiny_forecast.targets.keys()
    assert all(place.startswith((root / "mlflow").as_uri()) for place in named_places(root))
