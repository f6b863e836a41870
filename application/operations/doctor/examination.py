"""The whole examination. It changes nothing, and a check that fails does not end the others."""

import platform
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial

from application.operations.doctor.background import (
    examine_checkpoints,
    examine_read_models,
    examine_verification,
    serving,
)
from application.operations.doctor.catalog import examine_keys, examine_sample, examine_secrets
from application.operations.doctor.deliveries import examine_webhooks
from application.operations.doctor.files import (
    examine_certificate,
    examine_database_files,
    examine_secret_files,
)
from application.operations.doctor.findings import (
    Check,
    Finding,
    Installation,
    good,
    problem,
    warning,
)
from application.operations.doctor.server import examine_server
from application.operations.doctor.store import (
    examine_clock,
    examine_durability,
    examine_log,
    examine_writing,
)
from application.payments.secrets import FILE
from application.ports.store import Layouts
from application.runtime.installation import version_text

CHECKS: dict[str, Check] = {
    "durability": examine_durability,
    "writing": examine_writing,
    "clock": examine_clock,
    "log": examine_log,
    "read models": examine_read_models,
    "checkpoints": examine_checkpoints,
    "verification": examine_verification,
    "webhooks": examine_webhooks,
    "keys": examine_keys,
    "sample data": examine_sample,
    "secrets": examine_secrets,
}
"""What is asked of the store, in the order in which it is shown."""


def examine(
    layouts: Callable[[], Layouts],
    open_installation: Callable[[], Installation],
    file: str | None,
    url: str | None,
) -> Iterator[Finding]:
    """All findings about the database that is opened, its `file` if it is one, and its server."""
    if file is not None:
        yield from _guarded("files", lambda: examine_database_files(file))
    it = None
    try:
        found = layouts()
        yield _version(found)
        if found.found == found.newest:
            it = open_installation()
    except Exception as error:  # noqa: BLE001 - whatever opening raises is what is wrong
        yield problem("store", str(error) or type(error).__name__, "Nothing else can be checked.")
    if it is not None:
        yield from _of_store(it)
    yield from _server(it, url)


def _of_store(it: Installation) -> Iterator[Finding]:
    paths = _secret_files(it)
    yield from _guarded("secret files", lambda: examine_secret_files(paths))
    yield from _guarded("certificate", lambda: examine_certificate(it.settings, it.moment))
    for name, check in CHECKS.items():
        yield from _guarded(name, partial(check, it))


def _server(it: Installation | None, url: str | None) -> Iterator[Finding]:
    is_served = None
    if it is not None:
        with suppress(Exception):  # the read models' own check has said so
            is_served = serving(it)
    yield from _guarded("server", lambda: examine_server(url, is_served=is_served))


def _version(layouts: Layouts) -> Finding:
    own = f"orderlog {version_text()}, Python {platform.python_version()}"
    if layouts.found < layouts.newest:
        do = "Back it up; then start orderlog serve. Until then nothing else is examined."
        said = (
            f"The database has layout {layouts.found}; {own} would change it to {layouts.newest}."
        )
        return warning("version", said, do)
    if layouts.found > layouts.newest:
        do = "Use the version that made it. Nothing else can be checked."
        said = f"The database has layout {layouts.found}; {own} knows up to {layouts.newest}."
        return problem("version", said, do)
    return good("version", f"{own}, layout {layouts.found}.")


def _secret_files(it: Installation) -> list[str]:
    named = [
        name.removeprefix(FILE)
        for gateway in it.catalog.gateways.values()
        for name in gateway.secrets
        if name.startswith(FILE)
    ]
    own = [str(it.key_secret.path), it.settings.tls_key]
    if it.key_place is not None:
        own.append(it.key_place.path)
    return [each for each in [*own, *named] if each]


def _guarded(name: str, check: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """The findings of a check; that it failed is one, too."""
    try:
        yield from check()
    except Exception as error:  # noqa: BLE001 - whatever it is, the other checks go on
        said = f"This could not be checked: {str(error) or type(error).__name__}"
        yield problem(name, said, "See whether the store answers.")
