"""The page of the API: every call of /openapi.json, to be read and to be tried from the browser.

Where the server sells the sample, the page has its key already; elsewhere the reader types one.
"""

from contextlib import suppress

from flask import Blueprint, Response, render_template, request

from application.bootstrap import Services
from application.catalog.loading import sample_catalog
from application.catalog.scopes import ORDERS_WRITE
from application.ports.store import StoreUnavailable
from interface.guide.policy import policy
from interface.http.authentication import is_local
from interface.http.page_headers import FOR_EVER, PAGE_HEADERS
from interface.http.signpost import API_PAGE
from interface.http.static_files import StaticFiles

STATIC = StaticFiles("interface.guide", "guide")


def register(routes: Blueprint, services: Services) -> None:
    """Add the page."""

    @routes.get(API_PAGE.removeprefix("/docs"))
    def api() -> Response:
        key = sample_key(services)
        page = Response(render_template("guide/api.html", asset=STATIC.address, key=key))
        page.headers["Cache-Control"] = "no-store"
        return page

    @routes.after_request
    def guard(answer: Response) -> Response:
        for name, value in (*PAGE_HEADERS.items(), ("Content-Security-Policy", policy())):
            answer.headers.setdefault(name, value)
        if STATIC.are_asked_for():
            answer.headers["Cache-Control"] = FOR_EVER if STATIC.may_be_kept(answer) else "no-cache"
        return answer


def sample_key(services: Services) -> str | None:
    """The first key of the sample that may sell, if this server would take it from this reader."""
    local = is_local(request.environ)
    with suppress(StoreUnavailable):
        for partner in sample_catalog().partners:
            for key in partner.keys:
                caller = services.access.caller(key, local=local)
                if caller is not None and caller.may(ORDERS_WRITE):
                    return key
    return None
