"""Dynamics 365 over HTTP, beside a server that answers as the Web API is documented to."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from features.errors import InputError

LEADS = {"00aa-1": 0.6, "O'Brien": 0.25, "ä/ö?": 0.04}


@pytest.fixture
def nights(nights_of: Any, sqlite_store: str, dataverse: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("LEADSCORE_CRM_PASSWORD", "s3cret")
    application = {"token_url": f"{dataverse.url}/token", "client_id": "app"}
    return nights_of(sqlite_store, kind="dynamics", url=dataverse.url, rate=500, timeout_s=1, **application)


def test_a_row_a_lead_with_score_grade_trend_and_reasons(nights: Any, dataverse: Any) -> None:
    assert nights.night(1, LEADS) == 3
    row = dataverse.rows["00aa-1"]
    # Grade A is 0; trend 3 is "not enough info".
    assert (row["msdyn_score"], row["msdyn_grade"], row["msdyn_scoretrend"]) == (60, 0, 3)
    assert json.loads(row["msdyn_scorereasons"]) == [
        {"reason": "demo", "percentage_points": 60.0}, {"reason": "=industry", "percentage_points": -4.2},
    ]  # fmt: skip
    assert row["msdyn_scoredon"] == "2026-06-01T06:00:00Z"
    assert set(dataverse.rows) == set(LEADS)


def test_only_what_changed_is_sent_and_an_undo_says_what_stood_there(nights: Any, dataverse: Any) -> None:
    nights.night(1, LEADS, day=0)
    nights.night(2, LEADS, day=1)
    before = {lead: dict(row) for lead, row in dataverse.rows.items()}  # "steady" everywhere by now
    dataverse.changes.clear()
    assert nights.night(3, LEADS | {"O'Brien": 0.55, "new": 0.3}, day=2) == 2
    assert dataverse.changes == [("PATCH", "O'Brien"), ("PATCH", "new")]
    assert (dataverse.rows["O'Brien"]["msdyn_scoretrend"], dataverse.rows["O'Brien"]["msdyn_grade"]) == (0, 0)
    assert nights.undo(3).not_restored == ()
    assert dataverse.rows == before


@pytest.mark.parametrize("trouble", ["429", "503", "slow", "lost"])
def test_a_request_that_fails_on_its_way_is_repeated(trouble: str, nights: Any, dataverse: Any) -> None:
    dataverse.troubles = ["", trouble, "", trouble]
    began = time.monotonic()
    assert nights.night(1, LEADS) == 3
    assert {lead: row["msdyn_score"] for lead, row in dataverse.rows.items()} == {
        lead: round(100 * p) for lead, p in LEADS.items()
    }
    if trouble == "429":
        assert time.monotonic() - began >= 2  # twice, the second that the server asks for


def test_a_token_that_is_over_is_replaced(nights: Any, dataverse: Any) -> None:
    sink = nights.sink
    with sink.target.opened("run") as opened:
        dataverse.tokens += 1
        assert opened.read(["x"]) == {}


def test_what_the_crm_refuses_is_named_and_the_rest_is_sent(nights: Any, dataverse: Any, capsys: Any):
    dataverse.refused = {"O'Brien"}
    assert nights.night(1, LEADS) == 2
    assert "lead O'Brien was not written: no such lead" in capsys.readouterr().err
    dataverse.refused = set()
    assert nights.night(2, LEADS) >= 1  # it is tried again
    assert set(dataverse.rows) == set(LEADS)


def test_a_crm_that_stays_away_is_a_message_without_secrets_and_the_next_run_catches_up(
    nights_of: Any, nights: Any, sqlite_store: str, dataverse: Any
) -> None:
    options = nights.sink.target.options.model_dump(exclude_unset=True)
    hasty = nights_of(sqlite_store, **options | {"retries": 1})
    dataverse.troubles = ["", "", "503", "503"]  # the first row arrives, the second does not
    with pytest.raises(InputError, match=r"score\.sinks\.crm: .*status 503") as refused:
        hasty.night(1, LEADS)
    assert "s3cret" not in str(refused.value)
    assert dataverse.changes == [("PATCH", "00aa-1")]
    assert nights.night(1, LEADS) == 2
    assert dataverse.changes == [("PATCH", lead) for lead in LEADS]
    assert nights.undo(1).not_restored == ()
    assert dataverse.rows == {}


def test_requests_keep_to_the_rate(nights_of: Any, nights: Any, sqlite_store: str, dataverse: Any) -> None:
    options = nights.sink.target.options.model_dump(exclude_unset=True)
    paced = nights_of(sqlite_store, **options | {"rate": 20})
    paced.night(1, {f"lead{n}": 0.5 for n in range(20)})
    took = dataverse.moments[-1] - dataverse.moments[0]
    assert took >= (len(dataverse.moments) - 2) / 20


def test_a_wrong_secret_is_said(nights: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADSCORE_CRM_PASSWORD", "wrong")
    with pytest.raises(InputError, match="status 401") as refused:
        nights.night(1, LEADS)
    assert "wrong" not in str(refused.value)
