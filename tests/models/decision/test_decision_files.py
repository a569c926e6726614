"""A decision is what its manifest and its receipt say, or it is refused with the name of what is not."""

from __future__ import annotations

import hashlib
import json

import pytest

from features.errors import InputError
from models.cutoffs.cutoffs import Cutoffs
from models.decision.decision_files import decision_files, read_decision, version_of
from models.decision.signed_receipt import SignedReceipt, canonical_digest, same_person
from models.forecast.saved_form import to_files
from models.scoring.run_about import VerdictAbout

VERDICT = VerdictAbout(beats_baseline=True, baseline="points", leads=10, outcomes=5)


def receipt_text(model: str, cutoffs: str, people=(("marketing", "A. Beck"), ("sales", "B. Cole")), **verdict) -> str:
    tree = {
        "source": {"name": "tiny"},
        "verdict": {"outcome": "won", "missing": [], **verdict},
        "approvals_required": ["marketing", "sales"],
        "rests_on": {"model_sha256": model, "cutoffs_version": cutoffs},
    }
    previous = digest = canonical_digest(tree)
    entries = []
    for role, name in people:
        entry = {
            "role": role, "decision": "approved", "name": name, "time": "2026-07-01T09:00:00Z", "why": None,
            "receipt_sha256": digest, "previous": previous,
        }  # fmt: skip
        previous = canonical_digest(entry)
        entries.append(entry | {"sha256": previous, "signature": None})
    return json.dumps({"receipt": tree, "sha256": digest, "approvals": entries, "earlier_refusals": []})


@pytest.fixture(scope="module")
def files(forecast, tiny_cutoffs) -> dict[str, str]:
    model = to_files(forecast)
    receipt = receipt_text(hashlib.sha256(model["manifest.json"].encode()).hexdigest(), tiny_cutoffs.version)
    return decision_files(
        model_files=model, cutoffs=tiny_cutoffs.model_dump_json(), rules=None, verdict=VERDICT, receipt=receipt
    )


@pytest.fixture(scope="module")
def tiny_cutoffs() -> Cutoffs:
    volume = {"asked_per_week": 5.0, "got_per_week": 5.0}
    baseline = {"kind": "naive_bayes", "mql": 0.1, "sal": 0.2, "mql_per_week": 5.0, "sal_per_week": 2.0}
    tree = {
        "target": "sql", "mql": 0.2, "sal": 0.4, "policy": "per_week", "weeks": 4.0, "mql_volume": volume,
        "sal_volume": volume, "baseline": baseline,
    }  # fmt: skip
    return Cutoffs.model_validate(tree).with_version()


def test_a_whole_decision_is_read(files, tiny_cutoffs):
    decision = read_decision(files, version=version_of(files))
    assert decision.parts.cutoffs == tiny_cutoffs
    assert decision.parts.verdict == VERDICT
    assert [signature.name for signature in decision.receipt.signatures] == ["A. Beck", "B. Cole"]


def test_no_file_can_be_changed_added_or_taken_away(files):
    version = version_of(files)
    for name in files:
        with pytest.raises(InputError):
            read_decision({**files, name: files[name] + " "}, version=version)
        with pytest.raises(InputError):
            read_decision({other: text for other, text in files.items() if other != name}, version=version)
    with pytest.raises(InputError, match="also more"):
        read_decision({**files, "more.json": "{}"}, version=version)


def again(files, **changed) -> dict[str, str]:
    """Make a decision of other texts, its manifest and name made to fit: what is left to find it by is the receipt."""
    given = {**files, **changed}
    model = {name.removeprefix("model/"): text for name, text in given.items() if name.startswith("model/")}
    return decision_files(
        model_files=model,
        cutoffs=given["cutoffs.json"],
        rules=given.get("rules.json"),
        verdict=VERDICT,
        receipt=given["receipt.json"],
    )


def test_what_fits_its_manifest_must_fit_the_receipt_too(files, tiny_cutoffs):
    raised = tiny_cutoffs.model_copy(update={"mql": 0.3})
    forged = again(files, **{"cutoffs.json": raised.with_version().model_dump_json()})
    with pytest.raises(InputError, match="the cut-offs that the receipt speaks of"):
        read_decision(forged, version=version_of(forged))
    forged = again(files, **{"cutoffs.json": raised.model_dump_json()})
    with pytest.raises(InputError, match="values have the version that they name"):
        read_decision(forged, version=version_of(forged))
    model = json.loads(files["model/manifest.json"])
    forged = again(files, **{"model/manifest.json": json.dumps(model, indent=2)})
    with pytest.raises(InputError, match="the model that the receipt speaks of"):
        read_decision(forged, version=version_of(forged))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"people": (("marketing", "A. Beck"),)}, "sales did not sign"),
        ({"people": (("marketing", "A. Beck"), ("sales", " a.BECK"))}, "one person signed it for both"),
        ({"outcome": "not_proven"}, "it was not won"),
        ({"missing": ["more outcomes"]}, "it was not won"),
    ],
)
def test_a_receipt_must_be_won_and_signed_by_both(changed, message):
    with pytest.raises(InputError, match=message):
        SignedReceipt.read(receipt_text("m", "c", **changed))


def test_a_receipt_that_was_changed_is_found_out():
    text = receipt_text("m", "c")
    for old, new in (('"won"', '"lost"'), ("B. Cole", "B. Kole"), ('"cutoffs_version": "c"', '"cutoffs_version": "d"')):
        with pytest.raises(InputError, match="as it was sealed"):
            SignedReceipt.read(text.replace(old, new))
    with pytest.raises(InputError, match="a sealed receipt"):
        SignedReceipt.read("{}")


@pytest.mark.parametrize("name", ["A. Beck", " a.  beck ", "A.BECK", "\uff21. Beck"])
def test_case_blanks_dots_and_kinds_of_letters_make_no_other_person(name):
    assert same_person(name) == same_person("A. Beck")
    assert same_person(name) != same_person("A. Becker")


def test_a_letter_written_in_two_ways_is_one():
    assert same_person("Müller") == same_person("Mu\u0308ller")
    assert same_person("Müller") != same_person("Muller")
