"""The catalogue: keys that end, secrets that are missing, and what is there only to try it."""

from collections.abc import Iterator
from datetime import timedelta

from application.catalog.cache import Key
from application.configuration import OF_SANDBOX
from application.operations.doctor.findings import (
    Finding,
    Installation,
    counted,
    good,
    lasting,
    problem,
    warning,
)
from application.payments.secrets import ENV, FILE, GatewaySecrets, unreadable_of
from domain.errors import UserError

SOON = timedelta(days=14)
LATELY = timedelta(days=7)


def examine_keys(it: Installation) -> Iterator[Finding]:
    """Keys that end soon, and partners whose last key has ended."""
    at = it.moment
    working = [each for each in it.catalog.keys.values() if each.works(at)]
    found = [
        *(_ends(each, working, it) for each in working if each.expires_at is not None),
        *(_ended(each, working, it) for each in it.catalog.keys.values()),
        _of_earlier_version(working),
    ]
    wrong = [each for each in found if each is not None]
    yield from wrong
    if it.catalog.shows and not working:
        do = "orderlog key create --partner ID makes one."
        yield warning("keys", "There are events to sell, and no key works.", do)
    elif not wrong:
        yield good("keys", f"{counted(len(working), 'key')} work; none ends within two weeks.")


def _ends(key: Key, working: list[Key], it: Installation) -> Finding | None:
    if key.expires_at is None or key.expires_at - it.moment > SOON:
        return None
    if any(each.replaces == key.id for each in working):
        return None
    left = lasting((key.expires_at - it.moment).total_seconds())
    said = f"The key {key.id} of partner {key.partner} ends in {left}, and none replaces it."
    return warning("keys", said, f"orderlog key rotate {key.id}, and hand the new one over.")


def _ended(key: Key, working: list[Key], it: Installation) -> Finding | None:
    if key.revoked_at is not None or key.expires_at is None:
        return None
    if not timedelta(0) <= it.moment - key.expires_at <= LATELY:
        return None
    if any(each.partner == key.partner for each in working):
        return None
    ago = lasting((it.moment - key.expires_at).total_seconds())
    said = f"The last key of partner {key.partner}, {key.id}, ended {ago} ago."
    return problem("keys", said, f"orderlog key create --partner {key.partner}")


def _of_earlier_version(working: list[Key]) -> Finding | None:
    old = sum(each.of_earlier_version for each in working)
    if not old:
        return None
    said = f"{counted(old, 'key')} of an earlier version: their strength is unknown."
    return warning("keys", said, "orderlog key rotate replaces one.")


def examine_sample(it: Installation) -> Iterator[Finding]:
    """What everybody knows, or what takes no real money."""
    check, keys = "sample data", [each for each in it.catalog.keys.values() if each.sample]
    working = [each for each in keys if each.works(it.moment)]
    if it.is_sandbox:
        do = "Sell from another database."
        yield warning(check, "This database is the sandbox's: its money is not real.", do)
    elif it.catalog.only_sample and it.catalog.of_sample:
        do = "Load your own catalogue into another database (docs/catalog-file.md)."
        yield warning(check, "Only the sample is for sale, with keys that everybody knows.", do)
    elif working:
        names = ", ".join(each.id for each in working)
        do = "orderlog key revoke NAME, for each."
        yield warning(check, f"Keys of the sample work beside real partners: {names}.", do)
    elif it.settings.sample:
        do = "Unset ORDERLOG_SAMPLE."
        yield warning(check, "ORDERLOG_SAMPLE loads the sample at each start.", do)
    else:
        yield good(check, "There is none.")


def examine_secrets(it: Installation) -> Iterator[Finding]:
    """The secret of keys, and those that notices of gateways are signed with."""
    wrong = list(_unreadable(it))
    yield from wrong
    if not wrong:
        yield good("secrets", "All that the catalogue names are readable.")


def _unreadable(it: Installation) -> Iterator[Finding]:
    try:
        if it.catalog.keys:
            it.key_secret.check(it.catalog.key_secret)
    except UserError as error:
        yield problem("secrets", str(error), "Put the file back: until then no key works.")
    own = {f"{ENV}{OF_SANDBOX}"} if it.is_sandbox else set()
    for gateway in it.catalog.gateways.values():
        named = [each for each in gateway.secrets if each not in own]
        for unreadable in unreadable_of(GatewaySecrets(), named):
            said = f"{unreadable} Notices of the payment system {gateway.id} may be refused."
            if unreadable.name.startswith(FILE):
                yield problem("secrets", said, "Put the file where the service can read it.")
            else:
                do = "Run orderlog doctor with the service's own environment to be sure."
                yield warning("secrets", said, do)
