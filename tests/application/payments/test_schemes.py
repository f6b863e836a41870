"""Signatures by each scheme, against vectors that others have published or made."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from application.payments.schemes.known import known_schemes
from application.payments.schemes.protocol import BadSecret, SignatureRefused

STANDARD = known_schemes()["standard-webhooks"]
TIMESTAMPED = known_schemes()["timestamped-hmac"]

# The example that the specification of Standard Webhooks and its libraries' tests share.
SECRET = b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NOTICE = "msg_p5jXN8AQM9LWM0D4loKWxJek"
SECONDS = 1614265330
BODY = b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
NOW = datetime.fromtimestamp(SECONDS, UTC)

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = b"whpk_" + base64.b64encode(KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))
BY_KEY = "v1a," + base64.b64encode(KEY.sign(f"{NOTICE}.{SECONDS}.".encode() + BODY)).decode()
OTHER = b"whsec_" + base64.b64encode(b"another secret of its own")


def headers(**changed):
    known = {"webhook-id": NOTICE, "webhook-timestamp": str(SECONDS)}
    return {**known, "webhook-signature": SIGNATURE, **changed}


def standard(secrets=(SECRET,), now=NOW, body=BODY, **changed):
    changed = {f"webhook-{name}": value for name, value in changed.items()}
    return STANDARD.verify(headers(**changed), body, secrets, now)


def test_the_example_of_the_specification_is_good():
    assert standard() == NOTICE


@pytest.mark.parametrize("signature", [BY_KEY, f"{SIGNATURE} {BY_KEY}", f"v1a,AAAA {BY_KEY}"])
def test_a_public_key_verifies(signature):
    assert standard([PUBLIC], signature=signature) == NOTICE


def test_one_of_several_secrets_and_signatures_is_enough():
    assert standard([OTHER, PUBLIC, SECRET]) == NOTICE
    assert standard([SECRET, OTHER], signature=f"v1,AAAA v2,zz {SIGNATURE}") == NOTICE
    assert standard([SECRET.removeprefix(b"whsec_")]) == NOTICE


@pytest.mark.parametrize(
    "wrong",
    [
        {"signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OA="},
        {"signature": SIGNATURE.replace("v1", "v1a")},
        {"signature": SIGNATURE.replace("v1", "v2")},
        {"signature": SIGNATURE.removeprefix("v1,")},
        {"signature": "v1,\u00e9 v1, , v1"},
        {"signature": " ".join(["v1,AAAA"] * 20 + [SIGNATURE])},
        {"signature": ""},
        {"id": "msg_other"},
        {"id": ""},
        {"id": "a b"},
        {"timestamp": str(SECONDS + 1)},
        {"timestamp": f"{SECONDS}.0"},
        {"timestamp": f"-{SECONDS}"},
        {"timestamp": "\u0661" * 10},
        {"timestamp": "9" * 400},
        {"body": BODY + b" "},
        {"secrets": [OTHER]},
        {"secrets": [PUBLIC]},
        {"secrets": []},
        {"now": NOW + timedelta(seconds=301)},
        {"now": NOW - timedelta(seconds=301)},
    ],
)
def test_what_is_not_signed_now_with_a_secret_is_refused(wrong):
    with pytest.raises(SignatureRefused):
        standard(**wrong)


@pytest.mark.parametrize("seconds", [-300, 300])
def test_five_minutes_are_good(seconds):
    assert standard(now=NOW + timedelta(seconds=seconds)) == NOTICE


@pytest.mark.parametrize("bad", [b"whsec_short", b"whsec_\xff", b"whpk_AAAA", b"not base64 at all"])
def test_a_secret_of_another_form_is_told_apart(bad):
    with pytest.raises(BadSecret) as caught:
        standard([bad])
    assert bad.decode(errors="replace") not in str(caught.value)
    assert standard([bad, SECRET]) == NOTICE


TEXT = b"whsec_test_secret"


def stamped(secret=TEXT, seconds=SECONDS, body=BODY):
    digest = hmac.new(secret, f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={seconds},v1={digest}"


def timestamped(header, secrets=(TEXT,), now=NOW, body=BODY):
    return TIMESTAMPED.verify({"stripe-signature": header}, body, secrets, now)


def test_a_timestamped_signature_is_good_and_names_no_notice():
    assert timestamped(stamped()) is None
    assert timestamped(stamped() + ",v0=ignored,v1=" + "0" * 64) is None
    assert timestamped(stamped(), [b"other", TEXT]) is None


@pytest.mark.parametrize(
    ("header", "more"),
    [
        ("", {}),
        ("nonsense", {}),
        (stamped().partition(",")[2], {}),
        (stamped().partition(",")[0], {}),
        (stamped().replace("v1=", "v0="), {}),
        (stamped().upper(), {}),
        (stamped() + f",t={SECONDS}", {}),
        (stamped(b"other"), {}),
        (stamped(seconds=SECONDS - 301), {}),
        (stamped() + ",v1=0" * 30, {}),
        (stamped(), {"body": BODY + b"\n"}),
        (stamped(), {"secrets": []}),
        ("t=x,v1=\u00e9", {}),
    ],
)
def test_a_wrong_timestamped_signature_is_refused(header, more):
    with pytest.raises(SignatureRefused):
        timestamped(header, **more)
