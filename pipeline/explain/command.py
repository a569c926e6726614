"""``leadscore explain``: why a lead has its score, and the letter for the person who asks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from features.language.languages import Language
from models.json_values import json_values
from pipeline.explain.explained_score import ExplainedScore, read_explained
from pipeline.explain.letter import letter
from pipeline.explain.markdown import to_markdown
from pipeline.explain.terminal import to_text
from pipeline.runner.stages import StageContext
from pipeline.runner.workspace import Workspace
from pipeline.settings.settings import read_settings


def explained(
    out: Path,
    lead_id: str,
    *,
    language: Language | None = None,
    as_json: bool = False,
    params_file: Path | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> str:
    """Explain the newest score of a lead; nothing is written.

    Parameters
    ----------
    out : Path
        Outputs of a run; they hold the score store unless the settings say where it is.
    lead_id : str
    language : {"de", "en"}, optional
        Write the letter to the person behind the lead in this language, instead of the text for colleagues.
    as_json : bool
        For machines.
    params_file : Path, optional
    overrides : mapping, optional

    Raises
    ------
    InputError
        If there is no score of this lead.
    """
    settings = read_settings(params_file, overrides=overrides)
    known = read_explained(StageContext(Workspace(out), settings, None, None, {}), lead_id)
    if language is None:
        return json.dumps(_tree(known), indent=1, ensure_ascii=False) if as_json else to_text(known)
    written = letter(known, settings, language)
    if as_json:
        return json.dumps(asdict(written) | {"markdown": to_markdown(written)}, indent=1, ensure_ascii=False)
    return to_markdown(written)


def _tree(known: ExplainedScore) -> dict[str, Any]:
    variation = None if known.variation is None else asdict(known.variation)
    row: dict[str, Any] = json_values({name: value for name, value in known.score.row.items() if name != "reasons"})
    times = {name: value.isoformat() for name, value in row.items() if hasattr(value, "isoformat")}
    return row | times | {
        "reasons": known.score.row["reasons"],
        "cutoffs": known.score.about.cutoffs.model_dump(),
        "variation": variation,
    }  # fmt: skip
