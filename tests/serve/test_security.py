"""Keys and sessions."""

from __future__ import annotations

from serve.security import is_session, new_session, same_key

KEY = "a-key-for-these-tests"


def test_sessions_end_and_cannot_be_made_without_the_key() -> None:
    assert is_session(new_session(KEY, seconds=60), KEY)
    assert not is_session(new_session(KEY, seconds=-1), KEY)
    assert not is_session(new_session("another-key-altogether", seconds=60), KEY)
    expires, signature = new_session(KEY, seconds=60).split(".")
    for forged in (None, "", ".", f"{int(expires) + 1}.{signature}", f"{expires}.", signature, f"{expires}.ä"):
        assert not is_session(forged, KEY)
    assert not same_key(None, KEY)
    assert not same_key("ä", KEY)
