"""A posted lead is read as ``ingest`` reads an export: words for nothing are missing in both."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from features.errors import InputError
from features.kernel.one_lead import LeadCoder
from features.source_spec import SourceSpec
from features.tables.written_values import NOTHING
from serve.api.contracts import ScoreRequest
from serve.api.request_facts import request_facts

SPEC = SourceSpec.model_validate(
    {
        "name": "x",
        "title": {"de": "X", "en": "X"},
        "targets": {"sql": {"stage": "SQL", "horizon": "30d"}},
        "fit": {
            "industry": {"type": "category"},
            "region": {"type": "category", "values": ["unknown", "north"]},
            "employees": {"type": "number"},
            "budget": {"type": "number", "known": "changes"},
        },
    }
)
NOW = datetime(2025, 6, 1, tzinfo=UTC)


def request(attributes: dict[str, object], value: object = None) -> ScoreRequest:
    changes = [{"changed_at": "2025-05-02T00:00:00Z", "field": "budget", "value": value}]
    return ScoreRequest.model_validate(
        {"created_at": "2025-05-01T00:00:00Z", "attributes": attributes, "changes": changes}
    )


def facts(attributes: dict[str, object], value: object = None) -> str:
    """Return a lead's facts as text, without the places of objects in memory."""
    return re.sub("0x[0-9a-f]+", "", repr(request_facts(request(attributes, value), LeadCoder(SPEC), as_of=NOW)))


@pytest.mark.parametrize("word", NOTHING)
def test_a_word_for_nothing_is_missing_for_any_kind_of_column(word: str) -> None:
    missing = facts({"industry": None, "employees": None})
    assert facts({"industry": word, "employees": word}, word) == missing
    assert facts({"industry": "software", "employees": None}) != missing


def test_a_word_that_the_source_lists_is_a_value() -> None:
    assert facts({"region": "unknown"}) != facts({"region": None})


def test_other_words_are_refused_where_a_number_stands() -> None:
    with pytest.raises(InputError, match="expected a number"):
        request_facts(request({"employees": "many"}), LeadCoder(SPEC), as_of=NOW)
