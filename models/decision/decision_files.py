"""One decision as texts: model, cut-offs, rules, verdict and the receipt that was signed, named by their hashes.

The receipt speaks of the model and of the cut-offs, and the manifest of every file, the receipt among them: whoever
changes one file has to change the name of the decision, and whoever does that has to forge the receipt too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pydantic import ValidationError

from features.errors import InputError
from models.cutoffs.cutoffs import Cutoffs
from models.decision.signed_receipt import SignedReceipt
from models.forecast.forecast import Forecast
from models.forecast.saved_form import MANIFEST, from_files, text_digest
from models.forecast.saved_form import verify as verify_model
from models.rules.points import PointsRules
from models.scoring.run_about import VerdictAbout
from models.scoring.score_rows import model_version

FORMAT = 1
MODEL = "model/"
"""What the names of the model's files begin with."""
CUTOFFS, RULES, VERDICT, RECEIPT = "cutoffs.json", "rules.json", "verdict.json", "receipt.json"
VERSION_LENGTH = 12


@dataclass(frozen=True)
class ScoringParts:
    """What a lead is scored with, all of one decision, and read when it is asked for.

    Attributes
    ----------
    model_files : mapping of str to str
        The saved model by file name.
    cutoffs : Cutoffs
    rules_text : str or None
        The points rules as ``rules.json`` has them; None where the source has none.
    verdict : VerdictAbout or None
        What the evaluation said of the model, as pages repeat it; None where nobody asks.
    """

    model_files: Mapping[str, str]
    cutoffs: Cutoffs
    rules_text: str | None
    verdict: VerdictAbout | None

    @cached_property
    def forecast(self) -> Forecast:
        """The model, its hashes checked."""
        return from_files(self.model_files)

    @cached_property
    def rules(self) -> PointsRules | None:
        """The points rules.

        Raises
        ------
        InputError
            If they are not those of this version of leadscore.
        """
        if self.rules_text is None:
            return None
        try:
            return PointsRules.model_validate_json(self.rules_text)
        except ValidationError as error:
            raise InputError(expected="rules as documented", found=_first(error), table=RULES) from None

    @property
    def rules_identity(self) -> str:
        """A text that equal rules share, whatever the order of their keys; ``null`` where there are none."""
        return json.dumps(None if self.rules_text is None else json.loads(self.rules_text), sort_keys=True)

    @property
    def model_version(self) -> str:
        """What names the model."""
        return model_version(self.model_files)


@dataclass(frozen=True)
class SignedDecision:
    """A decision whose files hold, with its name and the receipt that both teams signed."""

    version: str
    parts: ScoringParts
    receipt: SignedReceipt


def decision_files(
    *, model_files: Mapping[str, str], cutoffs: str, rules: str | None, verdict: VerdictAbout, receipt: str
) -> dict[str, str]:
    """Return the files of a decision by name, the manifest among them; the same decision gives the same texts.

    Parameters
    ----------
    model_files : mapping of str to str
        The saved model.
    cutoffs, receipt : str
        ``cutoffs.json`` and ``receipt.json`` as the stages wrote them.
    rules : str or None
        ``rules.json``; None where the source has no rules.
    verdict : VerdictAbout
    """
    files = {f"{MODEL}{name}": text for name, text in model_files.items()}
    files |= {CUTOFFS: cutoffs, VERDICT: verdict.model_dump_json(indent=1) + "\n", RECEIPT: receipt}
    if rules is not None:
        files[RULES] = rules
    hashes = {name: text_digest(text) for name, text in sorted(files.items())}
    return files | {MANIFEST: json.dumps({"format": FORMAT, "sha256": hashes}, indent=1) + "\n"}


def version_of(files: Mapping[str, str]) -> str:
    """Return what names a decision: the start of its manifest's SHA-256."""
    return text_digest(files[MANIFEST])[:VERSION_LENGTH]


def read_decision(files: Mapping[str, str], *, version: str) -> SignedDecision:
    """Return a decision, every hash of it held against manifest and receipt.

    Parameters
    ----------
    files : mapping of str to str
        All files of its folder, by their names below it.
    version : str
        What it is to be.

    Raises
    ------
    InputError
        If a file is missing, was added or was changed; if the model or the cut-offs are not those of the receipt; if
        the receipt was changed, was not won or not signed by all whom it asks; or if the rules are not those that the
        cut-offs were set beside.
    """
    _require_hashes(files, version)
    receipt = SignedReceipt.read(files[RECEIPT])
    model_files = {name.removeprefix(MODEL): text for name, text in files.items() if name.startswith(MODEL)}
    verify_model(model_files)
    cutoffs = Cutoffs.read(files[CUTOFFS])
    _same(text_digest(model_files[MANIFEST]), receipt.model_sha256, "the model that the receipt speaks of", MODEL)
    _same(cutoffs.version, receipt.cutoffs_version, "the cut-offs that the receipt speaks of", CUTOFFS)
    try:
        verdict = VerdictAbout.model_validate_json(files[VERDICT])
    except ValidationError as error:
        raise InputError(expected="a verdict as leadscore writes it", found=_first(error), table=VERDICT) from None
    parts = ScoringParts(model_files, cutoffs, files.get(RULES), verdict)
    require_same_points(cutoffs, parts.rules)
    return SignedDecision(version, parts, receipt)


def require_same_points(cutoffs: Cutoffs, rules: PointsRules | None) -> None:
    """Hold rules against the points that cut-offs were set beside; others are an InputError."""
    points = None if rules is None else (rules.cutoffs.MQL, rules.cutoffs.SAL)
    baseline = cutoffs.baseline
    beside = (baseline.mql, baseline.sal) if baseline.kind == "points" else None
    if points != beside:
        raise InputError(
            expected="the rules that the cut-offs were set beside",
            found="other cut-offs of points than those",
            table=RULES,
            hint="Run 'leadscore run': model and points are compared anew then",
        )


def _require_hashes(files: Mapping[str, str], version: str) -> None:
    named = _manifest(files, version)
    for name in sorted(named.keys() - files.keys()):
        raise InputError(expected=f"the file {name} of decision {version}", found="no such file", table=name)
    for name in sorted(files.keys() - named.keys() - {MANIFEST}):
        raise InputError(expected=f"only the files of decision {version}", found=f"also {name}", table=name)
    for name, digest in sorted(named.items()):
        _same(text_digest(files[name]), str(digest), f"what {MANIFEST} of decision {version} says", name)


def _manifest(files: Mapping[str, str], version: str) -> dict[str, Any]:
    if MANIFEST not in files:
        raise InputError(expected=f"{MANIFEST} of decision {version}", found="none", hint=GET_IT_BACK)
    _same(version_of(files), version, "the decision that is in force", MANIFEST)
    try:
        manifest = json.loads(files[MANIFEST])
    except json.JSONDecodeError as error:
        raise InputError(expected="JSON", found=str(error), table=MANIFEST) from None
    match manifest:
        case {"format": 1, "sha256": dict() as named} if {CUTOFFS, VERDICT, RECEIPT} <= named.keys():
            return named
    raise InputError(expected=f"format {FORMAT}, and the hash of each file", found="something else", table=MANIFEST)


GET_IT_BACK = (
    "Put the folder back from a copy, fetch it with 'leadscore champion --fetch', or go back with "
    "'leadscore champion --back --why \"…\"'"
)


def _same(digest: str, wanted: str, expected: str, table: str) -> None:
    if digest != wanted:
        raise InputError(
            expected=f"{expected} ({wanted[:VERSION_LENGTH]}…)",
            found=f"{digest[:VERSION_LENGTH]}…",
            table=table,
            hint=GET_IT_BACK,
        )


def _first(error: ValidationError) -> str:
    return str(error).splitlines()[0]
