"""The page of sessions: where one is signed in, and the end of all other sessions."""

from flask import Blueprint, Response, g, redirect, render_template, url_for
from werkzeug.wrappers import Response as AnyResponse

from application.bootstrap import Services
from application.catalog.scopes import ADMIN
from application.ports.console_sessions import ConsoleSession
from interface.console.page_session import sessions_of


def register(routes: Blueprint, services: Services) -> None:
    """The page of sessions."""
    sessions = sessions_of(services)

    @routes.get("/sessions")
    def list_sessions() -> AnyResponse:
        keys = {name: key.id for name, key in services.catalog.current().keys.items()}
        page = render_template(
            "console/sessions.html",
            sessions=_mine(),
            here_id=g.page_session.session.signed_in.id,
            key_of=lambda session: keys.get(session.key, ""),
        )
        return Response(page)

    @routes.post("/sessions/end-others")
    def end_other_sessions() -> AnyResponse:
        own = g.page_session.session.signed_in.id
        sessions.end([each for each in _mine() if each.id != own])
        return redirect(url_for("console.list_sessions"), 303)

    def _mine() -> list[ConsoleSession]:
        """The sessions of this key; with the scope `admin`, of all keys of the partner."""
        own = g.page_session.session.signed_in.key
        if not g.caller.may(ADMIN):
            return sessions.of([own])
        keys = services.catalog.current().keys.items()
        return sessions.of([name for name, key in keys if key.partner == g.caller.partner])
