"""Signatures of bundles: ed25519, with a key that lies in a file of the one who signs.

The package ``cryptography`` does the arithmetic; only who signs, or checks a signature, needs it
(``python -m pip install -e ".[signing]"``).
"""

from __future__ import annotations

import hashlib
import os
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import msgspec

from zepad_engine.bundle.refusal import refused
from zepad_engine.errors import BadInput

ALGORITHM: Final = "ed25519"
_DOMAIN: Final = b"ZePAD bundle 1\n"
_LONGEST_SIGNER: Final = 120


class Signature(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``signature.json``: over the manifest's bytes and the name the signer gives himself; key and value in hex."""

    algorithm: str
    public_key: str
    signature: str
    signer: str = ""


def make_key(path: Path) -> str:
    """Make a private key in a new file only its owner can read; gives back the public key in hex.

    Raises:
        BadInput: the file exists, or cannot be written.
    """
    _require_library()
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(text)
    except FileExistsError as trouble:
        raise BadInput(f"The file {path.name} is there already.", "Name a new file for the key.") from trouble
    except OSError as trouble:
        raise BadInput(f"The key cannot be written to {path.name}.", "Name another file.") from trouble
    return key.public_key().public_bytes_raw().hex()


def sign(manifest: bytes, key: Path, signer: str = "") -> Signature:
    """Sign the bytes of a manifest with the private key in a file.

    Raises:
        BadInput: the file holds no such key.
    """
    _require_library()
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        private = load_pem_private_key(key.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as trouble:
        raise BadInput(f"{key.name} holds no private key.", "Make one with: bundle --make-key FILE.") from trouble
    if not isinstance(private, Ed25519PrivateKey):
        raise BadInput(f"{key.name} holds a key of another kind.", "Make one with: bundle --make-key FILE.")
    signer = " ".join(signer.split())[:_LONGEST_SIGNER]
    return Signature(
        algorithm=ALGORITHM,
        public_key=private.public_key().public_bytes_raw().hex(),
        signature=private.sign(_signed(manifest, signer)).hex(),
        signer=signer,
    )


def check_signature(manifest: bytes, written: bytes) -> Signature:
    """The signature, if it holds.

    Raises:
        BadInput: it does not, or is none.
    """
    try:
        found = msgspec.json.decode(written, type=Signature)
        key, value = bytes.fromhex(found.public_key), bytes.fromhex(found.signature)
    except (msgspec.DecodeError, ValueError, RecursionError) as trouble:
        raise refused("its signature cannot be read") from trouble
    _require_library()
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        if found.algorithm != ALGORITHM:
            raise refused("its signature is of a kind this program does not know")
        Ed25519PublicKey.from_public_bytes(key).verify(value, _signed(manifest, found.signer))
    except (InvalidSignature, ValueError) as trouble:
        raise refused("its signature does not fit its content") from trouble
    return found


def fingerprint(public_key: str) -> str:
    """A public key short enough to be read out: 16 hex digits of its SHA-256 in groups of four."""
    digits = hashlib.sha256(public_key.encode("ascii")).hexdigest()[:16]
    return " ".join(digits[start : start + 4] for start in range(0, 16, 4))


def _require_library() -> None:
    if find_spec("cryptography") is None:
        raise BadInput(
            "Signatures need the package cryptography, which is not installed.",
            'Install it with: python -m pip install -e ".[signing]".',
            code="bundle.needs_package",
        )


def _signed(manifest: bytes, signer: str) -> bytes:
    return _DOMAIN + signer.encode("utf-8") + b"\n" + manifest
