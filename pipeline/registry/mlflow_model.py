"""The forecast as an MLflow model: saved form, signature and input example, without pickle.

MLflow is imported only where it is used (it takes seconds), without telemetry and without its chatter.
"""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version as installed_version
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import pandas as pd

from models.forecast.forecast import Forecast
from pipeline.mlflow_loader import EXPLAIN, feature_frame
from pipeline.outputs.model_files import read_forecast

if TYPE_CHECKING:
    from mlflow.models import ModelSignature

LOADER = "pipeline.mlflow_loader"
REQUIRED = ("mlflow", "lightgbm", "numpy", "pandas", "pydantic", "scikit-learn")
"""Written into the model. Not leadscore itself: an installer would look for that name in a public registry."""

_QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "GIT_PYTHON_REFRESH": "quiet",
    "MLFLOW_UV_AUTO_DETECT": "false",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_RECORD_ENV_VARS_IN_MODEL_LOGGING": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}


@contextmanager
def quiet_mlflow() -> Iterator[ModuleType]:
    """Import MLflow for the length of a block, without telemetry, network or chatter; its warnings are its own."""
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import mlflow
        import mlflow.pyfunc

        for name in ("mlflow", "alembic"):
            logging.getLogger(name).setLevel(logging.ERROR)
        yield mlflow


def signature(forecast: Forecast) -> ModelSignature:
    """Return what the model gives, for MLflow, and which parameters it takes.

    What it takes is not declared: of declared columns that are all optional, MLflow drops those it does not know, and
    hands on rows without any. The loader refuses them by name instead.
    """
    with quiet_mlflow():
        from mlflow.models import ModelSignature
        from mlflow.types import ColSpec, ParamSchema, ParamSpec, Schema

    outputs = [ColSpec("double", f"p_{target}") for target in forecast.targets]
    return ModelSignature(None, Schema(outputs), ParamSchema([ParamSpec(EXPLAIN, "string", "")]))


def log_model(model_folder: Path, example: pd.DataFrame) -> None:
    """Log a saved model into the active run, with signature and input example."""
    forecast = read_forecast(model_folder)
    with quiet_mlflow() as mlflow, tempfile.TemporaryDirectory() as scratch:
        data = shutil.copytree(model_folder, Path(scratch) / "model")
        mlflow.pyfunc.log_model(
            name="model",
            loader_module=LOADER,
            data_path=str(data),
            signature=signature(forecast),
            input_example=feature_frame(example, forecast),
            pip_requirements=[f"{package}=={installed_version(package)}" for package in REQUIRED],
        )
