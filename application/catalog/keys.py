"""Creates, lists and revokes keys of partners. A key is shown once and stored only as a hash."""

import secrets
from collections.abc import Sequence
from datetime import datetime

import msgspec

from application.catalog.access import hash_of, key_id
from application.catalog.cache import Key, catalog_of
from application.ports.store import Store
from domain.errors import UserError


class UnknownPartner(UserError):
    """No partner has this id."""


class UnknownKey(UserError):
    """No key has this id."""


def create_key(store: Store, partner: str, at: datetime, scopes: Sequence[str] = ()) -> str:
    """A new key of a partner: 32 hex digits. `scopes` are of `SCOPES`. Raises `UnknownPartner`."""
    secret = secrets.token_hex(16)
    key_hash = hash_of(secret)
    with store.change_catalog() as change:
        if ("partner", partner) not in change.documents():
            raise UnknownPartner(partner)
        key = Key(key_id(key_hash), partner, at, scopes=tuple(scopes))
        change.put("key", key_hash, msgspec.json.encode(key))
    return secret


def list_keys(store: Store) -> list[Key]:
    """All keys without their secrets, oldest first."""
    keys = catalog_of(0, store.catalog()).keys.values()
    return sorted(keys, key=lambda key: (key.created_at, key.id))


def revoke_key(store: Store, wanted: str, at: datetime) -> Key:
    """Revoke a key, which takes effect within a second everywhere. Raises `UnknownKey`."""
    with store.change_catalog() as change:
        for key_hash, key in catalog_of(0, change.documents()).keys.items():
            if key.id == wanted:
                revoked = msgspec.structs.replace(key, revoked_at=key.revoked_at or at)
                change.put("key", key_hash, msgspec.json.encode(revoked))
                return revoked
    raise UnknownKey(wanted)
