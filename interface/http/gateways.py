"""Notices of payment gateways. No key opens this call: each notice is signed."""

from typing import Annotated, TypedDict

from msgspec import Meta

from application.bootstrap import Services
from application.documents.fields import one_of
from application.payments.notice import BadNotice
from application.payments.schemes.protocol import SignatureRefused
from application.payments.secrets import SecretUnreadable
from domain.refusals import UnknownGateway
from interface.http import headers, problems
from interface.http.authentication import address_of
from interface.http.body import has_usual_body, load_query, raw_body
from interface.http.calls import Calls
from interface.http.contract import Good, Operation
from interface.http.errors import RETRY_AFTER_SECONDS, BadRequest
from interface.http.exchange import Environ, Incoming, Outgoing, json_answer
from interface.http.notice_schema import NoticeIn
from interface.http.schemas import NothingIn

NOTHING_IN = NothingIn()
NOTICE_IN = NoticeIn()


class TakenDocument(TypedDict):
    """What became of a notice."""

    status: Annotated[
        str,
        one_of("kept", "repeated"),
        Meta(description="`kept`, or `repeated` if this notice had come before."),
    ]


TAKE_NOTICE = Operation(
    tag="payments",
    summary="Take a notice of a gateway",
    says="A payment gateway tells of a payment, a refund or a dispute. The notice is signed by the"
    " payment system's scheme; no key is needed. 200 means that it is kept durably, and that its"
    " order has acted on it. The notice's id makes it count once, however often it comes; notices"
    " may come in any order. A notice whose buyer is not known is kept for a person to look at.",
    needs_key=False,
    query=NOTHING_IN,
    body=NOTICE_IN,
    headers=headers.OF_A_NOTICE,
    answers={200: Good("The notice is kept.", TakenDocument)},
    refuses=(
        *problems.OF_A_BODY,
        *problems.OF_A_BODY_ON_ITS_WAY,
        problems.BAD_SIGNATURE,
        problems.SECRET_UNREADABLE,
        problems.TOO_MANY_REQUESTS,
        problems.TOO_MANY_CALLS,
        problems.STORE_UNAVAILABLE,
        UnknownGateway,
    ),
)

GATEWAYS = Calls("gateways", "/v1/gateways")


@GATEWAYS.post("/<path:system>/notifications", TAKE_NOTICE, has_usual_body)
def take_notice(incoming: Incoming, services: Services) -> Outgoing:
    """Take a notice of a payment system's gateway."""
    load_query(incoming, NOTHING_IN)
    environ = incoming.environ
    services.rates.count_notice(address_of(services, environ))
    body = raw_body(incoming)
    name = incoming.arguments["system"]
    try:
        taken = services.gateways.take(name, _Headers(environ), body, incoming.id)
    except SignatureRefused as error:
        raise BadRequest(
            "bad_signature", str(error), status=401, headers=(("WWW-Authenticate", "signature"),)
        ) from error
    except SecretUnreadable as error:
        raise BadRequest(
            "gateway_secret_unreadable",
            "A secret of this payment system cannot be read now; the service's log says which.",
            status=503,
            headers=(("Retry-After", RETRY_AFTER_SECONDS),),
        ) from error
    except BadNotice as error:
        raise _refusal(error) from error
    answer = json_answer(TakenDocument(status="repeated" if taken.repeated else "kept"))
    answer.order = taken.order
    return answer


class _Headers:
    """The headers of a request, as schemes look for them."""

    __slots__ = ("_environ",)

    def __init__(self, environ: Environ) -> None:
        self._environ = environ

    def get(self, name: str, /) -> str | None:
        """What a header says; None where it is missing."""
        value: str | None = self._environ.get(f"HTTP_{name.upper().replace('-', '_')}")
        return value


def _refusal(bad: BadNotice) -> BadRequest:
    if bad.pointer is None:
        return BadRequest("bad_json", str(bad))
    return BadRequest("bad_body", "The notice has wrong values.", errors={bad.pointer: str(bad)})
