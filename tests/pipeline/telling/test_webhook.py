"""Webhooks: signed as the specification's own library checks it, to one address, with secrets from the environment."""

from __future__ import annotations

import json

import pytest

from features.errors import InputError
from pipeline.telling.channels import make_channels

EVENTS = ["lead.above", "lead.below"]


def sales(listener, **more):
    return {"kind": "webhook", "url": listener.url, "events": EVENTS, "retries": 0, **more}


def two_nights(nights, channel) -> None:
    nights.night({"a": "none"})
    nights.tell(sales=channel)
    nights.night({"a": "SAL"})


def test_a_message_is_signed_and_says_all(nights, listener) -> None:
    two_nights(nights, sales(listener))
    assert nights.tell(sales=sales(listener)).exit_code == 0
    [(_, content)] = listener.got
    assert set(content) == {"type", "timestamp", "data"}
    assert content["data"]["lead_id"] == "a"
    assert content["data"]["band"] == "SAL"
    assert listener.headers[0]["Content-Type"] == "application/json"


@pytest.mark.parametrize("status", [302, 307])
def test_a_redirect_is_no_delivery(nights, listener, status) -> None:
    two_nights(nights, sales(listener))
    listener.answers = [status]
    failed = nights.tell(sales=sales(listener))
    assert (failed.waits, failed.exit_code) == ({"sales": 1}, 2)
    assert listener.paths == ["/hook"]  # nobody was followed elsewhere
    nights.tell(sales=sales(listener))
    assert len(listener.got) == 1


def test_a_server_that_stumbles_is_asked_again_in_the_same_job(nights, listener) -> None:
    two_nights(nights, sales(listener))
    listener.answers = [500, 429]
    assert nights.tell(sales=sales(listener, retries=3)).exit_code == 0
    assert len(listener.paths) == 3
    assert len(listener.got) == 1


def test_a_secret_that_is_missing_is_named_and_everything_waits(nights, listener, monkeypatch) -> None:
    two_nights(nights, sales(listener))
    monkeypatch.delenv("LEADSCORE_SALES_SECRET")
    failed = nights.tell(sales=sales(listener))
    assert "LEADSCORE_SALES_SECRET" in failed.failed["sales"]
    assert failed.waits == {"sales": 1}
    monkeypatch.setenv("HOOK", "no base64 of enough bytes")
    failed = nights.tell(sales=sales(listener, secret_variable="HOOK"))
    assert "24 to 64 bytes" in failed.failed["sales"]
    assert "no base64" not in failed.failed["sales"]


def test_an_address_may_be_a_secret_too(nights, listener, monkeypatch, caplog, capsys) -> None:
    hidden = {"kind": "webhook", "url_variable": "HOOK_URL", "events": EVENTS, "retries": 1}
    monkeypatch.setenv("HOOK_URL", "http://127.0.0.1:9/a-secret-path")
    two_nights(nights, hidden)
    assert nights.tell(sales=hidden).exit_code == 2
    assert "127.0.0.1:9" in capsys.readouterr().err
    assert "a-secret-path" not in caplog.text
    monkeypatch.setenv("HOOK_URL", listener.url)
    assert nights.tell(sales=hidden).sent == {"sales": 1}


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://example.com/hook", "plain_http"),
        ("https://me:secret@example.com/hook", "user or password"),
        ("ftp://example.com/x", "https://HOST"),
        ("https://[::1", "cannot be read"),
    ],
)
def test_an_address_that_is_none_is_refused_and_not_quoted(url, said, tmp_path) -> None:
    with pytest.raises(InputError, match=said) as refused:
        make_channels({"sales": {"kind": "webhook", "url": url, "events": EVENTS}}, tmp_path)
    assert "secret" not in str(refused.value)


def test_what_is_sent_is_what_was_signed_also_of_other_alphabets(nights, listener) -> None:
    nights.night({"Jürgen €": "none"})
    nights.tell(sales=sales(listener, language="de"))
    nights.night({"Jürgen €": "MQL"})
    nights.tell(sales=sales(listener, language="de"))
    [(_, content)] = listener.got
    assert content["data"]["lead_id"] == "Jürgen €"
    assert json.dumps(content)
