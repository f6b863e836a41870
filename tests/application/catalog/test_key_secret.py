"""Keys are stored under a secret that is in a file, and not in the database."""

import hashlib
import stat

import msgspec
import pytest
from mixed_orders import CLUB, NOON, THEATRE, load_shows
from seller import on_one_store

from application.bootstrap import build
from application.catalog.cache import OldKey, catalog_of
from application.catalog.key_secret import BadSecret, KeySecret, SecretMissing
from application.catalog.keys import create_key, list_keys, renew_old_keys, reset_keys
from application.catalog.loading import sample_keys
from application.catalog.scopes import AUDIT, OF_A_SELLER
from application.settings import Settings

OLD = "an-old-key-of-16"
AUDITORS = "the-auditors-key"


@pytest.fixture
def secret(tmp_path):
    return KeySecret(str(tmp_path / "secrets" / "keys"))


@pytest.fixture
def services(address, tmp_path, secret):
    services = build(Settings(database=address, key_secret=str(secret.path)), lambda: NOON)
    yield services
    services.close()


@pytest.fixture
def old(services):
    """A database as an earlier version left it."""
    load = {"partner": THEATRE, "created_at": NOON}
    published = next(iter(sample_keys()))
    with services.store.change_catalog() as change:
        change.put("partner", THEATRE, b'{"id":"%s","name":"T","language":"ru"}' % THEATRE.encode())
        for text, more in {
            OLD: {},
            AUDITORS: {"scopes": [AUDIT]},
            "a-revoked-key-16": {"revoked_at": NOON},
            published: {},
        }.items():
            digest = hashlib.sha256(text.encode()).hexdigest()
            document = {"id": digest[:8], **load, **more}
            msgspec.convert(msgspec.to_builtins(document), OldKey)
            change.put("key", digest, msgspec.json.encode(document))
    return services


def looked_up(services, key, **how):
    services.catalog._look_again = 0.0
    return services.access.caller(key, **how)


def test_keys_of_an_earlier_version_go_on_working(old, secret):
    assert looked_up(old, OLD) is None
    renewed = renew_old_keys(old.store, secret, NOON)
    assert (renewed.keys, renewed.auditors) == (4, 1)
    caller = looked_up(old, OLD)
    assert (caller.partner, caller.scopes) == (THEATRE, OF_A_SELLER)
    assert caller.key == hashlib.sha256(OLD.encode()).hexdigest()[:8]
    assert looked_up(old, AUDITORS).scopes == (AUDIT,)
    assert looked_up(old, "a-revoked-key-16") is None
    assert looked_up(old, next(iter(sample_keys())), local=True) is None
    assert renew_old_keys(old.store, secret, NOON).keys == 0
    assert not catalog_of(0, old.store.catalog()).old_keys
    assert all(key.of_earlier_version for key in list_keys(old.store))


def test_the_database_alone_cannot_tell_whether_a_guess_is_right(services, secret):
    load_shows(services.store, 2)
    create_key(services.store, CLUB, NOON, secret=KeySecret())
    names = {name for kind, name in services.store.catalog() if kind == "api_key"}
    guess = "7ea7e4e0" * 4
    assert hashlib.sha256(guess.encode()).hexdigest() not in names
    assert not any(key.id in name for key in list_keys(services.store) for name in names)


@on_one_store
def test_the_secret_is_for_its_owner_alone(services, secret):
    with services.store.change_catalog() as change:
        secret.join(change)
    assert stat.S_IMODE(secret.path.stat().st_mode) == 0o600
    assert len(bytes.fromhex(secret.path.read_text())) == 32


def test_without_the_secret_no_key_is_made_and_none_is_overwritten(services, secret, tmp_path):
    with services.store.change_catalog() as change:
        change.put("partner", CLUB, b'{"id":"%s","name":"C","language":"ru"}' % CLUB.encode())
    made = create_key(services.store, CLUB, NOON, secret=secret).text
    lost = KeySecret(str(tmp_path / "another"))
    with pytest.raises(SecretMissing, match="ORDERLOG_KEY_SECRET"):
        create_key(services.store, CLUB, NOON, secret=lost)
    assert not lost.path.exists()
    assert looked_up(services, made).partner == CLUB
    assert reset_keys(services.store, NOON, lost) == 1
    assert looked_up(services, made) is None
    create_key(services.store, CLUB, NOON, secret=lost)


@pytest.mark.parametrize("content", ["", "zz", "00" * 31])
def test_a_file_that_is_no_secret_is_refused(secret, content):
    secret.path.parent.mkdir()
    secret.path.write_text(content)
    with pytest.raises(BadSecret):
        secret.name_of("key")
