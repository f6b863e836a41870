"""What a broker is shown of who publishes: over a connection that is as safe as its address says.

The client would show it to any server in plain text that does not ask for TLS, whatever the address
says; and of a file that is no file of credentials it would read for ever.
"""

import base64
import re
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec
import nkeys

from domain.errors import UserError

JWT = re.compile(rb"-+BEGIN NATS USER JWT-+\s+([\w.=-]+)\s+-+END NATS USER JWT-+")
SEED = re.compile(rb"-+BEGIN USER NKEY SEED-+\s+(\w+)\s+-+END USER NKEY SEED-+")


class BadCredentials(UserError):
    """A file has no credentials of a user."""

    def __init__(self, file: str) -> None:
        super().__init__(
            f"{file} is not a file of NATS credentials: it needs a JWT and an NKEY seed."
        )


class PlainText(UserError):
    """A broker does not speak TLS, and its address says that it does."""

    def __init__(self) -> None:
        super().__init__("it does not speak TLS")


class NotedContext(ssl.SSLContext):
    """Verifies servers as all clients do, and notes whether it was used."""

    used = False

    def wrap_bio(self, *arguments: Any, **options: Any) -> ssl.SSLObject:
        """Begin a handshake."""
        self.used = True
        return super().wrap_bio(*arguments, **options)


class FileCredentials(msgspec.Struct, frozen=True):
    """A user's JWT, and the seed of the key that signs for it."""

    jwt: bytes
    seed: bytes

    def __repr__(self) -> str:
        """Nothing of them."""
        return "FileCredentials()"

    def sign(self, nonce: str) -> bytes:
        """The signature of what a server asks to sign."""
        pair = nkeys.from_seed(bytearray(self.seed))
        return base64.b64encode(pair.sign(nonce.encode()))


def read_credentials(file: str) -> FileCredentials:
    """The credentials in a file. Raises `BadCredentials`, `OSError`."""
    text = Path(file).read_bytes()
    jwt, seed = JWT.search(text), SEED.search(text)
    if jwt is None or seed is None:
        raise BadCredentials(file)
    found = FileCredentials(jwt[1], seed[1])
    try:
        found.sign("")
    except nkeys.NkeysError as error:
        raise BadCredentials(file) from error
    return found


def client_options(server: str, from_file: FileCredentials | None) -> dict[str, Any]:
    """The client's options for a server's URL: where to connect to, as whom, and by TLS or not.

    Each of the callbacks raises `PlainText` rather than answer where TLS was not begun.
    """
    parts = urlsplit(server)
    context = NotedContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_default_certs()

    def safe(answer: Callable[..., Any]) -> Callable[..., Any]:
        def checked(*asked: Any) -> Any:
            if parts.scheme == "tls" and not context.used:
                raise PlainText
            return answer(*asked)

        return checked

    options: dict[str, Any] = {
        "servers": f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}",
        "tls": context,
        "tls_hostname": parts.hostname,
    }
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if from_file is not None:
        options["signature_cb"] = safe(from_file.sign)
        options["user_jwt_cb"] = safe(lambda: from_file.jwt)
    elif parts.password is not None:
        options |= {"user": safe(lambda: user), "password": safe(lambda: password)}
    elif user:
        options["token"] = safe(lambda: user)
    return options
