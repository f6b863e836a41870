"""The pages to sign in with a key, and to sign out."""

import re
from functools import cache
from zoneinfo import available_timezones

from flask import Blueprint, Response, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from application.bootstrap import Services
from interface.http.authentication import address_of, is_local

ZONES = cache(available_timezones)
OUR_PAGE = re.compile(r"/console(/[\w/-]*)?(\?[^\s\\]*)?\Z", re.ASCII)


def register(routes: Blueprint, services: Services) -> None:
    """The sign-in pages."""

    @routes.get("")
    def start() -> AnyResponse:
        return redirect(url_for("console.find_orders"))

    @routes.get("/sign-in")
    def sign_in() -> AnyResponse:
        if g.caller is not None:
            return redirect(_after())
        return Response(render_template("console/sign_in.html", after=_after(), wrong=False))

    @routes.post("/sign-in")
    def enter() -> AnyResponse:
        key = request.form.get("key", "").strip()
        if services.access.caller(key, local=is_local(request.environ)) is None:
            services.rates.refuse_guess(address_of(services, request.environ))
            page = render_template("console/sign_in.html", after=_after(), wrong=True)
            return Response(page, 403)
        zone = request.form.get("zone", "")
        name = services.key_secret.name_of(key)
        g.page_session.sign_in(name, zone if zone in ZONES() else "UTC")
        return redirect(_after(), 303)

    @routes.post("/sign-out")
    def leave_for_good() -> AnyResponse:
        g.page_session.sign_out()
        return redirect(url_for("console.sign_in"), 303)


def _after() -> str:
    """The page to show after signing in: always one of this console, whatever the address has."""
    wanted = request.values.get("next", "")
    return wanted if OUR_PAGE.match(wanted) else url_for("console.find_orders")
