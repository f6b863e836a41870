"""The sandbox's secret: made when the service starts, and kept in its processes' memory alone."""

import base64
import hashlib
import hmac
import os
import secrets

from application.configuration import OF_SANDBOX

BYTES = 32
PREFIX = "whsec_"


def make_secret() -> None:
    """Put a new secret into the environment of this process, and of those that it will fork."""
    os.environ[OF_SANDBOX] = PREFIX + base64.b64encode(secrets.token_bytes(BYTES)).decode()


def secret_key() -> bytes:
    """The bytes of the secret."""
    return base64.b64decode(os.environ[OF_SANDBOX].removeprefix(PREFIX))


def form_token(customer: str, press: str) -> str:
    """What shows that a form was made by this service, for this buyer and one press."""
    return hmac.new(secret_key(), f"form.{customer}.{press}".encode(), hashlib.sha256).hexdigest()
