"""What MLflow remembers of a receipt: who cuts an approval or a refusal off the end of the chain is found by it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from features.errors import InputError
from pipeline.receipt.seal import Sealed
from pipeline.receipt.signing_state import by
from pipeline.receipt.stage import read_receipt
from pipeline.receipt.verify import Finding
from pipeline.registry.model_registry import open_registry
from pipeline.runner.finished_run import open_run
from pipeline.runner.stages import StageContext
from pipeline.runner.workspace import STAMP
from pipeline.settings.settings import read_settings

SHA256_TAG, HEAD_TAG, OUTCOME_TAG = "receipt_sha256", "receipt_head", "receipt_outcome"
WHAT = "approvals that MLflow remembers"


def receipt_tags(sealed: Sealed | None) -> dict[str, str]:
    """Return what a version's tags say of its receipt; the head names it with all approvals."""
    if sealed is None:
        return {}
    tags = {
        SHA256_TAG: sealed.sha256,
        HEAD_TAG: sealed.head,
        OUTCOME_TAG: sealed.receipt.verdict.outcome,
    }
    for entry in (*sealed.earlier_refusals, *sealed.approvals):
        tags[f"{entry.decision}_by_{entry.role}"] = by(entry)
    return tags


def forgotten(sealed: Sealed, tags: Mapping[str, str]) -> Finding:
    """Hold a receipt against the tags of its version: the chain may have grown since, it may not have lost anything."""
    chain = {sealed.sha256, *(entry.sha256 for entry in sealed.approvals)}
    if tags.get(SHA256_TAG) != sealed.sha256 or tags[HEAD_TAG] in chain:
        return Finding(WHAT, "holds")
    return Finding(WHAT, "altered", "MLflow knows of an entry that the receipt has not")


def find_in_mlflow(context: StageContext) -> Finding:
    """Hold a run's receipt against MLflow, if the run is registered in the store that the settings name."""
    try:
        if not is_registered(context):
            return Finding(WHAT, "not checked", "the model is not registered")
        sealed = read_receipt(context.folder("receipt"))
        registry = open_registry(context.workspace.root, context.settings.mlflow, context.spec().name)
        return forgotten(sealed, registry.tags_of_model(sealed.receipt.rests_on.model_sha256))
    except InputError as error:
        return Finding(WHAT, "not checked", str(error))


def open_registered(out: Path, params_file: Path | None, overrides: Mapping[str, Any]) -> StageContext:
    """Open a finished run with the address of MLflow from the settings: stamps do not keep it."""
    context = open_run(out)
    address = read_settings(params_file, overrides=overrides).mlflow.tracking_uri
    mlflow = context.settings.mlflow.model_copy(update={"tracking_uri": address})
    return replace(context, settings=context.settings.model_copy(update={"mlflow": mlflow}))


def is_registered(context: StageContext) -> bool:
    """Whether the model is in the MLflow store that the settings name; another store is an InputError."""
    file = context.workspace.folder("register") / STAMP
    if not file.is_file():
        return False
    known = json.loads(file.read_text(encoding="utf-8"))["inputs"]["tracking_uri"]
    if known != hashlib.sha256(str(context.settings.mlflow.tracking_uri).encode()).hexdigest():
        raise InputError(
            expected="the MLflow store that the model was registered in",
            found="another one",
            table="mlflow",
            column="tracking_uri",
            hint="Give the same --params FILE or --set mlflow.tracking_uri=…",
        )
    return True
