"""A catalogue file is read whole, or refused with the path of every wrong value."""

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from application.catalog.cache import Partner
from application.catalog.entries import BadCatalog, PartnerEntry, TicketEntry
from application.catalog.file import read_catalog_file
from application.catalog.json_schema import catalog_json_schema
from application.catalog.loading import sample_catalog
from application.catalog.pages import ListedShow, PartnerPage
from domain.payment import ConfirmedBy, PaymentSystem
from domain.pricing import PriceRule
from domain.sale_terms import Deal
from domain.shows import TicketSet

ORG = "56810047f06c5a6ac62f4e01"
SHOP = "56810047f06c5a6ac62f4e02"

GOOD = """
partners:
  - {id: "56810047f06c5a6ac62f4e01", name: Theatre, language: ru,
     keys: ["7ea7e4e07ea7e4e07ea7e4e07ea7e4e0"]}
  - {id: "56810047F06C5A6AC62F4E02", name: Shop, language: en}
payment_systems:
  - {id: "545b544a5d645a463e779d11", alias: api/CARD, hold_minutes: 30, confirmed_by: gateway,
     redirect_url: "https://pay.example/start?a=1"}
  - {id: "545b544a5d645a463e779d12", alias: api/CASH, hold_minutes: 720, confirmed_by: vendor}
deals:
  - {id: "56a0f0c2f06c5a7d1e00be01", org: "56810047f06c5a6ac62f4e01",
     vendor: "56810047f06c5a6ac62f4e02"}
events:
  - id: "56a6253df06c5a059a938001"
    org: "56810047f06c5a6ac62f4e01"
    title: Evening
    starts_at: 2030-06-01T19:00:00+03:00
    ends_at: "2030-06-01T22:00:00+03:00"
    sets:
      - id: "56a6254bf06c5a059b938011"
        name: Parterre
        rules:
          - {id: "56a6254bf06c5a059b938021", nominal: "900.5", extra: 99.99,
             from: 2029-01-01T00:00:00Z, till: 2030-01-01T00:00:00Z}
          - {id: "56a6254bf06c5a059b938022", nominal: 1200}
        tickets:
          - {id: "56a6253df06c5a059a938031", seat: {sector: "54d7a0409cb538783b7bf8d5", row: 1,
             number: 7a}}
          - {id: "56a6253df06c5a059a938032"}
      - id: "56a6254bf06c5a059b938012"
        name: Dance floor
        rules: [{id: "56a6254bf06c5a059b938023", nominal: "0.00", extra: "0.00"}]
        tickets: {count: 500}
"""

DEAL = GOOD[GOOD.index('  - {id: "56a0f0c2') : GOOD.index("events:")]
EVENING = GOOD[GOOD.index('  - id: "56a6253d') :].rstrip()
IDS_IN_EVENING = """
    id sets[0].id sets[0].rules[0].id sets[0].rules[1].id sets[0].tickets[0].id
    sets[0].tickets[1].id sets[1].id sets[1].rules[0].id
"""
SECOND_TICKET = '{id: "56a6253df06c5a059a938032"}'
SAME_SEAT = 'seat: {sector: "54D7A0409CB538783B7BF8D5", row: 1, number: 7a}'


def changed(*changes: tuple[str, str]) -> str:
    """The good file with texts replaced, each of which stands in it exactly once."""
    text = GOOD
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def errors_of(text: str | bytes) -> dict[str, str]:
    with pytest.raises(BadCatalog) as refused:
        read_catalog_file(text)
    return dict(refused.value.errors)


def test_a_good_file_says_who_sells_what_at_which_price():
    file = read_catalog_file(GOOD)
    assert file.partners == (
        PartnerEntry(
            Partner(id=ORG, name="Theatre", language="ru"), ("7ea7e4e07ea7e4e07ea7e4e07ea7e4e0",)
        ),
        PartnerEntry(Partner(id=SHOP, name="Shop", language="en"), ()),
    )
    assert file.payment_systems == (
        PaymentSystem(
            id="545b544a5d645a463e779d11",
            alias="api/CARD",
            hold_minutes=30,
            confirmed_by=ConfirmedBy.GATEWAY,
            redirect_url="https://pay.example/start?a=1",
        ),
        PaymentSystem(
            id="545b544a5d645a463e779d12",
            alias="api/CASH",
            hold_minutes=720,
            confirmed_by=ConfirmedBy.VENDOR,
        ),
    )
    assert file.deals == (Deal(id="56a0f0c2f06c5a7d1e00be01", org=ORG, vendor=SHOP),)
    (event,) = file.events
    early = PriceRule(
        "56a6254bf06c5a059b938021",
        Decimal("900.50"),
        Decimal("99.99"),
        datetime(2029, 1, 1, tzinfo=UTC),
        datetime(2030, 1, 1, tzinfo=UTC),
    )
    usual = PriceRule("56a6254bf06c5a059b938022", Decimal("1200.00"), Decimal("0.00"))
    free = PriceRule("56a6254bf06c5a059b938023", Decimal("0.00"), Decimal("0.00"))
    assert event.show == ListedShow(
        id="56a6253df06c5a059a938001",
        org=ORG,
        title="Evening",
        starts_at=datetime(2030, 6, 1, 16, tzinfo=UTC),
        ends_at=datetime(2030, 6, 1, 19, tzinfo=UTC),
        sets=(
            TicketSet("56a6254bf06c5a059b938011", "Parterre", (early, usual), 2),
            TicketSet("56a6254bf06c5a059b938012", "Dance floor", (free,), 500),
        ),
    )
    seat = {"sector": "54d7a0409cb538783b7bf8d5", "row": 1, "number": "7a"}
    assert event.tickets == {
        "56a6254bf06c5a059b938011": (
            TicketEntry("56a6253df06c5a059a938031", seat),
            TicketEntry("56a6253df06c5a059a938032", {}),
        ),
        "56a6254bf06c5a059b938012": 500,
    }


def test_all_money_has_two_decimals_and_all_moments_are_utc():
    show = read_catalog_file(GOOD).events[0].show
    rules = [rule for ticket_set in show.sets for rule in ticket_set.rules]
    money = [str(amount) for rule in rules for amount in (rule.nominal, rule.extra)]
    assert money == ["900.50", "99.99", "1200.00", "0.00", "0.00", "0.00"]
    assert show.starts_at.tzinfo is show.ends_at.tzinfo is UTC


def test_a_file_may_be_bytes():
    assert read_catalog_file(GOOD.encode()) == read_catalog_file(GOOD)


def test_a_file_of_partners_alone_is_a_catalogue():
    file = read_catalog_file(f'partners: [{{id: "{ORG}", name: Театр, language: ru}}]')
    assert file.partners[0].partner.name == "Театр"
    assert (file.payment_systems, file.deals, file.events) == ((), (), ())


def test_where_price_windows_overlap_the_first_rule_in_the_file_prices():
    show = read_catalog_file(GOOD).events[0].show
    parterre = show.sets[0].id
    before = show.prices(datetime(2029, 12, 31, 23, 59, 59, tzinfo=UTC))
    after = show.prices(datetime(2030, 1, 1, tzinfo=UTC))
    assert before[parterre].nominal == Decimal("900.50")
    assert after[parterre].nominal == Decimal("1200.00")


@pytest.mark.parametrize("amount", ["9999999.99", '"9999999.99"', "0", '"0.1"', "1200.5"])
def test_money_up_to_the_most_is_taken_as_text_or_number(amount):
    text = changed(("nominal: 1200}", f"nominal: {amount}}}"))
    rule = read_catalog_file(text).events[0].show.sets[0].rules[1]
    assert rule.nominal == Decimal(amount.strip('"'))
    assert rule.nominal.as_tuple().exponent == -2


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("hold_minutes: 30", "hold_minutes: 1"),
        ("hold_minutes: 30", "hold_minutes: 43200"),
        ("count: 500", "count: 1"),
        ("count: 500", "count: 1000000"),
        ("7ea7e4e07ea7e4e07ea7e4e07ea7e4e0", "a" * 128),
        ("https://pay.example/start?a=1", "http://gateway:8080/pay"),
        ("https://pay.example/start?a=1", "https://pay.example/" + "p" * 1980),
        ("title: Evening", "title: " + "x" * 200),
    ],
)
def test_values_at_their_limits_are_taken(old, new):
    assert read_catalog_file(changed((old, new))) != read_catalog_file(GOOD)


SYSTEM = "payment_systems[0]"
EVENT = "events[0]"
RULE = "events[0].sets[0].rules[0]"
TICKETS = "events[0].sets[0].tickets"

BAD = [
    # ids
    ('id: "56a6253df06c5a059a938001"', "id: 562532930605059493800100", f"{EVENT}.id"),
    ('id: "56a6253df06c5a059a938001"', 'id: "56a6253df06c5a059a93800"', f"{EVENT}.id"),
    ('id: "56a6253df06c5a059a938001"', 'id: "56a6253df06c5a059a93800g"', f"{EVENT}.id"),
    ('id: "56a6253df06c5a059a938001"', "id: null", f"{EVENT}.id"),
    ('sector: "54d7a0409cb538783b7bf8d5"', "sector: 5", f"{TICKETS}[0].seat.sector"),
    # what may be there once
    ("56810047F06C5A6AC62F4E02", "56810047f06c5a6ac62f4e01", "partners[1].id deals[0].vendor"),
    ("language: en", "language: en, keys: [7ea7e4e07ea7e4e07ea7e4e07ea7e4e0]",
     "partners[1].keys[0]"),
    ("545b544a5d645a463e779d12", "545B544A5D645A463E779D11", "payment_systems[1].id"),
    ("api/CASH", "api/CARD", "payment_systems[1].alias"),
    ("api/CASH", "545b544a5d645a463e779d11", "payment_systems[1].alias"),
    (DEAL, DEAL + DEAL, "deals[1].id deals[1].vendor"),
    (DEAL, DEAL + DEAL.replace("be01", "be02"), "deals[1].vendor"),
    ("56a6254bf06c5a059b938012", "56a6254bf06c5a059b938011", "events[0].sets[1].id"),
    ("56a6254bf06c5a059b938022", "56a6254bf06c5a059b938021", "events[0].sets[0].rules[1].id"),
    ("56a6254bf06c5a059b938023", "56a6254bf06c5a059b938021", "events[0].sets[1].rules[0].id"),
    ("56a6253df06c5a059a938032", "56a6253df06c5a059a938031", f"{TICKETS}[1].id"),
    ("count: 500}", "count: 500}\n" + EVENING,
     " ".join(f"events[1].{path}" for path in IDS_IN_EVENING.split())),
    (SECOND_TICKET, SECOND_TICKET.replace("}", f", {SAME_SEAT}}}"), f"{TICKETS}[1].seat"),
    # references
    ('org: "56810047f06c5a6ac62f4e01"\n', 'org: "56810047f06c5a6ac62f4e03"\n', f"{EVENT}.org"),
    ('org: "56810047f06c5a6ac62f4e01",', 'org: "56810047f06c5a6ac62f4e03",', "deals[0].org"),
    ('vendor: "56810047f06c5a6ac62f4e02"', 'vendor: "56810047f06c5a6ac62f4e03"', "deals[0].vendor"),
    # partners
    ("name: Theatre", 'name: ""', "partners[0].name"),
    ("name: Theatre", 'name: "  "', "partners[0].name"),
    ("name: Theatre", r'name: "The\natre"', "partners[0].name"),
    ("name: Theatre", "name: " + "x" * 201, "partners[0].name"),
    ("name: Theatre", "name: 7", "partners[0].name"),
    ("language: ru", "language: rus", "partners[0].language"),
    ("language: ru", "language: RU", "partners[0].language"),
    ("language: ru", "language: no", "partners[0].language"),
    ("7ea7e4e07ea7e4e07ea7e4e07ea7e4e0", "a" * 31, "partners[0].keys[0]"),
    ("7ea7e4e07ea7e4e07ea7e4e07ea7e4e0", "a" * 129, "partners[0].keys[0]"),
    ("7ea7e4e07ea7e4e07ea7e4e07ea7e4e0", "theatre key 00001", "partners[0].keys[0]"),
    ("7ea7e4e07ea7e4e07ea7e4e07ea7e4e0", "театр-ключ-00001", "partners[0].keys[0]"),
    ('["7ea7e4e07ea7e4e07ea7e4e07ea7e4e0"]', "7ea7e4e0", "partners[0].keys"),
    # payment systems
    ("hold_minutes: 30", "hold_minutes: 0", f"{SYSTEM}.hold_minutes"),
    ("hold_minutes: 30", "hold_minutes: 43201", f"{SYSTEM}.hold_minutes"),
    ("hold_minutes: 30", "hold_minutes: 30.5", f"{SYSTEM}.hold_minutes"),
    ("hold_minutes: 30", "hold_minutes: true", f"{SYSTEM}.hold_minutes"),
    ("hold_minutes: 30", 'hold_minutes: "30"', f"{SYSTEM}.hold_minutes"),
    ("confirmed_by: gateway", "confirmed_by: buyer", f"{SYSTEM}.confirmed_by"),
    ("confirmed_by: gateway", "confirmed_by: [gateway]", f"{SYSTEM}.confirmed_by"),
    ("https://pay.example/start?a=1", "ftp://pay.example/start", f"{SYSTEM}.redirect_url"),
    ("https://pay.example/start?a=1", "pay.example", f"{SYSTEM}.redirect_url"),
    ("https://pay.example/start?a=1", "https://pay.example/#start", f"{SYSTEM}.redirect_url"),
    ("https://pay.example/start?a=1", "https://pay.example/" + "p" * 1981,
     f"{SYSTEM}.redirect_url"),
    # moments
    ("2030-06-01T19:00:00+03:00", "2030-06-01T19:00:00", f"{EVENT}.starts_at"),
    ("2030-06-01T19:00:00+03:00", "2030-06-01", f"{EVENT}.starts_at"),
    ("2030-06-01T19:00:00+03:00", "2030-13-01T19:00:00+03:00", f"{EVENT}.starts_at"),
    ("2030-06-01T19:00:00+03:00", "tomorrow", f"{EVENT}.starts_at"),
    ("2030-06-01T19:00:00+03:00", "1906587000", f"{EVENT}.starts_at"),
    ("2030-06-01T19:00:00+03:00", "0001-01-01T00:00:00+03:00", f"{EVENT}.starts_at"),
    ("2030-06-01T22:00:00+03:00", "2030-06-01T19:00:00+03:00", f"{EVENT}.ends_at"),
    ("2030-06-01T22:00:00+03:00", "2030-06-01T17:00:00+01:00", f"{EVENT}.ends_at"),
    ("till: 2030-01-01T00:00:00Z", "till: 2029-01-01T00:00:00Z", f"{RULE}.till"),
    ("from: 2029-01-01T00:00:00Z", "from: 2029-01-01T00:00:00", f"{RULE}.from"),
    # money
    ('nominal: "900.5"', 'nominal: "900.505"', f"{RULE}.nominal"),
    ('nominal: "900.5"', "nominal: 900.505", f"{RULE}.nominal"),
    ('nominal: "900.5"', "nominal: -1", f"{RULE}.nominal"),
    ('nominal: "900.5"', 'nominal: "-0.00"', f"{RULE}.nominal"),
    ('nominal: "900.5"', "nominal: 10000000", f"{RULE}.nominal"),
    ('nominal: "900.5"', "nominal: .nan", f"{RULE}.nominal"),
    ('nominal: "900.5"', "nominal: .inf", f"{RULE}.nominal"),
    ('nominal: "900.5"', 'nominal: "9e2"', f"{RULE}.nominal"),
    ('nominal: "900.5"', 'nominal: " 900"', f"{RULE}.nominal"),
    ('nominal: "900.5"', 'nominal: "900,50"', f"{RULE}.nominal"),
    ('nominal: "900.5"', "nominal: true", f"{RULE}.nominal"),
    ('nominal: "900.5"', "nominal: null", f"{RULE}.nominal"),
    ("extra: 99.99", 'extra: "free"', f"{RULE}.extra"),
    # sets and tickets
    ('[{id: "56a6254bf06c5a059b938023", nominal: "0.00", extra: "0.00"}]', "[]",
     "events[0].sets[1].rules"),
    (GOOD[GOOD.index("    sets:"):], "    sets: []\n", f"{EVENT}.sets"),
    ("{count: 500}", "{count: 0}", "events[0].sets[1].tickets.count"),
    ("{count: 500}", "{count: 1000001}", "events[0].sets[1].tickets.count"),
    ("{count: 500}", "{count: many}", "events[0].sets[1].tickets.count"),
    ("{count: 500}", "{count: 5, of: 9}", "events[0].sets[1].tickets.of"),
    ("{count: 500}", "{}", "events[0].sets[1].tickets.count"),
    ("{count: 500}", "500", "events[0].sets[1].tickets"),
    ("{count: 500}", "[]", "events[0].sets[1].tickets"),
    ("        tickets: {count: 500}\n", "", "events[0].sets[1].tickets"),
    (SECOND_TICKET, "56a6253df06c5a059a938032", f"{TICKETS}[1]"),
    ("row: 1", "row: 1.5", f"{TICKETS}[0].seat.row"),
    ("row: 1", "row: -1", f"{TICKETS}[0].seat.row"),
    ("row: 1", "row: 99999999999999999999", f"{TICKETS}[0].seat.row"),
    ("number: 7a", 'number: ""', f"{TICKETS}[0].seat.number"),
    # unknown and repeated fields
    ("title: Evening", "title: Evening\n    titel: Evening", f"{EVENT}.titel"),
    ("row: 1", "row: 1, colour: red", f"{TICKETS}[0].seat.colour"),
    ("deals:", "promocodes: []\ndeals:", "promocodes"),
    ("title: Evening", "title: Evening\n    title: Matinee", f"{EVENT}.title"),
    ("language: ru", "language: ru, language: ru", "partners[0].language"),
    ("deals:", "deals: []\ndeals:", "deals"),
    # whole lists
    (GOOD[GOOD.index("events:"):], "events: {}\n", "events"),
    (GOOD[GOOD.index("events:"):], "events: [Evening]\n", "events[0]"),
    (GOOD[: GOOD.index("payment_systems:")], "partners: []\n",
     "partners deals[0].org deals[0].vendor events[0].org"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "paths"), BAD)
def test_a_wrong_value_is_named_by_its_path_and_nothing_else_is(old, new, paths):
    errors = errors_of(changed((old, new)))
    assert sorted(errors) == sorted(paths.split())
    assert all(what.strip() for what in errors.values())


def test_all_that_is_wrong_is_said_at_once():
    errors = errors_of(
        changed(
            ("language: ru", "language: russian"),
            ("api/CASH", "api/CARD"),
            ('vendor: "56810047f06c5a6ac62f4e02"', 'vendor: "56810047f06c5a6ac62f4e99"'),
            ("title: Evening", "title: Evening\n    title: Matinee"),
            ("2030-06-01T22:00:00+03:00", "2029-06-01T22:00:00+03:00"),
            ('nominal: "900.5"', "nominal: -1"),
            ("till: 2030-01-01T00:00:00Z", "till: 2020-01-01T00:00:00Z"),
            ("56a6253df06c5a059a938032", "56a6253df06c5a059a938031"),
            ("count: 500", "count: 0"),
        )
    )
    assert sorted(errors) == [
        "deals[0].vendor",
        "events[0].ends_at",
        "events[0].sets[0].rules[0].nominal",
        "events[0].sets[0].rules[0].till",
        "events[0].sets[0].tickets[1].id",
        "events[0].sets[1].tickets.count",
        "events[0].title",
        "partners[0].language",
        "payment_systems[1].alias",
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("# only a remark\n", "empty"),
        ("null", "empty"),
        ("[]", "mapping"),
        ("Evening", "mapping"),
        ("7", "mapping"),
        ("partners: [", "YAML"),
        ("partners: a: b", "line 1, column 12"),
        ("--- {}\n--- {}\n", "another document"),
        ("partners: *nobody", "undefined alias"),
        ("partners: !!python/object:os.system x", "tag"),
        ("partners: !!bool perhaps", "YAML"),
        ("? [a, b]\n: 1", "unhashable"),
        ("partners: \x00", "control characters"),
        (b"partners: \xff", "YAML"),
        ("[" * 100_000, "nest"),
        ("- " * 100_000, "nest"),
    ],
)
def test_what_is_no_catalogue_at_all_gets_one_clear_line(text, says):
    errors = errors_of(text)
    assert list(errors) == [""]
    assert says in errors[""]
    assert "\n" not in errors[""]


def test_an_id_without_quotes_that_yaml_takes_for_a_number_is_explained():
    errors = errors_of(changed(('"56a6253df06c5a059a938001"', "562532930605059493800100")))
    assert "quotes" in errors["events[0].id"]


def test_a_language_that_yaml_takes_for_a_no_is_explained():
    errors = errors_of(changed(("language: ru", "language: no")))
    assert "quotes" in errors["partners[0].language"]


def test_an_error_about_a_key_does_not_show_the_key():
    text = changed(
        ("language: en", "language: en, keys: [7ea7e4e07ea7e4e07ea7e4e07ea7e4e0, short]")
    )
    with pytest.raises(BadCatalog) as refused:
        read_catalog_file(text)
    assert sorted(refused.value.errors) == ["partners[1].keys[0]", "partners[1].keys[1]"]
    assert "7ea7e4e07ea7e4e07ea7e4e07ea7e4e0" not in str(refused.value)
    assert "short" not in str(refused.value)


def test_an_alias_may_repeat_a_value_but_a_knot_is_refused_without_hanging():
    repeated = changed(
        ('sector: "54d7a0409cb538783b7bf8d5"', 'sector: &hall "54d7a0409cb538783b7bf8d5"'),
        (SECOND_TICKET, SECOND_TICKET.replace("}", ", seat: {sector: *hall, row: 2, number: 1}}")),
    )
    tickets = read_catalog_file(repeated).events[0].tickets["56a6254bf06c5a059b938011"]
    assert tickets[1].seat == {"sector": "54d7a0409cb538783b7bf8d5", "row": 2, "number": 1}
    assert list(errors_of("partners: &knot [*knot]")) == ["partners[0]"]


@pytest.fixture(scope="module")
def sample():
    return sample_catalog()


def test_the_sample_has_the_documented_partner_and_payment_system(sample):
    partner = Partner(id="56810047f06c5a6ac62f4e1d", name="Sample partner", language="ru")
    found = sample.partners[0]
    assert found.partner.page.legal["type"] == "ru/ip"
    plain = replace(found.partner, page=PartnerPage())
    assert (plain, found.keys) == (partner, ("047bdb8bcee44d3693371920aaf9135c",))
    assert sample.payment_systems[0] == PaymentSystem(
        id="545b544a5d645a463e779d53",
        alias="api/BASE",
        hold_minutes=30,
        confirmed_by=ConfirmedBy.VENDOR,
        redirect_url="https://www.goodservice.ru/payment_params.php",
    )


def test_the_samples_documented_event_has_one_set_of_200_seats(sample):
    show, tickets = sample.events[0].show, sample.events[0].tickets
    assert (show.id, show.org) == ("56a6253df06c5a059a93802e", "56810047f06c5a6ac62f4e1d")
    moscow = timezone(timedelta(hours=3))
    assert show.starts_at == datetime(2030, 6, 1, 19, tzinfo=moscow)
    rule = PriceRule("56a6254bf06c5a059b93800b", Decimal("100.00"), Decimal("0.00"))
    assert show.sets == (TicketSet("56a6254bf06c5a059b93800c", "Parterre", (rule,), 200),)
    first = int("56a6253df06c5a059a9380a0", 16)
    seated = tickets["56a6254bf06c5a059b93800c"]
    assert [each.id for each in seated] == [f"{first + i:024x}" for i in range(200)]
    assert [(each.seat["row"], each.seat["number"]) for each in seated] == [
        (row, number) for row in range(1, 11) for number in range(1, 21)
    ]


def test_the_sample_has_a_way_to_pay_for_every_case(sample):
    ways = {each.alias: each for each in sample.payment_systems}
    assert ways["api/INVOICE"].confirmed_by is ConfirmedBy.GATEWAY
    assert ways["api/CASH"].confirmed_by is ConfirmedBy.VENDOR
    assert {ways[each].hold_minutes for each in ("api/INVOICE", "api/CASH")} == {12 * 60}
    assert ways["api/INVOICE"].redirect_url is ways["api/CASH"].redirect_url is None


def test_the_sample_has_a_shop_with_a_deal_and_one_without(sample):
    org, shop, stranger = (each.partner for each in sample.partners)
    assert [(deal.org, deal.vendor) for deal in sample.deals] == [(org.id, shop.id)]
    assert stranger.id not in {party for deal in sample.deals for party in (deal.org, deal.vendor)}
    assert shop.language == "en"
    assert all(each.keys for each in sample.partners)


def test_the_samples_second_event_has_seats_counted_tickets_fees_and_price_windows(sample):
    festival = sample.events[1]
    stalls, floor, last_minute = festival.show.sets
    assert isinstance(festival.tickets[stalls.id], tuple)
    assert festival.tickets[floor.id] == 500
    assert [rule.extra for rule in floor.rules] == [Decimal("99.99"), Decimal("120.00")]
    now, later = datetime(2029, 1, 1, tzinfo=UTC), datetime(2030, 6, 30, tzinfo=UTC)
    assert festival.show.prices(now)[floor.id].nominal == Decimal("900.00")
    assert festival.show.prices(later)[floor.id].nominal == Decimal("1200.00")
    assert last_minute.id not in festival.show.prices(now)
    assert last_minute.id in festival.show.prices(later)


PAGE = (Path(__file__).parents[3] / "docs" / "catalog-file.md").read_text("utf-8")


def test_the_example_of_the_documentation_is_a_good_file():
    example = PAGE.split("```yaml\n")[1].split("```")[0]
    assert [event.show.title for event in read_catalog_file(example).events] == ["Sample evening"]


def test_every_field_of_a_catalogue_file_has_a_line_in_the_documentation():
    schema = json.loads(catalog_json_schema())
    names = {name for each in (schema, *schema["$defs"].values()) for name in each["properties"]}
    assert {"partners", "hold_minutes", "from", "row", "count"} <= names
    assert [name for name in sorted(names) if f"{name}`" not in PAGE] == []
