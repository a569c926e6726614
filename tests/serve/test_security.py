"""Keys and sessions."""

from __future__ import annotations

import time

from itsdangerous import TimestampSigner

from serve.security import is_session, new_session, same_key

KEY = "a-key-for-these-tests"


def test_sessions_end_and_cannot_be_made_without_the_key() -> None:
    session = new_session(KEY)
    assert is_session(session, KEY, seconds=60)
    assert not is_session(session, KEY, seconds=-1)
    assert not is_session(new_session("another-key-altogether"), KEY, seconds=60)
    value, made, signature = session.split(".")
    for forged in (
        None, "", ".", "..", value, f"{value}.{made}", f"{value}.{made}.", f"{value}.A{made[1:]}.{signature}",
        f"{value}.{made}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}", f"other.{made}.{signature}",
        f"{value}.{made}.ä", f"{value}.ä.{signature}", TimestampSigner(KEY).sign("session").decode(),
    ):  # fmt: skip
        assert not is_session(forged, KEY, seconds=60), forged
    assert KEY not in session


def test_a_session_ends_by_its_age() -> None:
    session = new_session(KEY)
    time.sleep(1.1)
    assert not is_session(session, KEY, seconds=0)
    assert is_session(session, KEY, seconds=60)


def test_keys_are_compared_whole() -> None:
    assert same_key(KEY, KEY)
    assert not same_key(None, KEY)
    assert not same_key("ä", KEY)
