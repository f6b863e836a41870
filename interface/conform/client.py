"""Sends a request as it is printed, and takes the answer as it comes."""

import json
from http.client import HTTPException, InvalidURL
from typing import Any
from urllib.error import URLError
from urllib.request import HTTPErrorProcessor, Request, build_opener

import msgspec

from domain.errors import UserError

SECONDS = 30
LARGEST = 64 * 2**20


class NotReached(UserError):
    """The server does not answer."""

    def __init__(self, url: str, reason: object) -> None:
        super().__init__(f"{url} cannot be reached: {reason}")


class CannotSend(UserError):
    """A request has a form that HTTP does not have."""

    def __init__(self, method: str, path: str, reason: object) -> None:
        super().__init__(f"{method} {path} cannot be sent: {reason}")


class Answer(msgspec.Struct, frozen=True):
    """What came back. The names of headers are in small letters."""

    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def body(self) -> Any:
        """The document; None for what is no JSON."""
        try:
            return json.loads(self.content)
        except (ValueError, RecursionError):
            return None

    @property
    def problem(self) -> str:
        """What a problem document says: its code, its sentence, and where each fault is."""
        body = self.body if isinstance(self.body, dict) else {}
        faults = [
            f"{each.get('pointer')}: {each.get('detail')}"
            for each in body.get("errors") or ()
            if isinstance(each, dict)
        ]
        said = [str(body[name]) for name in ("code", "detail") if body.get(name)]
        return " ".join([": ".join(said), "; ".join(faults)]).strip()


class _AsItComes(HTTPErrorProcessor):
    """Every status is an answer; no redirection is followed."""

    def http_response(self, request: Request, response: Any) -> Any:  # noqa: ARG002 - its signature
        return response

    https_response = http_response


class Client:
    """Asks one server."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._opener = build_opener(_AsItComes)

    def send(self, method: str, path: str, headers: dict[str, str], body: Any = None) -> Answer:
        """Send a request. Raises `NotReached` and `CannotSend`."""
        content = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        url = self._url + path
        try:
            request = Request(url, content, headers, method=method)  # noqa: S310 - http or https, checked
            with self._opener.open(request, timeout=SECONDS) as answer:
                named = {name.lower(): value for name, value in answer.getheaders()}
                return Answer(answer.status, named, answer.read(LARGEST))
        except (InvalidURL, ValueError) as error:
            raise CannotSend(method, path, error) from error
        except (OSError, HTTPException) as error:
            reason = error.reason if isinstance(error, URLError) else error
            raise NotReached(self._url, reason) from error
