"""Signing in with a key, and out."""

import re
from functools import cache
from zoneinfo import available_timezones

from flask import Blueprint, Response, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from application.bootstrap import Services
from application.catalog.access import hash_of

ZONES = cache(available_timezones)
OUR_PAGE = re.compile(r"/console(/[\w/-]*)?(\?[^\s\\]*)?\Z", re.ASCII)


def register(routes: Blueprint, services: Services) -> None:
    """The pages before and after all others."""

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
        if services.access.caller(key) is None:
            page = render_template("console/sign_in.html", after=_after(), wrong=True)
            return Response(page, 403)
        zone = request.form.get("zone", "")
        g.page_session.renew(hash_of(key), zone if zone in ZONES() else "UTC")
        return redirect(_after(), 303)

    @routes.post("/sign-out")
    def leave_for_good() -> AnyResponse:
        g.page_session.renew()
        return redirect(url_for("console.sign_in"), 303)


def _after() -> str:
    """Where to go once signed in: a page of ours, whatever the address says."""
    wanted = request.values.get("next", "")
    return wanted if OUR_PAGE.match(wanted) else url_for("console.find_orders")
