"""The page of the system: what needs somebody, and how everything behind the pages gets on."""

import platform
from functools import cache

from flask import Blueprint, Response, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from application.bootstrap import Services
from application.catalog.scopes import ADMIN, AUDIT
from application.feed.counts import FEED_COUNTS
from application.operations.system_status import system_status
from application.runtime.installation import version_text
from interface.console.webhook_view import lasting


def register(routes: Blueprint, services: Services) -> None:
    """The page of the system."""

    @routes.get("/system")
    def show_system() -> AnyResponse:
        part = "HX-Request" in request.headers
        settings = services.settings
        now = services.clock()
        page = render_template(
            "console/system_now.html" if part else "console/system.html",
            it=system_status(
                services.store, services.store_clock, now, settings.checkpoint_seconds
            ),
            now=now,
            operates=g.caller.may(AUDIT, ADMIN),
            readers=FEED_COUNTS.total(),
            delivers=settings.webhooks,
            signs=settings.checkpoint_seconds > 0,
            version=_version(),
            python=platform.python_version(),
            database=settings.database.partition(":")[0],
            log_id=services.store.log_id(),
            lasting=lasting,
        )
        return Response(page)

    @routes.get("/read-models")
    def show_read_models() -> AnyResponse:
        """Where the read models were."""
        return redirect(url_for("console.show_system"), 301)


@cache
def _version() -> str:
    """The version of this service, which does not change while it runs."""
    return version_text()
