"""What a catalogue file says of gateways, currencies and refunds."""

import json

import pytest
from catalog import Venue
from gateway import CARD_ID, gate

from application.catalog.cache import catalog_of
from application.catalog.entries import BadCatalog
from application.catalog.file import read_catalog_file
from application.catalog.gateway import PaymentGateway
from application.catalog.loading import load_catalog
from domain.gateway import Late
from domain.refunds import RefundPolicy, RefundTerms

SYSTEM = "payment_systems[0]"


def document(system=None, event=None, deal=None):
    found = Venue().document
    found["payment_systems"] = [{**gate(), **(system or {})}]
    found["events"][0].update(event or {})
    found["deals"][0].update(deal or {})
    return found


def read(**changed):
    return read_catalog_file(json.dumps(document(**changed)))


def test_what_a_file_says_is_known(services, clock):
    secrets = ["env:GATE_SECRET", "file:/run/secrets/gate-old"]
    signed = {"scheme": "timestamped-hmac", "secrets": secrets}
    file = read(
        system={"late": "refund", "notifications": signed},
        event={"currency": "EUR", "refunds": {"policy": "law_ru_193", "resell": True}},
        deal={"approves_refunds": True},
    )
    load_catalog(services.store, file, clock())
    known = catalog_of(0, services.store.catalog())
    assert known.gateways[CARD_ID] == PaymentGateway(
        id=CARD_ID, late=Late.REFUND, scheme="timestamped-hmac", secrets=tuple(secrets)
    )
    show = known.shows[file.events[0].show.id]
    assert show.currency == "EUR"
    assert show.refunds == RefundTerms(policy=RefundPolicy.LAW_RU_193, resell=True)
    assert [each.approves_refunds for each in known.deals.values()] == [True]
    assert load_catalog(services.store, file, clock()).updated == 0


def test_a_system_without_notices_has_no_document_until_it_has_some(services, clock):
    venue = Venue()
    load_catalog(services.store, venue.file, clock())
    known = catalog_of(0, services.store.catalog())
    assert known.gateways == {}
    assert known.gateway(known.system(CARD_ID)) == PaymentGateway(id=CARD_ID)
    assert {each.currency for each in known.shows.values()} == {"RUB"}


def test_notices_that_a_file_no_longer_names_are_taken_no_more(services, clock):
    load_catalog(services.store, read(), clock())
    load_catalog(services.store, Venue().file, clock())
    assert catalog_of(0, services.store.catalog()).gateways[CARD_ID].scheme == ""


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        ({"system": {"late": "never"}}, f"{SYSTEM}.late"),
        (
            {"system": {"notifications": {"scheme": "none", "secrets": ["env:A"]}}},
            f"{SYSTEM}.notifications.scheme",
        ),
        *(
            (
                {"system": {"notifications": {"scheme": "standard-webhooks", "secrets": [bad]}}},
                f"{SYSTEM}.notifications.secrets[0]",
            )
            for bad in ("whsec_c2VjcmV0", "env:", "env:1A", "file:", "env:A B", "file:/a\nb", 7)
        ),
        (
            {"system": {"notifications": {"scheme": "standard-webhooks", "secrets": []}}},
            f"{SYSTEM}.notifications.secrets",
        ),
        ({"event": {"currency": "rub"}}, "events[0].currency"),
        ({"event": {"currency": "RUBL"}}, "events[0].currency"),
        ({"event": {"refunds": {"policy": "all"}}}, "events[0].refunds.policy"),
        ({"event": {"refunds": {"resell": "yes"}}}, "events[0].refunds.resell"),
        ({"deal": {"approves_refunds": 1}}, "deals[0].approves_refunds"),
    ],
)
def test_a_wrong_value_is_refused_by_its_path(changed, path):
    with pytest.raises(BadCatalog) as refused:
        read(**changed)
    assert list(refused.value.errors) == [path]
    assert "c2VjcmV0" not in str(refused.value)
