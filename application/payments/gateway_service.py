"""Takes the notices of gateways: each is kept durably, in one commit with what its order records.

A notice that no order can act on is kept alone: money is never refused at the door.
"""

import hashlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from functools import partial

import msgspec
import structlog
from msgspec.structs import replace

from application.catalog.access import Caller
from application.catalog.cache import CatalogCache
from application.catalog.gateway import PaymentGateway
from application.event_log.idempotency import notice_digest
from application.orders.commands import Answer
from application.payments.decisions import GatewayRequest, NoticeResolved, OrderDecisions
from application.payments.late_money import Again
from application.payments.notice import BadNotice, Notice, notice_of
from application.payments.notice_counts import NOTICES, NoticeOutcome
from application.payments.notice_decisions import UnknownBuyer, decide_notice
from application.payments.schemes.known import known_schemes
from application.payments.schemes.protocol import BadSecret, Headers, SignatureRefused
from application.payments.secrets import GatewaySecrets, SecretUnreadable, unreadable_of
from application.ports.gateway_notices import GatewayNotice, NoticeState
from application.ports.store import Store, StoreUnavailable
from application.runtime.greenlet_bridge import TooLate, off_the_loop
from application.runtime.ids import is_id
from domain.order_money import TicketsNeeded
from domain.payment import ConfirmedBy, PaymentSystem, order_of_token
from domain.refusals import RequestReused, UnknownGateway, UnknownPaymentSystem

NOBODY = Caller("", "", "")
TRIES = 3
"""How often an order's tickets are loaded for late money: it may get others meanwhile."""
RETRIED_AT_ONCE = 100

log = structlog.get_logger()


class Taken(msgspec.Struct, frozen=True):
    """A notice was taken: what came of it, and the order that acted on it."""

    outcome: NoticeOutcome
    order: str | None = None

    @property
    def repeated(self) -> bool:
        """Whether it had come before."""
        return self.outcome is NoticeOutcome.REPEATED


REFUSED: Mapping[type[Exception], NoticeOutcome] = {
    SignatureRefused: NoticeOutcome.BAD_SIGNATURE,
    BadNotice: NoticeOutcome.MALFORMED,
    SecretUnreadable: NoticeOutcome.UNREADABLE,
}
"""What came of a notice that was not taken."""
KEPT_ALONE = {
    NoticeState.UNKNOWN_BUYER: NoticeOutcome.UNKNOWN_BUYER,
    NoticeState.PENDING: NoticeOutcome.PENDING,
}
"""What came of a notice that no order has acted on."""


class GatewayService:
    """Verifies notices, keeps them, and has their orders decide."""

    def __init__(
        self,
        store: Store,
        catalog_cache: CatalogCache,
        decisions: OrderDecisions,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._catalog_cache = catalog_cache
        self._decisions = decisions
        self._clock = clock
        self._secrets = GatewaySecrets()
        self._retried: tuple[datetime, bytes] | None = None

    def take(self, name: str, headers: Headers, body: bytes, request_id: str) -> Taken:
        """Take a notice of the payment system with this alias or id; return when it is durable.

        Raises `UnknownGateway`, `SignatureRefused`, `SecretUnreadable`, `BadNotice`.
        """
        system, gateway = self._gateway(name)
        try:
            taken = self._take(system, gateway, headers, body, request_id)
        except tuple(REFUSED) as error:
            NOTICES.add(system.alias, REFUSED[type(error)])
            raise
        NOTICES.add(system.alias, taken.outcome)
        return taken

    def _take(
        self,
        system: PaymentSystem,
        gateway: PaymentGateway,
        headers: Headers,
        body: bytes,
        request_id: str,
    ) -> Taken:
        signed_id = self._verified(gateway, headers, body)
        notice = notice_of(system.id, signed_id, body)
        request = _request_of(notice, body, request_id)
        return self._taken(system, notice, request, self._kept_form(notice, request, body))

    def retry_pending(self) -> None:
        """Have orders decide about notices that they could not decide about before.

        Each round takes the next ones: those that stay undecided hold up no others.
        """
        found = self._store.notices().pending(RETRIED_AT_ONCE, self._retried)
        last = found[-1] if len(found) == RETRIED_AT_ONCE else None
        self._retried = None if last is None else (last.came_at, last.digest)
        for kept in found:
            with suppress(BadNotice):  # a later version could read it
                notice = notice_of(kept.system, kept.notice, kept.body)
                request = _request_of(notice, kept.body, "sweeper")
                self._taken(self._system_of(kept), notice, request, kept)

    def report_unreadable(self) -> None:
        """Log each secret that cannot be read."""
        for gateway in self._catalog_cache.current().gateways.values():
            for unreadable in unreadable_of(self._secrets, gateway.secrets):
                _report(gateway, unreadable)

    def _gateway(self, name: str) -> tuple[PaymentSystem, PaymentGateway]:
        catalog = self._catalog_cache.current()
        try:
            system = catalog.system(name)
        except UnknownPaymentSystem:
            raise UnknownGateway(system=name[:100]) from None
        gateway = catalog.gateway(system)
        if not gateway.scheme:
            raise UnknownGateway(system=name[:100])
        return system, gateway

    def _system_of(self, kept: GatewayNotice) -> PaymentSystem:
        """The payment system of a notice, also if the catalogue has it no more."""
        return self._catalog_cache.current().systems.get(kept.system) or PaymentSystem(
            id=kept.system, alias=kept.system, hold_minutes=0, confirmed_by=ConfirmedBy.GATEWAY
        )

    def _verified(self, gateway: PaymentGateway, headers: Headers, body: bytes) -> str | None:
        """The signed id. A notice that an unreadable secret may have signed is not refused."""
        scheme = known_schemes().get(gateway.scheme)
        secrets, unreadable = self._secrets.read(gateway.secrets)
        if scheme is None:
            raise UnknownGateway(system=gateway.id)
        try:
            return scheme.verify(headers, body, secrets, self._clock())
        except BadSecret as error:
            unreadable = SecretUnreadable(" or ".join(gateway.secrets), f"one {error}")
        except SignatureRefused:
            if unreadable is None:
                raise
        _report(gateway, unreadable)
        raise unreadable

    def _kept_form(self, notice: Notice, request: GatewayRequest, body: bytes) -> GatewayNotice:
        return GatewayNotice(
            digest=request.digest,
            system=notice.about.system,
            notice=notice.id,
            type=notice.type.value,
            came_at=self._clock(),
            body=body,
            state=NoticeState.PENDING,
        )

    def _taken(
        self, system: PaymentSystem, notice: Notice, request: GatewayRequest, kept: GatewayNotice
    ) -> Taken:
        order = order_of_token(notice.customer)
        if not is_id(order):
            return self._keep_of_stranger(kept)
        try:
            answer = self._decided(system, order, notice, request, kept)
        except (StoreUnavailable, TooLate):
            raise
        except RequestReused:
            log.warning("gateway_notice_differs", system=system.id, notice=notice.id)
            return Taken(NoticeOutcome.REPEATED, order)
        except NoticeResolved:
            return Taken(NoticeOutcome.REPEATED, order)
        except UnknownBuyer:
            return self._keep_of_stranger(kept)
        except Exception as error:
            taken = self._keep(replace(kept, order=order))
            if not taken.repeated:
                log.error("gateway_notice_pending", order=order, notice=notice.id, exc_info=error)
            return taken
        return Taken(NoticeOutcome.REPEATED if answer.repeated else NoticeOutcome.KEPT, order)

    def _keep(self, kept: GatewayNotice) -> Taken:
        """Keep a notice alone."""
        is_new = off_the_loop(partial(self._store.notices().keep, kept))
        return Taken(KEPT_ALONE[kept.state] if is_new else NoticeOutcome.REPEATED, kept.order)

    def _keep_of_stranger(self, kept: GatewayNotice) -> Taken:
        """Keep a notice for a person, also if it was kept while its order could not decide."""
        taken = self._keep(replace(kept, state=NoticeState.UNKNOWN_BUYER))
        if taken.repeated:
            off_the_loop(partial(self._store.notices().find_no_buyer, kept))
        return taken

    def _decided(
        self,
        system: PaymentSystem,
        order: str,
        notice: Notice,
        request: GatewayRequest,
        kept: GatewayNotice,
    ) -> Answer:
        """Have the order decide; late money may need its tickets to be loaded, too."""
        catalog = self._catalog_cache.current()
        again = Again(catalog.gateway(system).late, catalog)
        picks: dict[str, int] = {}
        for _ in range(TRIES):
            try:
                return self._decisions.carry_out(
                    order,
                    partial(decide_notice, notice=notice, again=again),
                    request,
                    actor=f"gateway:{system.alias}",
                    seats=again.seats,
                    picks=picks,
                    notice=kept,
                )
            except TicketsNeeded as needed:
                again = replace(again, seats=tuple(needed.tickets))
                picks = again.picks(needed.tickets)
        raise TicketsNeeded({})


def _request_of(notice: Notice, body: bytes, request_id: str) -> GatewayRequest:
    return GatewayRequest(
        caller=NOBODY,
        id=request_id,
        key=notice.id,
        fingerprint=hashlib.sha256(body).digest(),
        digest=notice_digest(notice.about.system, notice.id),
    )


def _report(gateway: PaymentGateway, unreadable: SecretUnreadable) -> None:
    log.error("gateway_secret_unreadable", system=gateway.id, reason=str(unreadable))
