"""Who sent a mail: nothing an attacker writes is proof."""

from __future__ import annotations

import base64

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from pipeline.mail.proof import SenderProof, by_results, by_signature, signers

WHO = "clerk@school.example"
OURS = "mx.office.example"
PASS, FAIL, NONE = SenderProof.PASS, SenderProof.FAIL, SenderProof.NONE


@pytest.mark.parametrize(
    ("results", "proof"),
    [
        ([f"{OURS}; dmarc=pass header.from=school.example"], PASS),
        ([f"{OURS}; spf=pass smtp.mailfrom=school.example; dmarc=pass (p=none) header.from=school.example"], PASS),
        ([f"{OURS}; dkim=pass header.d=school.example"], PASS),
        ([f"{OURS}; dkim=pass header.i=@school.example"], PASS),
        ([f"{OURS}; dkim=fail header.d=school.example; dkim=pass header.d=school.example"], PASS),
        ([f"{OURS} 1; dmarc=pass header.from=school.example"], PASS),
        ([f"{OURS}; dkim=pass header.d=other.example"], NONE),
        ([f"{OURS}; dkim=pass header.d=le"], NONE),
        ([f"{OURS}; dkim=pass header.d=xschool.example"], NONE),
        ([f"{OURS}; dmarc=pass header.from=other.example"], NONE),
        ([f"{OURS}; dmarc=fail header.from=school.example"], FAIL),
        ([f"{OURS}; spf=pass smtp.mailfrom=school.example"], NONE),
        ([f"{OURS}; none"], NONE),
        (["evil.example; dmarc=pass header.from=school.example"], NONE),
        ([f"{OURS}.evil.example; dmarc=pass header.from=school.example"], NONE),
        (["evil.example; none", f"{OURS}; dmarc=pass header.from=school.example"], NONE),
        ([f"{OURS}; spf=none", f"{OURS}; dmarc=pass header.from=school.example"], PASS),
        ([f"{OURS}; dkim=pass header.d=school.example (evil", "x"], NONE),
        (["", ";;;", "\x00"], NONE),
        ([f"{OURS}; spf=pass smtp.mailfrom=<a@163.com>; dmarc=pass header.from=school.example"], NONE),
    ],
)
def test_only_what_our_own_server_found_of_the_sender_s_own_domain_counts(
    results: list[str], proof: SenderProof
) -> None:
    assert by_results(results, WHO, OURS) is proof
    assert by_results(results, WHO, "") is NONE


def test_a_suffix_that_belongs_to_nobody_signs_for_nobody() -> None:
    assert by_signature(["edu.cn"], "clerk@school.edu.cn") is NONE
    assert by_signature(["school.edu.cn"], "clerk@mail.school.edu.cn") is PASS
    assert by_signature([], WHO) is NONE


MAIL = b"From: clerk@school.example\r\nTo: queke@office.example\r\nSubject: x\r\nDate: Fri, 20 Nov 2026\r\n\r\nbody\r\n"


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def signed(key: rsa.RSAPrivateKey, **options: object) -> bytes:
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    heads = [b"From", b"To", b"Subject", b"Date"]
    line = dkim.sign(MAIL, b"s1", b"school.example", pem, include_headers=heads, **options)
    return bytes(line) + MAIL


def test_a_signature_holds_while_nothing_is_changed(key: rsa.RSAPrivateKey) -> None:
    public = base64.b64encode(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))

    def dns(name: bytes, **_: object) -> bytes | None:
        return b"v=DKIM1; k=rsa; p=" + public if name == b"s1._domainkey.school.example." else None

    raw = signed(key)
    assert signers(raw, dns) == ("school.example",)
    assert signers(raw.replace(b"body", b"other"), dns) == ()
    assert signers(raw.replace(b"From: clerk", b"From: thief"), dns) == ()
    assert signers(signed(key, length=True), dns) == ()
    assert signers(MAIL, dns) == ()
    assert signers(raw, lambda _name, **_: None) == ()
    assert signers(b"", dns) == ()
    assert signers(b"DKIM-Signature: v=1; rubbish\r\n" + MAIL, dns) == ()
