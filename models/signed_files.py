"""Whether files are those that a key signed: OpenSSF model signing (https://github.com/sigstore/model-transparency).

A signature is a sigstore bundle that holds an in-toto statement with the SHA-256 of each file, in a DSSE envelope.
What is held against it are the bytes that will be used, so that no file can change between the look and the use.
Package ``model-signing`` writes and reads the same signatures; reading them here takes milliseconds, not its imports.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from features.errors import InputError

SIGNATURE = "model.sig"
"""Lies among the files that it signs."""
PAYLOAD_TYPE = "application/vnd.in-toto+json"
PREDICATE_TYPE = "https://model_signing/signature/v1.0"
_CURVES = {"secp256r1": "SHA256", "secp384r1": "SHA384", "secp521r1": "SHA512"}
_DAMAGE = (KeyError, TypeError, ValueError, IndexError, AttributeError, RecursionError)
"""What reading a signature of another form ends with."""


def verify_signature(files: Mapping[str, bytes], signature: bytes | None, public_key: bytes) -> None:
    """Require that a signature is that of a key, and signs exactly these files.

    Parameters
    ----------
    files : mapping of name to content
        All files of a folder but the signature; names have ``/`` between folders.
    signature : bytes or None
        The content of ``model.sig``; None where there is none.
    public_key : bytes
        PEM of an elliptic-curve key (P-256, P-384, P-521).

    Raises
    ------
    InputError
        If there is no signature, another key made it, or a file was added, left out or changed.
    """
    if signature is None:
        raise _refused(
            "signed files", f"no {SIGNATURE}", "Train again where LEADSCORE_SIGNING_KEY names the private key"
        )
    try:
        envelope = json.loads(signature)["dsseEnvelope"]
        payload = base64.b64decode(envelope["payload"], validate=True)
        made = base64.b64decode(envelope["signatures"][0]["sig"], validate=True)
        of_type = envelope["payloadType"] == PAYLOAD_TYPE
    except _DAMAGE as error:
        raise _refused("a sigstore bundle", f"{type(error).__name__}") from None
    if not of_type or not _is_made_by(public_key, made, payload):
        raise _refused("a signature by the key that LEADSCORE_VERIFY_KEY names", "one of another key, or altered files")
    try:
        signed = _signed_digests(json.loads(payload))
    except _DAMAGE as error:
        raise _refused("a statement about files", f"{type(error).__name__}") from None
    _require_same(signed, {name: hashlib.sha256(content).hexdigest() for name, content in files.items()})


def _refused(expected: str, found: str, hint: str | None = None) -> InputError:
    return InputError(expected=expected, found=found, table=SIGNATURE, hint=hint or "Restore the folder or train again")


def _is_made_by(public_key: bytes, made: bytes, payload: bytes) -> bool:
    """Check an ECDSA signature over DSSE's pre-authentication encoding."""
    try:
        from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec
    except ImportError:
        raise InputError(
            expected="what checks signatures", found="it is not installed", hint="pip install 'leadscore[signing]'"
        ) from None
    try:
        key = serialization.load_pem_public_key(public_key)
    except UnsupportedAlgorithm:
        key = None
    except ValueError:
        raise InputError(expected="a public key in PEM for LEADSCORE_VERIFY_KEY", found="something else") from None
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name not in _CURVES:
        raise InputError(expected=f"a key of a curve among {', '.join(_CURVES)}", found="another kind of key")
    encoded = b" ".join([f"DSSEv1 {len(PAYLOAD_TYPE)} {PAYLOAD_TYPE} {len(payload)}".encode(), payload])
    try:
        key.verify(made, encoded, ec.ECDSA(getattr(hashes, _CURVES[key.curve.name])()))
    except InvalidSignature:
        return False
    return True


def _signed_digests(statement: Mapping[str, Any]) -> dict[str, str]:
    """Return the SHA-256 of each file that a statement is about."""
    if statement["predicateType"] != PREDICATE_TYPE or len(statement["subject"]) != 1:
        raise ValueError(statement["predicateType"])
    resources = statement["predicate"]["resources"]
    root = hashlib.sha256(b"".join(bytes.fromhex(resource["digest"]) for resource in resources)).hexdigest()
    digests = {resource["name"]: resource["digest"] for resource in resources}
    whole = root == statement["subject"][0]["digest"]["sha256"] and len(digests) == len(resources)
    if not whole or any(resource["algorithm"] != "sha256" for resource in resources):
        raise ValueError("digests")
    return digests


def _require_same(signed: Mapping[str, str], found: Mapping[str, str]) -> None:
    for name in sorted(signed.keys() | found.keys()):
        if name not in found:
            raise _refused(f"the signed file {name}", "no such file")
        if name not in signed:
            raise _refused("only files that are signed", f"also {name}")
        if signed[name] != found[name]:
            raise _refused(f"{name} as it was signed", "a changed file")
