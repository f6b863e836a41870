"""The recount: what the service says of money, held against the book of those who sent it."""

from collections import Counter
from decimal import Decimal
from urllib.parse import urlencode

from lab import Attacked, Lab
from money_book import AMOUNTS, Entry, Notices, totals
from paying import kept_as
from polling import until
from server import ORDERS, Answer
from shop import check_read_models, refuse

from application.integrity.verification import verify
from application.integrity.workers import here
from application.ports.gateway_notices import NoticeState
from interface.load.rush import opened

PAYMENTS = "/v1/resources/payments"
IN_REPORTS = {"waiting": "attention"}


def compare(service: Attacked, show: str, book: list[Entry]) -> None:
    """What the service says of each order's money is what the book says."""
    said = {each["order"]: each for each in pages(service, show)}
    for entry in book:
        if entry.unknown:
            refuse(entry.id in said, f"{entry.kind} {entry.id} has money of a stranger")
            continue
        expected = entry.status, entry.waits, shown(entry.balances()), received(entry)
        found = said[entry.id]
        answered = (
            found["status"],
            bool(found["attention"]),
            {each["currency"]: amounts(each) for each in [found, *found["balances"]]},
            {
                each["id"]: (each["amount"], each["currency"])
                for each in found["payments"]
                if each["received_at"]
            },
        )
        if answered != expected:
            refuse((answered, expected), f"another money of {entry}")
    waiting = {each["order"] for each in pages(service, show, attention="true")}
    refuse(waiting ^ {each.id for each in book if each.waits}, "wait for a person, or not")


def pages(service: Attacked, show: str, **query: str) -> list[dict]:
    """All pages of the list of payments, once it has all that happened."""
    newest = service.call("POST", ORDERS, {"event": show}).headers["x-log-position"]
    path, found = f"{PAYMENTS}?{urlencode({'page_size': 200, **query})}", []
    while path:
        answer = until(lambda p=path: listed(service, p, newest), "the list is late")
        found += answer.body
        path = answer.headers.get("link", "").removeprefix("<").partition(">")[0]
    return found


def listed(service: Attacked, path: str, position: str) -> Answer | None:
    answer = service.call("GET", path, X_Wait_For_Position=position)
    return answer if answer.status == 200 else None


def amounts(document: dict) -> dict[str, str]:
    return {each: document[each] for each in AMOUNTS}


def shown(balances: dict[str, dict[str, Decimal]]) -> dict[str, dict[str, str]]:
    return {
        currency: {name: f"{amount:.2f}" for name, amount in each.items()}
        for currency, each in balances.items()
    }


def received(entry: Entry) -> dict[str, tuple[str, str]]:
    return {
        f"gw-{entry.number}-{place}": (f"{amount:.2f}", currency)
        for place, (amount, currency) in enumerate(entry.payments)
    }


def compare_totals(lab: Lab, book: list[Entry]) -> None:
    """`audit verify` finds nothing, and has the sums of the book."""
    with opened(lab.settings) as services:
        report = verify(services.store, here(services.store), lambda *_: None)
    refuse([each.says for each in report.findings], "audit verify")
    found = {
        each.currency: {name: str(getattr(each, IN_REPORTS.get(name, name))) for name in AMOUNTS}
        for each in report.money
        if each.currency  # that of orders without money has none
    }
    expected = shown(totals(book))
    if found != expected:
        refuse((found, expected), "another sum of money")


def compare_notices(lab: Lab, notices: Notices) -> None:
    """Each notice was kept, as it came, and acted on; those of strangers wait, and no others."""
    with opened(lab.settings) as services:
        strangers = {each.notice for each in services.store.notices().unknown(None, 1_000_000)}
        kept = {
            name: kept_as(services.store, name, entry.gate.id)
            for name, entry in notices.sent.items()
        }
    refuse([name for name, each in kept.items() if each is None][:5], "notices that are not kept")
    bodies = {name: each.body.decode() for name, each in kept.items()}
    refuse(bodies != notices.bodies, "notices that are not kept as they came")
    unknown = {name for name, entry in notices.sent.items() if entry.unknown}
    refuse(strangers ^ unknown, "notices whose buyer is known, or not")
    acted = {NoticeState.ACTED, NoticeState.IGNORED}
    idle = [name for name in kept.keys() - unknown if kept[name].state not in acted]
    refuse(idle[:5], "notices that were not acted on")


def compare_log(lab: Lab, book: list[Entry]) -> None:
    """Each payment came once, and each read model equals one that is made anew."""
    with opened(lab.settings) as services:
        came = Counter(each.topic for each in services.store.log(0, 1_000_000))
        paid = sum(len(each.payments) for each in book if not each.unknown)
        refuse(came["PaymentReceived.1"] != paid and came, f"payments, where {paid} came")
        check_read_models(services.store)
