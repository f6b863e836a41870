"""Styles, scripts and fonts: shipped with the service, cached for long, under their own digests.

The content security policy lets a page run and load only these: no text of a page can become a
script.
"""

import hashlib
from functools import cache
from importlib.resources import files
from typing import Any

from flask import Blueprint, Response, request, url_for

from application.bootstrap import Services

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self';"
    " connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
STYLES = (
    *("elements", "layout", "parts", "forms", "lists"),
    *("order", "seats", "money", "phone", "motion"),
)
"""The files in `static/css/`, in the order in which later rules override earlier ones."""

FOR_EVER = "public, max-age=31536000, immutable"


def register(routes: Blueprint, _: Services) -> None:
    """Set the security headers of every page, and let templates name assets."""

    @routes.after_request
    def guard(answer: Response) -> Response:
        answer.headers.update(HEADERS)
        named = request.endpoint == "console.static" and "v" in request.args
        answer.headers["Cache-Control"] = FOR_EVER if named else "no-store"
        return answer

    @routes.context_processor
    def known_to_templates() -> dict[str, Any]:
        return {"asset": asset, "styles": STYLES}


def asset(name: str) -> str:
    """The address of a file in `static/`; it changes with the file."""
    return url_for("console.static", filename=name, v=_digest(name))


@cache
def _digest(name: str) -> str:
    content = files("interface.console").joinpath("static", *name.split("/")).read_bytes()
    return hashlib.sha256(content).hexdigest()[:12]
