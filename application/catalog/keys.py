"""Creates, lists, rotates and revokes keys of partners. A key is shown once, and never stored."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from application.catalog.cache import Key, catalog_of
from application.catalog.deeds import deed_of
from application.catalog.entries import UnknownPartner
from application.catalog.key_form import new_key
from application.catalog.key_secret import KeySecret, digest_of
from application.catalog.loading import new_key_id, sample_keys
from application.catalog.scopes import AUDIT, OF_A_SELLER
from application.ports.admin_trail import Action
from application.ports.catalog import CatalogChange
from application.ports.store import Store
from domain.errors import UserError

ENCODE = msgspec.json.Encoder().encode


class UnknownKey(UserError):
    """No key has this id."""


class KeyEnded(UserError):
    """The key was revoked or has expired."""


class NewKey(msgspec.Struct, frozen=True, kw_only=True):
    """A new key, with its text, which is not stored."""

    key: Key
    text: str


class Renewal(msgspec.Struct, frozen=True):
    """What storing the keys of an earlier version anew came to."""

    keys: int
    auditors: int


def create_key(
    store: Store,
    partner: str,
    at: datetime,
    scopes: Sequence[str] = (),
    *,
    secret: KeySecret | None = None,
    expires_at: datetime | None = None,
) -> NewKey:
    """A new key of a partner, with these scopes or those of a seller. Raises `UnknownPartner`."""
    with store.change_catalog() as change:
        if ("partner", partner) not in change.documents():
            raise UnknownPartner(partner)
        key = Key(
            id=new_key_id(change),
            partner=partner,
            created_at=at,
            scopes=tuple(scopes) or OF_A_SELLER,
            expires_at=expires_at,
        )
        return _added(change, key, secret or KeySecret())


def list_keys(store: Store) -> list[Key]:
    """All keys without their secrets, oldest first."""
    keys = catalog_of(0, store.catalog()).keys.values()
    return sorted(keys, key=lambda key: (key.created_at, key.id))


def revoke_key(store: Store, wanted: str, at: datetime) -> Key:
    """Revoke a key, which takes effect within a second everywhere. Raises `UnknownKey`."""
    with store.change_catalog() as change:
        name, key = _found(change, wanted)
        revoked = msgspec.structs.replace(key, revoked_at=key.revoked_at or at)
        change.put("api_key", name, ENCODE(revoked))
        if revoked != key:
            change.record(deed_of(at, Action.KEY_REVOKED, **_about(key)))
        return revoked


def rotate_key(
    store: Store, wanted: str, at: datetime, overlap: timedelta, *, secret: KeySecret | None = None
) -> tuple[NewKey, Key]:
    """A new key in place of one that ends after `overlap`; both. Raises `UnknownKey`, `KeyEnded`.

    The new one has the same scopes, and no end.
    """
    with store.change_catalog() as change:
        name, key = _found(change, wanted)
        if not key.works(at):
            raise KeyEnded(wanted)
        end = at + overlap
        ending = msgspec.structs.replace(key, expires_at=min(key.expires_at or end, end))
        change.put("api_key", name, ENCODE(ending))
        change.record(deed_of(at, Action.KEY_ENDS, **_about(ending)))
        fresh = Key(
            id=new_key_id(change),
            partner=key.partner,
            created_at=at,
            scopes=key.scopes,
            replaces=key.id,
        )
        return _added(change, fresh, secret or KeySecret()), ending


def reset_keys(store: Store, at: datetime, secret: KeySecret) -> int:
    """Revoke all keys, whose secret is lost, and begin anew with this one; return how many."""
    with store.change_catalog() as change:
        revoked = 0
        known = catalog_of(0, change.documents())
        for name, key in known.keys.items():
            if key.revoked_at is None:
                gone = msgspec.structs.replace(key, revoked_at=at)
                change.put("api_key", name, ENCODE(gone))
                revoked += 1
        secret.join(change, anew=True)
        change.record(deed_of(at, Action.KEYS_RESET, keys=revoked))
    return revoked


def renew_old_keys(store: Store, secret: KeySecret, at: datetime) -> Renewal:
    """Store the keys of an earlier version under the secret. They go on working.

    A key that had the scope `audit` reads, and no longer sells.
    """
    if not catalog_of(0, store.catalog()).old_keys:
        return Renewal(0, 0)
    with store.change_catalog() as change:
        renewed = dict(_renewed(change, secret))
        if renewed:
            change.record(
                deed_of(at, Action.KEYS_RENEWED, keys=[key.id for key in renewed.values()])
            )
    auditors = sum(AUDIT in key.scopes for key in renewed.values())
    return Renewal(len(renewed), auditors)


def _renewed(change: CatalogChange, secret: KeySecret) -> Iterator[tuple[str, Key]]:
    published = {digest_of(key) for key in sample_keys()}
    old_keys = catalog_of(0, change.documents()).old_keys
    if old_keys:
        secret.join(change)
    for digest, old in old_keys.items():
        name = secret.name_of_digest(digest)
        key = Key(
            id=old.id,
            partner=old.partner,
            created_at=old.created_at,
            scopes=old.scopes or OF_A_SELLER,
            revoked_at=old.revoked_at,
            sample=digest in published,
            of_earlier_version=True,
        )
        change.put("api_key", name, ENCODE(key))
        change.remove("key", digest)
        yield name, key


def _added(change: CatalogChange, key: Key, secret: KeySecret) -> NewKey:
    secret.join(change)
    text = new_key()
    change.put("api_key", secret.name_of(text), ENCODE(key))
    change.record(deed_of(key.created_at, Action.KEY_CREATED, **_about(key)))
    return NewKey(key=key, text=text)


def _about(key: Key) -> dict[str, Any]:
    about: dict[str, Any] = {"key": key.id, "partner": key.partner, "scopes": key.scopes}
    if key.expires_at is not None:
        about["expires_at"] = key.expires_at
    return about


def _found(change: CatalogChange, wanted: str) -> tuple[str, Key]:
    for name, key in catalog_of(0, change.documents()).keys.items():
        if key.id == wanted:
            return name, key
    raise UnknownKey(wanted)
