"""Signatures of webhooks, as the specification *Standard Webhooks* has them: HMAC-SHA256 over name, time and body."""

from __future__ import annotations

import base64
import hashlib
import hmac

from features.errors import InputError

_PREFIX = "whsec_"
_LEAST_BYTES, _MOST_BYTES = 24, 64


def key_of(secret: str, *, where: str) -> bytes:
    """Return the key that a secret stands for: Base64, with ``whsec_`` before it or not.

    Raises
    ------
    InputError
        If it is none, or has fewer than 24 or more than 64 bytes.
    """
    try:
        text = secret.removeprefix(_PREFIX)
        key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        key = b""
    if not _LEAST_BYTES <= len(key) <= _MOST_BYTES:
        raise InputError(
            expected=f"a secret of {_LEAST_BYTES} to {_MOST_BYTES} bytes in Base64", found="another one", table=where,
            hint="docs/telling.md shows how to make one",
        )  # fmt: skip
    return key


def signed_headers(key: bytes, message_id: str, at: int, body: bytes) -> dict[str, str]:
    """Return the three headers of a webhook.

    Parameters
    ----------
    key : bytes
    message_id : str
    at : int
        Seconds since 1970 UTC, of this try.
    body : bytes

    Examples
    --------
    >>> key = key_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", where="here")
    >>> signed_headers(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')["webhook-signature"]
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='
    """
    digest = hmac.new(key, b".".join([message_id.encode(), str(at).encode(), body]), hashlib.sha256).digest()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(at),
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }
