"""The payment page at /sandbox/pay, and what happens when a button is pressed."""

import hmac
import secrets
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

import yaml
from flask import Blueprint, Response, abort, render_template, request
from werkzeug.exceptions import HTTPException

from application.bootstrap import Services
from application.payments.sandbox import (
    OF_A_PAYMENT,
    Action,
    Delivery,
    Press,
    Visit,
    find_visit,
    notices_of,
    offered,
    payments_of,
    refunds_due,
    refunds_paid,
    waits_for_a_person,
)
from application.ports.sandbox import SANDBOX
from application.runtime.greenlet_bridge import slot_given_back
from application.runtime.locales import written_money
from domain.order import Order
from domain.status import HELD, Status
from interface.console.assets import HEADERS, STATIC, STYLES
from interface.console.language import LANGUAGES, Language, language_for
from interface.sandbox.secret import form_token, secret_key
from interface.sandbox.sender import Sender, TooMuchToSend

UTC = ZoneInfo("UTC")
SANDBOX_PAGES = "sandbox"
NOTIFICATIONS = f"/v1/gateways/{SANDBOX}/notifications"
WAITS_SECONDS = 5.0
"""How long a page waits for what comes back."""
LONGEST_DELAY = 600
FORM_BYTES = 4096
TO_FAILURE = frozenset({Action.DECLINE})
FROM_BUYER = frozenset({Action.PAY, Action.PAY_TWICE, Action.PAY_LATE})


def sandbox_blueprint(services: Services, address: str) -> Blueprint:
    """The pages, whose notices go to the service at `address`."""
    routes = Blueprint(
        SANDBOX_PAGES,
        __name__,
        url_prefix="/sandbox",
        template_folder="templates",
        static_folder="static",
        static_url_path="/static",
    )
    sender = Sender(address, NOTIFICATIONS, secret_key(), services.clock)

    @routes.before_request
    def before_request() -> None:
        request.max_content_length = FORM_BYTES

    @routes.after_request
    def guard(answer: Response) -> Response:
        answer.headers.update(HEADERS)
        answer.headers["Cache-Control"] = "no-store"
        return answer

    @routes.errorhandler(HTTPException)
    def failed(error: HTTPException) -> Response:
        return _page("failure", language_of(None), error.code or 500)

    @routes.get("/pay")
    def pay() -> Response:
        visit = visit_of(services, request.args.get("customer", ""))
        return _page("pay", language_of(visit.order), visit=visit, **_to_press(visit))

    @routes.post("/pay")
    def press() -> Response:
        visit = visit_of(services, request.form.get("customer", ""))
        pressed = press_of(visit)
        delivery = delivery_of()
        notices = delivery.of(notices_of(pressed), visit.now)
        try:
            sending = sender.send(
                visit.customer, notices, lambda: vendors_time(services, visit.order)
            )
        except TooMuchToSend:
            abort(429)
        if not any(each.not_before for each in notices):
            with slot_given_back():
                sending.done.wait(WAITS_SECONDS)
        after = visit_of(services, visit.customer)
        return _page(
            "sent",
            language_of(visit.order),
            visit=after,
            action=pressed.action.value,
            sent=sending.sent,
            back=address_back(visit.order, pressed.action),
        )

    return routes


def visit_of(services: Services, customer: str) -> Visit:
    """The visit of the buyer with a token; a page for nobody is 404."""
    visit = find_visit(services.history, services.catalog, customer)
    if visit is None:
        abort(404)
    return visit


def vendors_time(services: Services, order: Order) -> datetime:
    """The present of an order's vendor, who may have moved its clock meanwhile."""
    services.clock.look()
    return services.clock.of(order.vendor)


def press_of(visit: Visit) -> Press:
    """The button that a form of ours was sent with; anything else is 400."""
    name = request.form.get("press", "")
    token = request.form.get("token", "")
    if not hmac.compare_digest(form_token(visit.customer, name).encode(), token.encode()):
        abort(400)
    action = request.form.get("action", "")
    if action not in list(Action):
        abort(400)
    return Press(
        id=name, action=Action(action), order=visit.order, currency=visit.currency, now=visit.now
    )


def delivery_of() -> Delivery:
    """How the notices are to be sent."""
    delay = request.form.get("delay", "") or "0"
    if not (delay.isascii() and delay.isdigit() and len(delay) <= 3) or int(delay) > LONGEST_DELAY:  # noqa: PLR2004 - digits of it
        abort(400)
    return Delivery(
        doubled="doubled" in request.form, shuffled="shuffled" in request.form, delay=int(delay)
    )


def address_back(order: Order, action: Action) -> str | None:
    """Where a gateway leads the buyer after a press."""
    if action in TO_FAILURE:
        return order.failure_url
    return order.success_url if action in FROM_BUYER else None


def language_of(order: Order | None) -> Language:
    """The language of the order's buyer, or else of the browser."""
    code = order.customer.lang if order is not None else None
    return texts_in(code if code in LANGUAGES else language_for(request).code)


@cache
def texts_in(code: str) -> Language:
    """The sandbox's texts in a language."""
    text = files("interface.sandbox").joinpath(f"texts/{code}.yaml").read_text(encoding="utf-8")
    return Language(code, yaml.safe_load(text))


def _to_press(visit: Visit) -> dict[str, Any]:
    press, status = secrets.token_hex(8), visit.order.status_at(visit.now)
    what = "what" if status in HELD else "what_done" if status is Status.DONE else "what_ended"
    actions = offered(visit.order)
    return {
        "actions": [each.value for each in actions],
        "hints": {each.value: what if each in OF_A_PAYMENT else "what" for each in actions},
        "press": press,
        "token": form_token(visit.customer, press),
        "longest": LONGEST_DELAY,
    }


def _page(name: str, language: Language, status: int = 200, **values: Any) -> Response:
    visit: Visit | None = values.get("visit")
    if visit is not None:
        values |= {
            "order": visit.order,
            "status_now": visit.order.status_at(visit.now).value,
            "payments": payments_of(visit.order),
            "refunds": refunds_due(visit.order),
            "paid_back": refunds_paid(visit.order),
            "waits": waits_for_a_person(visit.order),
        }
    page = render_template(
        f"sandbox/{name}.html",
        language=language,
        say=language.say,
        count=language.count,
        money=lambda amount: written_money(language.code, amount),
        at=lambda moment: f"{language.moment(moment, ZoneInfo('UTC'))} UTC",
        asset=STATIC.address,
        styles=STYLES,
        status=status,
        **values,
    )
    return Response(page, status)
