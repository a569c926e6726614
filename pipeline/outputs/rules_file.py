"""The points rules as stage ``ingest`` left them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from features.catalog.feature import Feature
from features.errors import InputError
from models.rules.points import PointsRules, check_rules
from pipeline.runner.stages import StageContext
from pipeline.settings.settings import validation_message

RULES_FILE = "rules.json"
"""What ``rules.yaml`` says, as it is written there; the file is absent where the source has no rules."""


def read_rules(context: StageContext, features: Sequence[Feature] | None = None) -> PointsRules | None:
    """Return the points rules, or None where the source has none.

    Parameters
    ----------
    context : StageContext
    features : sequence of Feature, optional
        The features they will be evaluated on.

    Raises
    ------
    InputError
        If one of the rules cannot be computed from the features, or the file is of another version of leadscore.
    """
    text = rules_text(context)
    if text is None:
        return None
    try:
        rules = PointsRules.model_validate_json(text)
    except ValidationError as error:
        raise InputError(expected="rules as documented", found=validation_message(error), table="rules.yaml") from None
    if features is not None:
        check_rules(rules, features, context.settings.features)
    return rules


def rules_text(context: StageContext) -> str | None:
    """Return the rules as they were ingested last, None where the source has none."""
    file: Path = context.folder("ingest") / RULES_FILE
    return file.read_text(encoding="utf-8") if file.is_file() else None


def keep_rules(context: StageContext, folder: Path) -> None:
    """Write the rules beside the cut-offs that are set beside them: the nightly job may ingest others."""
    text = rules_text(context)
    if text is not None:
        (folder / RULES_FILE).write_text(text, encoding="utf-8")


def rules_of_cutoffs(context: StageContext) -> str | None:
    """Return the rules that the cut-offs were set beside, None where the source had none."""
    file: Path = context.folder("cutoffs") / RULES_FILE
    return file.read_text(encoding="utf-8") if file.is_file() else None
