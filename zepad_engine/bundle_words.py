"""What window and engine say of bundles (``.zepad``): open one, and it was opened. Torch-free."""

from __future__ import annotations

import msgspec


class _Message(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type"):
    pass


class OpenBundle(_Message, frozen=True, kw_only=True, tag="open_bundle"):
    """Check a bundle to its last byte and unpack it into a new run folder; answered by BundleOpened or Failed.

    Attributes:
        path: the ``.zepad`` file.
        parent: folder the run folder is made in; "" = the folder of all runs.
    """

    request: str
    path: str
    parent: str = ""


class BundleOpened(_Message, frozen=True, kw_only=True, tag="bundle_opened"):
    """Every byte was as written, and the run lies in ``folder``.

    Attributes:
        files: how many files it held; seal: SHA-256 of its manifest, which stands for all of them.
        key: fingerprint of the key that signed it, "" where nobody did; signer: the name that signer gives himself,
            which nothing proves.
    """

    request: str
    path: str
    folder: str
    files: int
    seal: str
    key: str = ""
    signer: str = ""
