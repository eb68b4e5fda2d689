"""Who signed a bundle, and that a signature holds for these bytes and this name only."""

from __future__ import annotations

import importlib.util
import zipfile

import msgspec
import pytest

from tests.support.hostile_bundles import contents, packed
from tests.support.sample_run import write_sample_run
from zepad_engine.bundle import signing
from zepad_engine.bundle.checking import check
from zepad_engine.bundle.packing import pack
from zepad_engine.bundle.signing import fingerprint, make_key
from zepad_engine.command_line import main
from zepad_engine.errors import BadInput


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    place = tmp_path_factory.mktemp("signing")
    write_sample_run(place / "audit")
    return place


@pytest.fixture(scope="module")
def public(place):
    return make_key(place / "key.pem")


@pytest.fixture(scope="module")
def signed(place, public):
    return pack(place / "audit", place / "signed.zepad", key=place / "key.pem", signer="Quality,\n  second floor")


def test_a_signature_is_told_with_its_key(signed, public):
    signature = check(signed).signature
    assert (signature.public_key, signature.signer) == (public, "Quality, second floor")


def test_a_key_is_for_its_owner_alone_and_never_overwritten(place, public):
    assert (place / "key.pem").stat().st_mode & 0o077 == 0
    with pytest.raises(BadInput, match="is there already"):
        make_key(place / "key.pem")


@pytest.mark.parametrize(
    "change", [{"signer": "Somebody else"}, {"signature": "00" * 64}, {"algorithm": "none"}, {"public_key": "00" * 32}]
)
def test_a_signature_that_does_not_fit_is_refused(signed, tmp_path, change):
    files = contents(signed.read_bytes())
    manifest = _manifest(signed)
    told = msgspec.json.decode(files.pop("signature.json")) | change
    forged = packed({"manifest.json": manifest, **files, "signature.json": msgspec.json.encode(told)})
    (tmp_path / "f.zepad").write_bytes(forged)
    with pytest.raises(BadInput, match="signature"):
        check(tmp_path / "f.zepad")


def test_a_signature_moved_to_other_content_is_refused(signed, tmp_path):
    files = contents(signed.read_bytes())
    manifest = _manifest(signed).replace(b'"seed": 0', b'"seed": 1')
    (tmp_path / "f.zepad").write_bytes(packed({"manifest.json": manifest, **files}))
    with pytest.raises(BadInput, match="its signature does not fit its content"):
        check(tmp_path / "f.zepad")


def _manifest(bundle):
    with zipfile.ZipFile(bundle) as archive:
        return archive.read("manifest.json")


def test_verify_says_who_and_ends_with_0_only_if_all_is_well(signed, public, place, capsys):
    assert main(["verify", str(signed)]) == 0
    said = capsys.readouterr().out
    assert public in said
    assert fingerprint(public) in said
    assert main(["verify", str(signed), "--key", public]) == 0
    assert main(["verify", str(signed), "--key", "00" * 32]) == 1
    assert "was not signed with that key" in capsys.readouterr().err
    broken = place / "broken.zepad"
    broken.write_bytes(signed.read_bytes()[:-1] + b"\x01")
    assert main(["verify", str(broken)]) == 1
    assert main(["verify", str(place / "none.zepad")]) == 1


def test_bundle_packs_beside_the_run_and_signs(place, public, capsys):
    assert main(["bundle", str(place / "audit")]) == 0
    assert check(place / "audit.zepad").signature is None
    assert main(["bundle", str(place / "audit"), "-o", str(place / "s.zepad"), "--sign", str(place / "key.pem")]) == 0
    assert check(place / "s.zepad").signature.public_key == public
    assert main(["bundle", str(place / "audit"), "--sign", str(place / "audit/plan.json")]) == 1
    assert "holds no private key" in capsys.readouterr().err


def test_without_the_library_a_signed_bundle_says_what_is_missing(signed, monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr(signing, "find_spec", lambda name: None if name == "cryptography" else found(name))
    with pytest.raises(BadInput, match="package cryptography"):
        check(signed)
