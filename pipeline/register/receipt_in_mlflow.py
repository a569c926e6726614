"""A run's receipt and what MLflow keeps of it: where the model is registered, and which tags its version has."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from features.errors import InputError
from pipeline.receipt.seal import Sealed, key_from_environment
from pipeline.receipt.sealed_run import SealedRun
from pipeline.registry.model_registry import open_registry
from pipeline.runner.finished_run import open_run
from pipeline.runner.stages import StageContext
from pipeline.settings.settings import read_settings


def sealed_run(context: StageContext) -> SealedRun:
    """Return a run and its receipt to be verified, with the key of this machine and the MLflow of the settings."""
    return SealedRun(context, key_from_environment(), lambda sealed: _tags(context, sealed))


def _tags(context: StageContext, sealed: Sealed) -> Mapping[str, str] | None:
    """Return the tags of the model's version in the store that the settings name."""
    if not is_registered(context):
        return None
    registry = open_registry(context.workspace.root, context.settings.mlflow, context.spec().name)
    return registry.tags_of_model(sealed.receipt.rests_on.model_sha256)


def open_registered(out: Path, params_file: Path | None, overrides: Mapping[str, Any]) -> StageContext:
    """Open a finished run with the address of MLflow from the settings: stamps do not keep it."""
    context = open_run(out)
    address = read_settings(params_file, overrides=overrides).mlflow.tracking_uri
    mlflow = context.settings.mlflow.model_copy(update={"tracking_uri": address})
    return replace(context, settings=context.settings.model_copy(update={"mlflow": mlflow}))


def is_registered(context: StageContext) -> bool:
    """Whether the model is in the MLflow store that the settings name; another store is an InputError."""
    stamp = context.workspace.stamp("register")
    if stamp is None:
        return False
    if stamp.inputs["tracking_uri"] != hashlib.sha256(str(context.settings.mlflow.tracking_uri).encode()).hexdigest():
        raise InputError(
            expected="the MLflow store that the model was registered in",
            found="another one",
            table="mlflow",
            column="tracking_uri",
            hint="Give the same --params FILE or --set mlflow.tracking_uri=…",
        )
    return True
