from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import pytest

from features.errors import InputError
from pipeline.receipt.approvals import add_entry, approvals_file, with_approvals, write_entries
from pipeline.receipt.page import render
from pipeline.receipt.seal import Sealed, canonical, digest_of, seal, signed_by
from pipeline.receipt.signing_state import standing_of
from pipeline.register.champion import Decision, with_receipt

EXAMPLE = Path(__file__).parents[3] / "docs" / "receipts" / "demo.json"
PUBLISHED = Sealed.read(EXAMPLE.read_text(encoding="utf-8")).receipt
NOW = "2026-07-01T09:00:00Z"
EARNED = Decision(True, "it beats the baseline, and there is no champion yet")


def receipt(*, outcome="won", missing=(), required=("marketing", "sales"), cutoffs="c1", model="m1", note=""):
    """The published receipt of the demo with another verdict, other teams to sign, another model or other cut-offs."""
    verdict = PUBLISHED.verdict.model_copy(update={"outcome": outcome, "missing": tuple(missing)})
    rests_on = PUBLISHED.rests_on.model_copy(update={"model_sha256": model, "cutoffs_version": cutoffs})
    changes = {"verdict": verdict, "approvals_required": required, "rests_on": rests_on, "cautions": (note,)}
    return seal(PUBLISHED.model_copy(update=changes), None)


def say(sealed, role, *, refused=False, why=None, name=None, key=None):
    return add_entry(sealed, role=role, name=name or f"N of {role}", refused=refused, why=why, time=NOW, key=key)


def test_marketing_then_sales_and_the_champion_moves_only_then():
    sealed = receipt()
    assert not with_receipt(EARNED, sealed).promote
    sealed = say(sealed, "marketing", name="A. Beck")
    decision = with_receipt(EARNED, sealed)
    assert not decision.promote
    assert decision.why.startswith("waiting for approval by sales")
    sealed = say(sealed, "sales", name="B. Cole")
    decision = with_receipt(EARNED, sealed)
    assert decision.promote
    assert "approved by marketing (A. Beck, 2026-07-01) and sales (B. Cole, 2026-07-01)" in decision.why


def test_the_page_of_an_approved_receipt_says_that_it_is_in_force_and_since_when():
    waiting = say(receipt(), "marketing", name="A. Beck")
    approved = say(waiting, "sales", name="B. Cole")
    todo = [render(one).partition("What to do next")[2].partition("</dl>")[0] for one in (waiting, approved)]
    assert "leadscore approve --as sales" in todo[0]
    assert "With the last signature, 2026-07-01 09:00 UTC, leadscore registered it, and it is in force" in todo[1]
    assert "becomes champion when it is registered" not in todo[1]


def test_sales_signs_last():
    with pytest.raises(InputError, match="approval by marketing first"):
        say(receipt(), "sales")
    order = {("marketing", "sales"): True, ("sales", "marketing"): False}
    for roles, allowed in order.items():
        sealed = receipt()
        try:
            for role in roles:
                sealed = say(sealed, role)
        except InputError:
            assert not allowed
        else:
            assert allowed


@pytest.mark.parametrize("role", ["marketing", "sales"])
@pytest.mark.parametrize("before", [(), ("marketing",)])
def test_a_refusal_is_final(role, before):
    sealed = receipt()
    for earlier in before:
        sealed = say(sealed, earlier)
    sealed = say(sealed, role, refused=True, why="SAL is too low")
    assert standing_of(sealed).state == "refused"
    decision = with_receipt(EARNED, sealed)
    assert not decision.promote
    assert decision.why == f"it was refused by {role} (N of {role}, 2026-07-01): SAL is too low"
    for again, refused in itertools.product(("marketing", "sales"), (True, False)):
        with pytest.raises(InputError, match="A refusal is final"):
            say(sealed, again, refused=refused, why="x")


def test_a_refusal_holds_for_the_same_model_and_cutoffs_on_another_receipt(tmp_path):
    first = say(receipt(note="first"), "sales", refused=True, why="no")
    write_entries(tmp_path, first)
    same = with_approvals(receipt(note="made again with another seed"), tmp_path)
    assert standing_of(same).state == "refused"
    for other in (receipt(cutoffs="c2"), receipt(model="m2")):
        assert standing_of(with_approvals(other, tmp_path)).state == "waiting"


def test_approvals_belong_to_one_receipt(tmp_path):
    sealed = say(receipt(note="first"), "marketing")
    write_entries(tmp_path, sealed)
    assert with_approvals(receipt(note="first"), tmp_path) == sealed
    assert with_approvals(receipt(note="second"), tmp_path).approvals == ()


def test_nobody_can_approve_what_was_not_won():
    for sealed in (receipt(outcome="lost", missing=["x"]), receipt(outcome="won", missing=["proof of percentages"])):
        with pytest.raises(InputError, match="a receipt on which the model wins"):
            say(sealed, "marketing")
        refused = say(sealed, "sales", refused=True, why="not with these figures")
        assert standing_of(refused).state == "refused"


def test_a_team_speaks_once_and_only_if_asked():
    sealed = say(receipt(), "marketing")
    with pytest.raises(InputError, match="marketing has not signed"):
        say(sealed, "marketing")
    with pytest.raises(InputError, match=r"a team that is asked \(sales\), found marketing"):
        say(receipt(required=("sales",)), "marketing")
    done = say(sealed, "sales")
    with pytest.raises(InputError, match="has not signed"):
        say(done, "sales", refused=True, why="second thoughts")


def test_names_and_reasons_are_needed():
    with pytest.raises(InputError, match="an empty name"):
        say(receipt(), "marketing", name="  ")
    with pytest.raises(InputError, match="no reason"):
        say(receipt(), "marketing", refused=True, why=" ")
    for name in ("A" * 501, "A\nB"):
        with pytest.raises(InputError, match="at most 500 printable characters in --name"):
            say(receipt(), "marketing", name=name)


def test_nobody_asked_is_approved_and_a_missing_receipt_is_not():
    assert with_receipt(EARNED, receipt(required=())).promote
    assert not with_receipt(EARNED, receipt(required=(), outcome="not_proven", missing=["x"])).promote
    none = with_receipt(EARNED, None)
    assert not none.promote
    assert "no receipt" in none.why
    worse = Decision(False, "its log loss is higher than the champion's")
    assert with_receipt(worse, receipt(required=())) == worse
    assert not with_receipt(EARNED, receipt(required=()), altered=["altered      model: another one"]).promote


def test_each_entry_hangs_on_the_one_before():
    sealed = say(say(receipt(), "marketing"), "sales")
    first, second = sealed.approvals
    assert (first.previous, second.previous) == (sealed.sha256, first.sha256)
    assert replace(sealed, approvals=(first,)).head == first.sha256
    forged = first.model_copy(update={"name": "Somebody else"})
    assert forged.digest() != first.sha256


def test_a_signature_needs_the_key():
    key = b"a key of the two teams"
    [entry] = say(receipt(), "marketing", key=key).approvals
    assert signed_by(entry.sha256, entry.signature, key)
    assert not signed_by(entry.sha256, entry.signature, b"another key, of somebody")
    assert not signed_by(entry.sha256, None, key)


def test_the_canonical_form_does_not_depend_on_the_order_of_keys():
    assert canonical({"b": [1, 2.5], "a": "ß"}) == canonical({"a": "ß", "b": [1, 2.5]})
    assert digest_of({"a": 1}) != digest_of({"a": 2})


def test_a_broken_file_of_approvals_is_named(tmp_path):
    sealed = receipt()
    file = approvals_file(tmp_path, sealed.sha256)
    file.parent.mkdir()
    for text in ("[{]", '[{"role": "boss"}]', "3"):
        file.write_text(text)
        with pytest.raises(InputError, match="a list of approvals"):
            with_approvals(sealed, tmp_path)
