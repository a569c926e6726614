from __future__ import annotations

import json

import pytest

from features.errors import InputError
from pipeline.receipt.page import render
from pipeline.receipt.seal import OtherVersionError, Sealed, canonical, digest_of

EXAMPLES = ("demo", "bpi2012")


@pytest.fixture(params=EXAMPLES)
def published(request, project_root) -> tuple[str, str]:
    """JSON and page of a receipt that was published, as they were written then."""
    folder = project_root / "docs" / "receipts"
    return tuple((folder / f"{request.param}.{kind}").read_text(encoding="utf-8") for kind in ("json", "html"))


@pytest.fixture
def example(project_root) -> dict:
    return json.loads((project_root / "docs" / "receipts" / "demo.json").read_text(encoding="utf-8"))


def test_a_published_receipt_is_read_and_written_byte_by_byte(published):
    text, page = published
    sealed = Sealed.read(text)
    assert sealed.text() == text
    assert canonical(sealed.receipt.tree()) == canonical(json.loads(text)["receipt"])
    assert digest_of(sealed.receipt.tree()) == sealed.sha256
    assert render(sealed) == page


def sealed_again(document: dict) -> str:
    return json.dumps(document | {"sha256": digest_of(document["receipt"])})


def without(tree: dict, *path: str) -> None:
    for key in path[:-1]:
        tree = tree[key]
    del tree[path[-1]]


@pytest.mark.parametrize("path", [("cautions",), ("verdict", "missing"), ("depths", "SAL", "a_week", "model", "found")])
def test_a_receipt_of_another_version_is_told_by_the_field_that_it_lacks(example, path):
    without(example["receipt"], *path)
    with pytest.raises(OtherVersionError, match=rf"{'.'.join(path)}: Field required.*version that made it"):
        Sealed.read(sealed_again(example))


def test_a_receipt_of_another_version_is_told_by_the_field_that_it_has_more(example):
    example["receipt"]["verdict"]["mood"] = "good"
    with pytest.raises(OtherVersionError, match=r"receipt\.verdict\.mood: Extra inputs are not permitted") as raised:
        Sealed.read(sealed_again(example))
    assert raised.value.sha256 == digest_of(example["receipt"])


def test_a_receipt_that_lacks_a_scorer_in_one_table_is_told_so(example):
    del example["receipt"]["depths"]["MQL"]["at_depth"]["naive_bayes"]
    with pytest.raises(InputError, match="expected figures of"):
        Sealed.read(sealed_again(example))


def test_what_was_changed_after_sealing_is_not_taken_for_another_version(example):
    example["receipt"]["verdict"]["mood"] = "good"
    with pytest.raises(InputError, match="expected a sealed receipt") as raised:
        Sealed.read(json.dumps(example))
    assert not isinstance(raised.value, OtherVersionError)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 2}', "null", '{"format": 1, "receipt": NaN}'])
def test_what_is_no_receipt_ends_with_one_message(text):
    with pytest.raises(InputError, match=r"receipt\.json: expected"):
        Sealed.read(text)
