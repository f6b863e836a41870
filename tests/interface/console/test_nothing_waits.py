"""The page of money where no money waits for a person: it says so, and offers nothing to press."""

import pytest


@pytest.mark.parametrize(
    ("language", "says"), [("en", "Nothing waits for anybody"), ("ru", "Ничто не ждёт решения")]
)
def test_nothing_waits(plain, language, says):
    plain.sign_in()
    page = plain.get("/console/money", headers={"Accept-Language": language}).text
    waits, _, listed = page.partition('aria-labelledby="all"')
    assert says in waits
    assert "/console/money/orders/" not in page
    assert "<article" not in waits
    assert "/console/orders/" in listed


def test_what_was_decided_elsewhere_is_not_shown_as_decided(plain):
    plain.sign_in()
    for query in ("decided=" + "0" * 24, "decided=zz", "notice=" + "0" * 64, "failed=zz"):
        answer = plain.get(f"/console/money?{query}")
        assert answer.status_code == 200
        assert 'role="status"' not in answer.text
