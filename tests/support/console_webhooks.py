"""Webhooks in every state, at a receiver on loopback: what the page of integrations shows."""

from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta

from console_data import CONCERT, HOUSE, PARTERRE, SHOP, ConsoleData
from polling import until
from receiver import plain, receiver_thread
from server import Service
from webhook_office import add_webhook

from application.bootstrap import open_store
from application.catalog.keys import create_key
from application.catalog.scopes import AUDIT, OF_A_SELLER, WEBHOOKS
from application.ports.webhooks import WebhookState
from application.webhooks.commands import BY_PERSON
from domain.commands import BestAvailable

ORDERS = 6
ANSWERS = {
    "/fails": plain(500, b"<script>alert('down')</script>"),
    "/gone": plain(410, b"gone"),
}
STATUS = "orderlog.order.StatusChanged"


class WebhookConsole:
    """A running service whose worker delivers, its receiver, and the keys that look at it."""

    def __init__(self, database: str, receiver) -> None:
        self.database, self.address, self.receiver = database, "", receiver
        data = ConsoleData(database, datetime.now(UTC).replace(microsecond=0))
        data.clock.set(data.till - timedelta(hours=1))
        self._data = data
        self.good = self.add("good")
        self.fails = self.add("fails")
        self.gone = self.add("gone")
        paused = {"state": WebhookState.PAUSED, "reason": BY_PERSON}
        self.paused = self.add("paused", types=(STATUS,), asymmetric=True, **paused)
        self.orders = [self._order() for _ in range(ORDERS)]
        self.key = self._key(HOUSE, *OF_A_SELLER, WEBHOOKS)
        self.narrow_key = self._key(HOUSE, WEBHOOKS)
        self.shop_key = self._key(SHOP, *OF_A_SELLER, WEBHOOKS)
        self.auditors_key = self._key(SHOP, AUDIT)
        data.catch_up()
        data.services.close()

    def add(self, name: str, **more) -> str:
        address = self.receiver.address(f"/{name}")
        return add_webhook(self._data.store, address, partner=HOUSE, after=0, **more).id

    def is_delivered(self, store) -> bool:
        """Whether each webhook has got what it confirms, and the others have failed."""
        records = store.webhooks()
        good, fails, gone = (records.find(each) for each in (self.good, self.fails, self.gone))
        at = records.progress([good, fails])
        last = store.last_position()
        confirmed = at[good.id].position == at[fails.id].position == last
        return confirmed and at[fails.id].lanes == ORDERS and gone.state is WebhookState.OFF

    def _order(self) -> str:
        tickets = BestAvailable({PARTERRE: 1})
        order = self._data.create(
            CONCERT, partner=HOUSE, tickets=tickets, customer=self._data.buyer()
        )
        self._data.later(minutes=1)
        self._data.pay(HOUSE, order)
        return order

    def _key(self, partner: str, *scopes: str) -> str:
        return create_key(self._data.store, partner, self._data.time, scopes).text


@contextmanager
def running_with_webhooks(folder):
    """Serve what delivers to webhooks of every kind, until the end of the block."""

    def answer(received, _):
        return ANSWERS.get(received.path, plain())

    allowed = {"ORDERLOG_WEBHOOKS_TO": "127.0.0.0/8", "ORDERLOG_LOG_LEVEL": "WARNING"}
    database = f"sqlite:///{folder / 'webhooks.db'}"
    with receiver_thread(answer) as receiver:
        console = WebhookConsole(database, receiver)
        with Service(database, folder / "log", **allowed) as service:
            console.address = service.address
            with closing(open_store(database)) as store:
                until(lambda: console.is_delivered(store), "not all is delivered")
            yield console
