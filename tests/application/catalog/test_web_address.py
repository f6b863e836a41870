"""The field of an address takes what marshmallow's own takes, and refuses what that refuses."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError, fields

from application.catalog.web_address import WebAddress

OURS, THEIRS = WebAddress(), fields.Url(schemes={"http", "https"}, require_tld=False)
GOOD = [
    "http://a",
    "https://pay.example.com",
    "HTTPS://Pay.Example.COM:8443/a?b=c#d",
    "http://localhost:8080/pay",
    "http://127.0.0.1",
    "http://[::1]:80/",
    "http://user:pa%2Fss@example.com/",
    "https://театр.рф/оплата?x=1",
    "http://example.com.",
    "http://a-b.example/ü",
    "http://ü.example/\U0001f3ad",
    "http://\xa1.example",
    "http://\uffff.example",
    "http://K\u212a.example",
]
BAD = [
    "",
    "a",
    "example.com",
    "ftp://example.com",
    "javascript://example.com",
    "http://",
    "http://-a.example",
    "http://a b.example",
    "http://example.com/a b",
    "http://example.com:port",
    "http://exam_ple.com",
    "http://[::1",
    "http://.com",
    "http://a@b@c",
    "http://example.com\n",
    "//example.com",
    "http://\U0001f3ad.example",
    "http://a\xa0b.example",
    "http://a\x80.example",
]


def taken_by(field, address):
    try:
        return field.deserialize(address)
    except ValidationError as error:
        return error.messages


@pytest.mark.parametrize("address", GOOD)
def test_an_address_is_taken(address):
    assert taken_by(OURS, address) == taken_by(THEIRS, address) == address


@pytest.mark.parametrize("address", BAD)
def test_another_text_is_refused_in_the_same_words(address):
    assert taken_by(OURS, address) == taken_by(THEIRS, address) == ["Not a valid URL."]


HOST = re.compile(r"[a-zA-Z0-9.:@\[\]\-_%/?#é\u0131\u017f\x9f-\xa2\ufffe-\U00010001]{0,12}")
HOSTS = st.from_regex(HOST, fullmatch=True)


@given(st.sampled_from(["http", "https", "HTTP", "ftp", ""]), HOSTS)
def test_it_decides_as_the_other_does(scheme, rest):
    address = f"{scheme}://{rest}"
    if "@" not in rest:  # users of letters beyond ASCII that look like s and k in capitals
        assert taken_by(OURS, address) == taken_by(THEIRS, address)
