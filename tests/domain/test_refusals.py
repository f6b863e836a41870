"""Refusals: one class each, with a code that clients may rely on."""

import re
from collections import Counter
from string import Formatter

import pytest

from domain import refusals
from domain.refusals import Refusal

REFUSALS = [
    each
    for each in vars(refusals).values()
    if isinstance(each, type) and issubclass(each, Refusal) and hasattr(each, "code")
]


def test_no_two_reasons_share_a_code():
    codes = Counter(each.code for each in REFUSALS if "code" in vars(each))
    assert len(codes) > 20
    assert set(codes.values()) == {1}


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_refusal_says_what_it_is_about_in_a_sentence(refusal):
    names = {name for _, name, _, _ in Formatter().parse(refusal.says) if name}
    said = refusal(**{name: f"<{name}>" for name in names})
    assert re.fullmatch(r"[a-z_]+", refusal.code)
    assert all(f"<{name}>" in str(said) for name in names)
    assert said.about.keys() == names
