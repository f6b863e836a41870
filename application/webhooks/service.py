"""Adds, changes, reads and removes webhooks, and asks to send events again.

Each change is recorded in the administrative trail.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec

from application.catalog.access import Caller
from application.catalog.deeds import deed_of
from application.catalog.key_secret import KeySecret
from application.feed.reading import FeedReader
from application.ports.admin_trail import Action, Deed
from application.ports.store import Store
from application.ports.webhooks import Attempt, Lane, Webhook, WebhookState
from application.runtime.ids import new_id
from application.webhooks.address_form import AddressForm
from application.webhooks.backlog import Backlog, backlogs
from application.webhooks.commands import (
    BY_PERSON,
    MOST_AGAIN,
    MOST_WEBHOOKS,
    OPERATOR,
    ChangeWebhook,
    DeliveryFilter,
    NewWebhook,
    Ping,
    PingOutcome,
    SendAgain,
    WebhookRequest,
)
from application.webhooks.document_types import (
    WebhookDocument,
    WebhookSecretDocument,
    webhook_document,
)
from application.webhooks.secrets import FIRST, rotated, written_secret
from application.webhooks.sending_again import resends
from domain.refusals import (
    PositionAhead,
    RequestReused,
    TooManyToSendAgain,
    TooManyWebhooks,
    UnknownWebhook,
    WebhookChanged,
)

MOST_LANES = 100


class WebhookService(msgspec.Struct, frozen=True, kw_only=True):
    """Handles commands and queries about webhooks. A partner sees only its own."""

    store: Store
    feed: FeedReader
    secret: KeySecret
    clock: Callable[[], datetime]
    form: AddressForm
    send_ping: Ping

    # Reading.

    def find(self, webhook: str, caller: Caller) -> Webhook:
        """A webhook that the caller may read. Raises `UnknownWebhook`."""
        found = self.store.webhooks().find(webhook)
        if found is None or not caller.sees(found.partner):
            raise UnknownWebhook(webhook=webhook)
        return found

    def page(
        self, caller: Caller, after: str, limit: int, state: WebhookState | None = None
    ) -> list[Webhook]:
        """At most `limit` webhooks that the caller may read, by their ids, beyond one."""
        partner = None if caller.sees_all else caller.partner
        return self.store.webhooks().page(partner, after, limit, state)

    def documents(self, webhooks: Sequence[Webhook]) -> list[WebhookDocument]:
        """Documents of webhooks with their progress, without secrets."""
        records = self.store.webhooks()
        progress = records.progress(webhooks)
        last = records.last_attempts([each.id for each in webhooks])
        end = self.store.last_position()
        return [
            webhook_document(
                each,
                {"progress": progress[each.id], "end": end, "last": last.get(each.id)},
                self.secret,
            )
            for each in webhooks
        ]

    def backlogs(self, webhooks: Sequence[Webhook]) -> dict[str, Backlog]:
        """What waits for webhooks, by their ids."""
        return backlogs(self.feed, self.store.webhooks(), webhooks)

    def with_secret(self, webhook: Webhook, generation: int | None = None) -> WebhookSecretDocument:
        """A webhook with its newest secret, or with that of a generation."""
        (document,) = self.documents([webhook])
        newest = webhook.generations[-1]
        secret = written_secret(self.secret, webhook.id, generation or newest)
        return {**document, "secret": secret}

    def deliveries(self, webhook: str, caller: Caller, wanted: DeliveryFilter) -> list[Attempt]:
        """The log of deliveries of a webhook, newest first."""
        known = self.find(webhook, caller)
        return self.store.webhooks().attempts(
            known.id, wanted.limit, wanted.before, wanted.position, failed=wanted.failed
        )

    def waiting(self, webhook: str, caller: Caller) -> list[Lane]:
        """The first orders whose events wait."""
        return self.store.webhooks().lanes_of(self.find(webhook, caller).id, MOST_LANES)

    # Changing.

    def add(self, new: NewWebhook, partner: str, request: WebhookRequest) -> Webhook:
        """Add a webhook; the same request again gives the one that it added."""
        self.form.check(new.address)
        end = self.feed.end()
        after = end.position if new.after is None else new.after
        if after > end.position:
            raise PositionAhead(position=after, last=end.position)
        at = self.clock()
        webhook = Webhook(
            id=new_id(at),
            partner=partner,
            address=new.address,
            created_at=at,
            types=new.types,
            shows=new.shows,
            asymmetric=new.asymmetric,
            request=request.digest,
            fingerprint=request.fingerprint if request.digest else b"",
        )
        written_secret(
            self.secret, webhook.id, FIRST
        )  # raises `SecretMissing` before anything is stored
        if known := self._added_by(request):
            return known
        deed = self._deed(Action.WEBHOOK_ADDED, webhook, request)
        if self.store.webhooks().add(webhook, after, end, MOST_WEBHOOKS, deed):
            return webhook
        if known := self._added_by(request):
            return known
        raise TooManyWebhooks(most=MOST_WEBHOOKS)

    def _added_by(self, request: WebhookRequest) -> Webhook | None:
        """The webhook that this request has added. Raises `RequestReused` for another request."""
        if not request.digest:
            return None
        known = self.store.webhooks().find_request(request.digest)
        if known is not None and known.fingerprint != request.fingerprint:
            raise RequestReused
        return known

    def change(self, webhook: str, wanted: ChangeWebhook, request: WebhookRequest) -> Webhook:
        """Change a webhook, pause or resume it. Without a difference nothing is recorded."""
        if wanted.address is not None:
            self.form.check(wanted.address)

        def changed(known: Webhook) -> Webhook:
            return _changed(known, wanted)

        return self._changed(webhook, changed, Action.WEBHOOK_CHANGED, request)

    def rotate(self, webhook: str, request: WebhookRequest, *, keep_old: bool) -> Webhook:
        """Give a webhook a new secret. The old one signs, too, until it is ended, or ends now."""

        def changed(known: Webhook) -> Webhook:
            generations = rotated(known.generations, keep_old=keep_old)
            return msgspec.structs.replace(known, generations=generations)

        return self._changed(webhook, changed, Action.WEBHOOK_ROTATED, request)

    def _changed(
        self,
        webhook: str,
        change: Callable[[Webhook], Webhook],
        action: Action,
        request: WebhookRequest,
    ) -> Webhook:
        while True:
            known = self._own(webhook, request)
            changed = change(known)
            if changed == known:
                return known
            changed = msgspec.structs.replace(changed, revision=known.revision + 1)
            if self.store.webhooks().change(changed, self._deed(action, changed, request)):
                return changed

    def remove(self, webhook: str, request: WebhookRequest) -> None:
        """Remove a webhook with all that waits for it."""
        while True:
            known = self._own(webhook, request)
            deed = self._deed(Action.WEBHOOK_REMOVED, known, request)
            if self.store.webhooks().remove(known.id, known.revision, deed):
                return

    def send_again(self, webhook: str, wanted: SendAgain, request: WebhookRequest) -> int:
        """Ask to send events again; returns for how many requests."""
        known = self._own(webhook, request)
        found = resends(self.feed, known, wanted)
        if not found:
            return 0
        about = {"first": found[0].position, "last": found[-1].position, "requests": len(found)}
        if found[0].onwards:
            about = {"after": found[0].position - 1}
        deed = self._deed(Action.WEBHOOK_RESENT, known, request, **about)
        if not self.store.webhooks().send_again(found, MOST_AGAIN, deed):
            raise TooManyToSendAgain(most=MOST_AGAIN)
        return len(found)

    def ping(self, webhook: str, request: WebhookRequest) -> PingOutcome:
        """Send a signed message at once, whatever the webhook's state is."""
        return self.send_ping(self._own(webhook, request))

    def _own(self, webhook: str, request: WebhookRequest) -> Webhook:
        """A webhook that the caller may change, at the version that the caller names."""
        known = self.store.webhooks().find(webhook)
        if known is None or not may_change(request.caller, known):
            raise UnknownWebhook(webhook=webhook)
        if request.versions is not None and known.revision not in request.versions:
            raise WebhookChanged(version=known.revision, but="not at the one named by If-Match")
        return known

    def _deed(
        self, action: Action, webhook: Webhook, request: WebhookRequest, **about: int
    ) -> Deed:
        named = {
            "webhook": webhook.id,
            "partner": webhook.partner,
            "address": webhook.address.partition("?")[0],
            "state": webhook.state.value,
        }
        return deed_of(self.clock(), action, request.actor, **named, **about)


def may_change(caller: Caller, webhook: Webhook) -> bool:
    """Whether a webhook is the caller's own, or the operator asks."""
    return caller.partner in (OPERATOR.partner, webhook.partner)


def _changed(known: Webhook, wanted: ChangeWebhook) -> Webhook:
    parts = {
        name: value
        for name in ("address", "types", "shows", "asymmetric")
        if (value := getattr(wanted, name)) is not None
    }
    if wanted.state is not None and wanted.state is not known.state:
        reason = "" if wanted.state is WebhookState.ACTIVE else BY_PERSON
        parts |= {"state": wanted.state, "reason": reason}
    if wanted.end_old_secret:
        parts["generations"] = known.generations[-1:]
    return msgspec.structs.replace(known, **parts)
