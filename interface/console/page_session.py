"""The session of a page: visitor, language and time zone; and the check of form tokens."""

from typing import Any
from urllib.parse import urlencode, urlsplit
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, g, redirect, request, url_for
from msgspec.structs import replace
from werkzeug.wrappers import Response as AnyResponse

from application.bootstrap import Services
from application.catalog.scopes import AUDIT, EVENTS_READ, ORDERS_READ, WEBHOOKS
from application.orders.timeline.language import Language
from application.orders.timeline.timeline import LANGUAGES as LANGUAGES_OF_TIMELINES
from interface.console.failures import FormTooOld
from interface.console.language import COOKIE as LANGUAGE_COOKIE
from interface.console.language import LANGUAGES, language_for
from interface.console.session import Session, Sessions
from interface.http.authentication import is_local
from interface.http.errors import MissingScope
from interface.http.reading_of_auditors import note_reading

SESSION_COOKIE = "orderlog_session"
OPEN = frozenset({"console.static", "console.sign_in", "console.enter"})
"""The pages that need no sign-in."""

SECTIONS = {
    "console.find_orders": "orders",
    "console.show_order": "orders",
    "console.order_news": "orders",
    "console.download_proof": "orders",
    "console.list_shows": "shows",
    "console.show_hall": "shows",
    "console.watch_hall": "shows",
    "console.open_ticket": "shows",
    "console.show_money": "money",
    "console.decide_money": "money",
    "console.pay_refund": "money",
    "console.resolve_notice": "money",
    "console.list_webhooks": "integrations",
    "console.show_webhook": "integrations",
    "console.open_event": "integrations",
    "console.ping_webhook": "integrations",
    "console.set_webhook_state": "integrations",
    "console.send_events_again": "integrations",
    "console.show_system": "system",
}
"""The section of the console that a page belongs to."""

SCOPES_OF = {
    "orders": (ORDERS_READ, AUDIT),
    "shows": (EVENTS_READ, AUDIT),
    "money": (ORDERS_READ, AUDIT),
    "integrations": (WEBHOOKS, AUDIT),
}
"""The scopes that open a section: one of them is enough."""

NOTED = frozenset({"orders", "money"})
"""The sections of which an auditor's reading is noted."""

PAGES = (
    ("orders", "console.find_orders"),
    ("shows", "console.list_shows"),
    ("money", "console.show_money"),
    ("integrations", "console.list_webhooks"),
    ("system", "console.show_system"),
)
"""The sections of the console as the navigation shows them, with their first pages."""

A_YEAR = 365 * 24 * 3600
SAFE = {"GET", "HEAD", "OPTIONS"}
FORM_BYTES = 16_384
"""The largest form of a page; the longest there is has a key and an address."""


class PageSession:
    """A request of a visitor: their session and, if the answer has to set one, a new session."""

    def __init__(self, sessions: Sessions, cookie: str | None) -> None:
        self._sessions = sessions
        found = sessions.read(cookie)
        self.session = found or sessions.outside()
        self.is_new = found is None
        self.language: str | None = None

    def sign_in(self, key: str, zone: str) -> None:
        """Begin a new session, signed in with the key that is stored under this name."""
        agent = request.headers.get("User-Agent", "")
        self._replace(self._sessions.begin(key, zone, request.remote_addr or "", agent))

    def sign_out(self) -> None:
        """End the session, at once, for every copy of its cookie."""
        self._replace(self._sessions.outside())

    def _replace(self, new: Session) -> None:
        if self.session.signed_in is not None:
            self._sessions.end([self.session.signed_in])
        self.session = new
        self.is_new = True

    def set_cookies(self, answer: Response) -> None:
        """Set new cookies in the answer."""
        if self.is_new:
            _set(answer, SESSION_COOKIE, self.session.reference)
        if self.language is not None:
            _set(answer, LANGUAGE_COOKIE, self.language, A_YEAR)


def sessions_of(services: Services) -> Sessions:
    """The sessions of this service."""
    settings = services.settings
    return Sessions(
        services.store.console_sessions,
        settings.session_hours,
        settings.session_idle_minutes,
        services.clock,
    )


def register(routes: Blueprint, services: Services) -> None:
    """Load the session before every request, and save it after."""
    sessions = sessions_of(services)

    @routes.before_request
    def before_request() -> AnyResponse | None:
        request.max_content_length = FORM_BYTES
        g.caller = None
        g.language = language_for(request)
        if request.endpoint == "console.static":
            return None
        g.page_session = PageSession(sessions, request.cookies.get(SESSION_COOKIE))
        session = g.page_session.session
        if request.method not in SAFE and not session.owns(request.form.get("token", "")):
            raise FormTooOld
        if "language" in request.args:
            return _choose_language(request.args["language"])
        _recognise(services, session)
        if g.caller is None and request.endpoint not in OPEN:
            return _to_sign_in()
        _check_scopes()
        if SECTIONS.get(request.endpoint or "") in NOTED:
            note_reading(services, g.caller, g.request_id, here())
        return None

    @routes.after_request
    def after_request(answer: Response) -> Response:
        if "page_session" in g:
            g.page_session.set_cookies(answer)
        return answer

    @routes.context_processor
    def known_to_templates() -> dict[str, Any]:
        return {
            "caller": g.get("caller"),
            "here": here,
            "pages": _pages(),
            "partner": g.get("partner"),
            "request_id": g.get("request_id"),
            "section": SECTIONS.get(request.endpoint or ""),
            "token": g.page_session.session.token if "page_session" in g else "",
        }


def zone() -> ZoneInfo:
    """The visitor's time zone."""
    return ZoneInfo(g.page_session.session.zone if "page_session" in g else "UTC")


def teller() -> Language:
    """Renders timelines in the visitor's language and time zone."""
    where = zone()
    spoken = LANGUAGES_OF_TIMELINES[g.language.code]
    return replace(spoken, writes=lambda at: g.language.moment(at, where))


def here(**more: str) -> str:
    """The address of this page, with `more` in its query and without the choice of a language."""
    query = [(name, value) for name, value in request.args.items(multi=True) if name != "language"]
    query = [pair for pair in query if pair[0] not in more] + list(more.items())
    return request.path + (f"?{urlencode(query)}" if query else "")


def _recognise(services: Services, session: Session) -> None:
    """Note the owner of the key that was used to sign in, if it still works."""
    if session.signed_in is None:
        return
    local = is_local(request.environ)
    g.caller = services.access.caller_by_name(session.signed_in.key, local=local)
    if g.caller is not None:
        g.partner = services.catalog.current().partners[g.caller.partner]


def _check_scopes() -> None:
    """Refuse a page whose data the key may not read. Raises `MissingScope`."""
    section = SECTIONS.get(request.endpoint or "", "")
    if not _opens(section):
        raise MissingScope(*SCOPES_OF[section])


def _opens(section: str) -> bool:
    """Whether the key opens a section; all of them open those that are for everybody."""
    return section not in SCOPES_OF or bool(g.caller and g.caller.may(*SCOPES_OF[section]))


def _pages() -> list[tuple[str, str]]:
    """The sections that the navigation shows: those that the key opens."""
    return [each for each in PAGES if _opens(each[0])]


def _set(answer: Response, name: str, value: str, lasts: int | None = None) -> None:
    """Set a cookie that scripts cannot read and that forms of other sites do not send.

    A proxy's header for https is trusted: it can only make the cookie stricter.
    """
    https = request.is_secure or request.headers.get("X-Forwarded-Proto") == "https"
    answer.set_cookie(
        name, value, lasts, path="/console", secure=https, httponly=True, samesite="Lax"
    )


def _choose_language(chosen: str) -> AnyResponse:
    """Remember the chosen language, and show the same page in it."""
    if chosen in LANGUAGES:
        g.page_session.language = chosen
    return redirect(here())


def _to_sign_in() -> AnyResponse:
    """Redirect to the sign-in page, and back here afterwards; htmx has to load the whole page."""
    shown = urlsplit(request.headers.get("HX-Current-URL", here()))
    after = shown.path + (f"?{shown.query}" if shown.query else "")
    address = url_for("console.sign_in", next=after)
    if "HX-Request" in request.headers:
        return Response(status=401, headers={"HX-Redirect": address})
    return redirect(address)
