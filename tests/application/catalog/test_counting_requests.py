"""How often partners and addresses may ask, by a clock that the test moves."""

import msgspec
import pytest

from application.catalog import rates
from application.catalog.cache import Partner
from application.catalog.rates import GUESSES, KEYLESS, Rates, TooManyRequests, counted_address
from application.configuration import BadSetting, read_configuration


class Catalog:
    def __init__(self, **partners):
        self.partners = {
            name: Partner(id=name, name=name, language="en", rate_per_second=rate)
            for name, rate in partners.items()
        }

    def current(self):
        return self


class Seconds:
    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def seconds():
    return Seconds()


def granted(count, times, *names):
    """How many of so many requests are granted, and the refusal of the next."""
    for each in range(times):
        try:
            count(*names)
        except TooManyRequests as refused:
            return each, refused
    return times, None


def test_a_partner_asks_as_often_as_the_catalogue_says_and_no_other_is_kept_out(seconds):
    counted = Rates(Catalog(a=3, b=3, usual=None, free=0), seconds)
    number, refused = granted(counted.count_partner, 10, "a")
    assert (number, refused.quota, refused.window, refused.seconds) == (3, 3, 1, 1)
    assert granted(counted.count_partner, 3, "b") == (3, None)
    assert granted(counted.count_partner, 600, "usual")[0] == 500
    assert granted(counted.count_partner, 2000, "free") == (2000, None)
    seconds.now += 1
    assert granted(counted.count_partner, 10, "a")[0] == 3


def test_who_has_no_key_is_counted_by_address(seconds):
    counted = Rates(Catalog(), seconds)
    assert granted(counted.count_keyless, 1000, "192.0.2.1")[0] == KEYLESS.amount
    assert granted(counted.count_keyless, 1, "192.0.2.2") == (1, None)


def test_who_guesses_keys_pauses_for_longer_and_longer(seconds):
    counted = Rates(Catalog(), seconds)
    pauses = []
    for _ in range(60):
        _, refused = granted(counted.refuse_guess, 1000, "192.0.2.1")
        pauses.append(refused.seconds)
        seconds.now += refused.seconds
    assert any(600 < each <= 3600 for each in pauses)
    assert pauses[0] == 10
    assert any(20 < each <= 60 for each in pauses)
    assert any(60 < each <= 600 for each in pauses)
    spent = sum(pauses)
    assert GUESSES[-1].amount * (spent / 3600 + 1) >= 60 * 20


def test_what_is_counted_stays_small(seconds, monkeypatch):
    monkeypatch.setattr(rates, "MOST_COUNTED", 100)
    counted = Rates(Catalog(), seconds)
    for number in range(1000):
        counted.count_keyless(f"192.0.2.{number}")
    assert counted._limiter.storage.reset() <= 100


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("192.0.2.1", "", "192.0.2.1"),
        ("192.0.2.1", "203.0.113.9", "192.0.2.1"),
        ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "1.1.1.1, 203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "1.1.1.1, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "nonsense", "nonsense"),
        ("[2001:db8:1:2:3::4]", "", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "", "::ffff:c000:201"),
    ],
)
def test_only_our_own_proxies_are_believed(peer, forwarded, address):
    assert counted_address(peer, forwarded, ("10.0.0.0/8",)) == address


def test_proxies_are_a_setting(monkeypatch):
    monkeypatch.setenv("ORDERLOG_PROXIES", "10.0.0.1,2001:db8::/32")
    assert read_configuration().settings.proxies == ("10.0.0.1", "2001:db8::/32")
    monkeypatch.setenv("ORDERLOG_PROXIES", "10.0.0.1,nginx")
    with pytest.raises(BadSetting, match="nginx"):
        read_configuration()


def test_old_documents_have_the_usual_rate():
    partner = msgspec.json.decode(b'{"id":"a","name":"A","language":"en"}', type=Partner)
    assert partner.rate == 500
    assert msgspec.json.encode(partner) == b'{"id":"a","name":"A","language":"en"}'
