"""Styles, scripts and fonts: shipped with the service, cached for long, under their own digests.

The content security policy lets a page run and load only these: no text of a page can become a
script.
"""

from typing import Any

from flask import Blueprint, Response

from application.bootstrap import Services
from interface.http.page_headers import FOR_EVER, PAGE_HEADERS
from interface.http.static_files import StaticFiles

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self';"
    " connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
STATIC = StaticFiles("interface.console", "console")
HEADERS = {"Content-Security-Policy": POLICY, **PAGE_HEADERS}
STYLES = (
    *("elements", "layout", "parts", "forms", "lists"),
    *("order", "time", "seats", "money", "webhooks", "phone", "motion"),
)
"""The files in `static/css/`, in the order in which later rules override earlier ones."""


def register(routes: Blueprint, _: Services) -> None:
    """Set the security headers of every page, and let templates name assets."""

    @routes.after_request
    def guard(answer: Response) -> Response:
        answer.headers.update(HEADERS)
        answer.headers["Cache-Control"] = FOR_EVER if STATIC.may_be_kept(answer) else "no-store"
        return answer

    @routes.context_processor
    def known_to_templates() -> dict[str, Any]:
        return {"asset": STATIC.address, "styles": STYLES}
