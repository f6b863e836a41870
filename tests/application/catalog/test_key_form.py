"""Keys of the service's own form, and what a catalogue file may bring."""

import string

import pytest

from application.catalog.key_form import DIGITS, PREFIX, is_strong, is_whole, new_key


def test_a_key_has_a_prefix_160_random_bits_and_a_checksum():
    made = {new_key() for _ in range(200)}
    assert len(made) == 200
    assert {each[: len(PREFIX)] for each in made} == {"olk_"}
    assert all(is_whole(each) and is_strong(each) for each in made)
    assert len(DIGITS) ** 27 >= 2**160
    assert {digit for each in made for digit in each[5:31]} == set(DIGITS)


def test_every_mistyped_letter_is_noticed():
    key = new_key()
    for place in range(len(PREFIX), len(key)):
        other = "a" if key[place] != "a" else "b"
        assert not is_whole(key[:place] + other + key[place + 1 :])
    assert not is_whole(key + "a")
    assert not is_whole(key[:-1])
    assert not is_whole(key + "\n")


@pytest.mark.parametrize("key", ["047bdb8bcee44d3693371920aaf9135c", "A" * 32, "0f" * 64])
def test_a_file_may_bring_long_hex_digits(key):
    assert is_strong(key)


@pytest.mark.parametrize(
    "key",
    ["", "a" * 31, "0f" * 65, "g" * 32, string.ascii_letters, PREFIX + "0" * 33, "f" * 32 + "\n"],
)
def test_a_file_may_bring_nothing_weaker(key):
    assert not is_strong(key)
