"""The secret from which the ids of buyers are made. It is in the database, and goes where it goes.

An id has to stay the same in a copy and after a restore, where the file with the secret of keys may
be another one. Who has the database has the buyers' addresses anyway; who only has ids can neither
turn them back into addresses nor compare those of two vendors.
"""

import secrets

import msgspec

from application.ports.catalog import CatalogChange

DOCUMENT = ("key_secret", "buyers")
"""A document of a kind that earlier versions know, so that they can still read the catalogue."""
SECRET_BYTES = 32


def ensure_buyer_secret(change: CatalogChange) -> str:
    """The secret of a database, which is made if there is none."""
    known = change.documents().get(DOCUMENT)
    if known is not None:
        return msgspec.json.decode(known, type=str)
    made = secrets.token_hex(SECRET_BYTES)
    change.put(*DOCUMENT, msgspec.json.encode(made))
    return made
