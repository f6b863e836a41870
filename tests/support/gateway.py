"""A payment gateway: signs notices as the schemes want them."""

import base64
import hashlib
import hmac
from itertools import count

import msgspec
from catalog import CARD, payment_system

from application.catalog.access import Caller
from application.event_log.idempotency import notice_digest
from application.payments.decisions import GatewayRequest
from application.ports.gateway_notices import GatewayNotice, NoticeState

NAME = "ORDERLOG_TEST_GATE"
KEY = bytes(range(32))
SECRET = "whsec_" + base64.b64encode(KEY).decode()
CARD_ID = "545b544a5d645a463e779d55"
_ids = count(1)


def gate(**more):
    """The payment system that a gateway confirms, as a catalogue file has it."""
    notifications = {"scheme": "standard-webhooks", "secrets": [f"env:{NAME}"]}
    system = payment_system(
        CARD_ID, CARD, 15, redirect_url="https://card.example/?shop=7", confirmed_by="gateway"
    )
    return {**system, "notifications": notifications, **more}


def notice(kind="payment.succeeded", token="0" * 40, payment="gw-1", amount="100.00", **more):
    """The body of a notice."""
    data = {"customer": token, "payment": payment, "amount": amount, "currency": "RUB", **more}
    return {"type": kind, "created_at": "2030-06-01T12:00:00Z", "data": data}


def kept_notice(kind, about, at):
    """The request by which an order decides on a notice, and the notice as it is kept with that."""
    more = {"currency": about.currency}
    if about.refund is not None:
        more["refund"] = about.refund
    body = sent(notice(kind, payment=about.payment, amount=f"{about.amount:.2f}", **more))
    notice_id = f"evt_{next(_ids)}"
    request = GatewayRequest(
        caller=Caller("", "", ""),
        id=notice_id,
        key=notice_id,
        fingerprint=hashlib.sha256(body).digest(),
        digest=notice_digest(about.system, notice_id),
    )
    kept = GatewayNotice(
        digest=request.digest,
        system=about.system,
        notice=notice_id,
        type=kind,
        came_at=at,
        body=body,
        state=NoticeState.PENDING,
    )
    return request, kept


def signed(body, at, notice_id=None, key=KEY):
    """The headers of a notice by Standard Webhooks."""
    notice_id = notice_id or f"evt_{next(_ids)}"
    seconds = str(int(at.timestamp()))
    text = b"%s.%s.%s" % (notice_id.encode(), seconds.encode(), body)
    signature = base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()
    return {
        "webhook-id": notice_id,
        "webhook-timestamp": seconds,
        "webhook-signature": f"v1,{signature}",
    }


def sent(document):
    """The bytes of a notice."""
    return document if isinstance(document, bytes) else msgspec.json.encode(document)


def notices_about(store, order):
    """The notices about an order that were kept."""
    return store.notices().of_order(order.id)


def token_of(order):
    """The buyer's token, from an order or its document."""
    address = order["payment"]["redirect_url"] if isinstance(order, dict) else order.redirect_url
    return address.rpartition("customer=")[2]
