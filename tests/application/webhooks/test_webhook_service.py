"""What partners ask of their webhooks: added, changed, given new secrets, sent again, removed."""

import base64
import threading
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from seller import ORGANISER, SHOP
from standardwebhooks import Webhook as Verifier

from application.catalog.access import Caller
from application.catalog.scopes import AUDIT, WEBHOOKS
from application.ports.webhooks import Resend, WebhookState, shard_of
from application.webhooks import commands, sending_again
from application.webhooks.commands import (
    ChangeWebhook,
    NewWebhook,
    SendAgain,
    WebhookRequest,
)
from application.webhooks.delivery.keys import derived_keys
from application.webhooks.delivery.signatures import signed_headers
from application.webhooks.secrets import public_keys
from domain.refusals import (
    BadWebhookAddress,
    EventNotOfWebhook,
    PositionAhead,
    RequestReused,
    TooManyToSendAgain,
    TooManyWebhooks,
    UnknownWebhook,
    WebhookChanged,
)

ADDRESS = "https://shop.example/news"
SIGNED_AT = datetime.fromtimestamp(1700000000, UTC)
STATUS = "orderlog.order.StatusChanged"


def asks(partner=ORGANISER, **more):
    caller = Caller(partner, "key", None, (WEBHOOKS,))
    return WebhookRequest(caller=caller, actor=caller.actor, **more)


@pytest.fixture
def webhooks(office):
    return office.services.webhooks


@pytest.fixture
def added(webhooks):
    return webhooks.add(NewWebhook(address=ADDRESS), ORGANISER, asks())


def deeds(office):
    entries = office.services.store.admin_trail().entries()
    return [each.deed for each in entries if each.deed.action.startswith("webhook")]


def waits(office, webhook):
    return office.services.store.webhooks().resends(shard_of(webhook.id), 10**6)


def positions(office):
    return [each.position for each in office.services.feed.scan(0, 1000).events]


def test_a_new_one_begins_at_the_end_or_where_it_is_said(office, webhooks):
    office.order()
    end = positions(office)[-1]
    new = webhooks.add(NewWebhook(address=ADDRESS), ORGANISER, asks())
    other = webhooks.add(NewWebhook(address=ADDRESS, after=0), ORGANISER, asks())
    assert [each["position"] for each in webhooks.documents([new, other])] == [end, 0]
    with pytest.raises(PositionAhead):
        webhooks.add(NewWebhook(address=ADDRESS, after=end + 1), ORGANISER, asks())


def test_a_partner_has_only_so_many(webhooks, monkeypatch):
    monkeypatch.setattr("application.webhooks.service.MOST_WEBHOOKS", 1)
    webhooks.add(NewWebhook(address=ADDRESS), ORGANISER, asks())
    with pytest.raises(TooManyWebhooks, match="at most 1"):
        webhooks.add(NewWebhook(address=ADDRESS), ORGANISER, asks())
    webhooks.add(NewWebhook(address=ADDRESS), SHOP, asks(SHOP))


def test_an_idempotency_key_adds_one(webhooks):
    request = asks(key="k", fingerprint=b"1")
    new = NewWebhook(address=ADDRESS)
    first = webhooks.add(new, ORGANISER, request)
    assert webhooks.add(new, ORGANISER, request) == first
    with pytest.raises(RequestReused):
        webhooks.add(new, ORGANISER, asks(key="k", fingerprint=b"2"))
    assert webhooks.add(new, SHOP, asks(SHOP, key="k", fingerprint=b"1")) != first


def test_requests_with_one_key_that_race_add_one(webhooks):
    request = asks(key="k", fingerprint=b"1")
    found = []

    def add():
        found.append(webhooks.add(NewWebhook(address=ADDRESS), ORGANISER, request).id)

    threads = [threading.Thread(target=add) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(found) == 4
    assert len(set(found)) == 1


@pytest.mark.parametrize(
    "address",
    [
        "http://shop.example/",
        "ftp://shop.example/",
        "shop.example",
        "https://",
        "https://user:word@shop.example/",
        "https://@shop.example/",
        "https://shop.example/#part",
        "https://shop.example/#",
        "https://shop.example:0/",
        "https://shop.example:66000/",
        "https://shop.example:x/",
        "https://shop example/",
        "https://shop.example/\n",
        "https://sh\u00f6p.example/",
        "https://shop.example\\@evil.example/",
        "https://a..b/",
        "https://-a.example/",
        "https://[::1/",
        "https://127.0.0.1/",
        "https://10.1.2.3/",
        "https://169.254.169.254/latest",
        "https://[::1]/",
        "https://[fe80::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://shop.example/" + "a" * 2000,
        "https://" + "a" * 254 + "/",
    ],
)
def test_addresses_that_nothing_may_be_sent_to(webhooks, added, address):
    with pytest.raises(BadWebhookAddress):
        webhooks.add(NewWebhook(address=address), ORGANISER, asks())
    with pytest.raises(BadWebhookAddress):
        webhooks.change(added.id, ChangeWebhook(address=address), asks())


@pytest.mark.parametrize(
    "address",
    [
        "https://shop.example",
        "https://shop.example:8443/a/b?c=d",
        "https://8.8.8.8/",
        "https://[2606:4700::1111]/",
        "https://xn--shp-sna.example./",
    ],
)
def test_addresses_that_may_be_sent_to(webhooks, address):
    assert webhooks.add(NewWebhook(address=address), ORGANISER, asks()).address == address


def test_those_of_others_do_not_exist(webhooks, added):
    stranger = asks(SHOP)
    for ask in (
        lambda: webhooks.find(added.id, stranger.caller),
        lambda: webhooks.change(added.id, ChangeWebhook(state=WebhookState.PAUSED), stranger),
        lambda: webhooks.rotate(added.id, stranger, keep_old=True),
        lambda: webhooks.remove(added.id, stranger),
        lambda: webhooks.send_again(added.id, SendAgain(after=0), stranger),
        lambda: webhooks.ping(added.id, stranger),
    ):
        with pytest.raises(UnknownWebhook):
            ask()
    assert webhooks.page(stranger.caller, "", 9) == []
    auditor = Caller(SHOP, "key", None, (AUDIT,))
    assert webhooks.page(auditor, "", 9) == [webhooks.find(added.id, auditor)] == [added]


def test_a_change_is_made_at_a_version_that_was_seen(office, webhooks, added):
    changed = webhooks.change(
        added.id, ChangeWebhook(types=(STATUS,)), asks(versions=frozenset({1}))
    )
    assert (changed.types, changed.revision) == ((STATUS,), 2)
    with pytest.raises(WebhookChanged, match="at version 2"):
        webhooks.change(added.id, ChangeWebhook(types=()), asks(versions=frozenset({1})))
    assert webhooks.change(added.id, ChangeWebhook(types=(STATUS,)), asks()).revision == 2
    assert [each.action for each in deeds(office)] == ["webhook.added", "webhook.changed"]
    assert {each.actor for each in deeds(office)} == {asks().caller.actor}


def test_the_administrative_trail_has_no_query_of_an_address(office, webhooks):
    webhooks.add(NewWebhook(address=ADDRESS + "?token=hidden"), ORGANISER, asks())
    (deed,) = deeds(office)
    assert msgspec.json.decode(deed.about)["address"] == ADDRESS


def test_pause_and_resume(webhooks, added):
    paused = webhooks.change(added.id, ChangeWebhook(state=WebhookState.PAUSED), asks())
    assert (paused.state, paused.reason) == (WebhookState.PAUSED, commands.BY_PERSON)
    resumed = webhooks.change(added.id, ChangeWebhook(state=WebhookState.ACTIVE), asks())
    assert (resumed.state, resumed.reason) == (WebhookState.ACTIVE, "")


def test_at_most_two_secrets_are_live(webhooks, added):
    shown = [webhooks.with_secret(added)["secret"]]
    for live in ((1, 2), (2, 3)):
        rotated = webhooks.rotate(added.id, asks(), keep_old=True)
        assert rotated.generations == live
        shown.append(webhooks.with_secret(rotated)["secret"])
    assert len(set(shown)) == 3
    assert webhooks.with_secret(rotated, 1)["secret"] == shown[0]
    ended = webhooks.change(added.id, ChangeWebhook(end_old_secret=True), asks())
    assert ended.generations == (3,)
    assert webhooks.rotate(added.id, asks(), keep_old=False).generations == (4,)


def test_messages_are_signed_by_what_was_shown(office, webhooks):
    secret = office.services.key_secret
    webhook = webhooks.add(NewWebhook(address=ADDRESS, asymmetric=True), ORGANISER, asks())
    webhook = webhooks.rotate(webhook.id, asks(), keep_old=True)
    headers = signed_headers(
        derived_keys(secret)(webhook), "msg_1", int(SIGNED_AT.timestamp()), b"{}"
    )
    signed = b"msg_1.1700000000.{}"
    for generation in webhook.generations:
        shown = webhooks.with_secret(webhook, generation)["secret"]
        assert Verifier(shown).sign("msg_1", SIGNED_AT, "{}") in headers["webhook-signature"]
    of_v1a = [e[4:] for e in headers["webhook-signature"].split() if e.startswith("v1a,")]
    for key, signature in zip(public_keys(secret, webhook), of_v1a, strict=True):
        public = Ed25519PublicKey.from_public_bytes(base64.b64decode(key.removeprefix("whpk_")))
        public.verify(base64.b64decode(signature), signed)


def test_the_database_has_no_secret(office, webhooks, added):
    shown = webhooks.with_secret(added)["secret"]
    kept = base64.b64decode(shown.removeprefix("whsec_"))
    everything = repr(office.services.store.webhooks().all()).encode()
    everything += b"".join(each.about for each in deeds(office))
    assert kept not in everything
    assert shown.encode() not in everything


def test_events_are_sent_again_by_their_positions(office, webhooks, added):
    office.order()
    first, last = positions(office)[0], positions(office)[-1]
    assert webhooks.send_again(added.id, SendAgain(positions=(last, first, last)), asks())
    assert waits(office, added) == [Resend(added.id, each) for each in sorted({first, last})]
    for other in (0, last + 1, 10**9):
        with pytest.raises(EventNotOfWebhook):
            webhooks.send_again(added.id, SendAgain(positions=(other,)), asks())


def test_events_of_others_are_never_sent_again(office, webhooks):
    office.order()
    foreign = webhooks.add(NewWebhook(address=ADDRESS), SHOP, asks(SHOP))
    with pytest.raises(EventNotOfWebhook):
        webhooks.send_again(foreign.id, SendAgain(positions=(positions(office)[0],)), asks(SHOP))


def test_events_are_sent_again_by_time(office, webhooks, added):
    office.order()
    begin = office.later(hours=1)
    before = positions(office)
    office.order()
    made = positions(office)[len(before) :]
    end = office.later(hours=1)
    office.order()
    assert webhooks.send_again(added.id, SendAgain(made=(begin, end)), asks()) == len(made)
    assert [each.position for each in waits(office, added)] == made
    nothing = (begin - timedelta(days=9), begin - timedelta(days=8))
    assert webhooks.send_again(added.id, SendAgain(made=nothing), asks()) == 0


def test_all_is_sent_again_from_a_position(office, webhooks, added):
    office.order()
    assert webhooks.send_again(added.id, SendAgain(after=0), asks()) == 1
    assert waits(office, added) == [Resend(added.id, 1, onwards=True)]
    with pytest.raises(PositionAhead):
        webhooks.send_again(added.id, SendAgain(after=10**9), asks())


def test_only_so_many_are_sent_again(office, webhooks, added, monkeypatch):
    monkeypatch.setattr(sending_again, "MOST_AGAIN", 1)
    begin = office.time
    office.order()
    office.order()
    with pytest.raises(TooManyToSendAgain):
        webhooks.send_again(added.id, SendAgain(made=(begin, office.later(days=1))), asks())
    assert waits(office, added) == []


def test_one_that_is_removed_is_gone(office, webhooks, added):
    with pytest.raises(WebhookChanged):
        webhooks.remove(added.id, asks(versions=frozenset({7})))
    webhooks.remove(added.id, asks())
    with pytest.raises(UnknownWebhook):
        webhooks.find(added.id, asks().caller)
    assert deeds(office)[-1].action == "webhook.removed"
