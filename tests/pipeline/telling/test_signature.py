"""Signatures: those of the specification's own library, for any key and text."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook as Verifier

from features.errors import InputError
from pipeline.telling.signature import key_of, signed_headers


@given(st.binary(min_size=24, max_size=64), st.text(), st.booleans())
def test_both_sign_alike(raw: bytes, text: str, marked: bool) -> None:
    secret = ("whsec_" if marked else "") + base64.b64encode(raw).decode()
    at, body = datetime(2026, 6, 1, tzinfo=UTC), text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    headers = signed_headers(key_of(secret, where="here"), "msg_1", int(at.timestamp()), body.encode())
    assert headers["webhook-signature"] == Verifier(secret).sign("msg_1", at, body)


@pytest.mark.parametrize("secret", ["", "whsec_", "short", base64.b64encode(bytes(23)).decode(), "ä" * 40, "====" * 12])
def test_what_is_no_key_is_refused_and_not_quoted(secret: str) -> None:
    with pytest.raises(InputError) as refused:
        key_of(secret, where="telling.sales")
    assert len(secret) < 5 or secret not in str(refused.value)
