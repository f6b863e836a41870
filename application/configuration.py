"""Reads the settings: by flag, else from the environment, else from a file, else their default.

Texts are taken as they are; marshmallow, which checks the rest, is imported for it alone, since a
command need not wait for that.
"""

import os
import re
import stat
import tomllib
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import msgspec

from application.settings import PREFIX, TABLE, Setting, Settings
from domain.errors import UserError

CONFIG = "ORDERLOG_CONFIG"
"""The variable that names a file of settings."""
PLACES = ("orderlog.toml", "/etc/orderlog/orderlog.toml")
"""Where a file of settings is looked for if none is named; the first that there is, is read."""
FOR_TESTS = ("ORDERLOG_TEST_", "ORDERLOG_FAILPOINTS")
OF_SANDBOX = "ORDERLOG_SANDBOX_SECRET"
"""What a sandbox signs its notices with. It makes it by itself, and keeps it in memory alone."""
ELSEWHERE = frozenset({CONFIG, OF_SANDBOX, "ORDERLOG_DRILL_SECRET"})
"""Variables that are read, and are no settings."""
DEFAULT = "default"
FLAG = "flag "


class BadSetting(UserError):
    """A setting has a value that it cannot have, or there is no such setting."""


class BadFlag(BadSetting):
    """A setting has such a value on the command line."""


class Configuration(msgspec.Struct, frozen=True):
    """The settings, where each comes from, and the file that was read, if any."""

    settings: Settings
    origins: Mapping[str, str]
    file: str | None


class Given(msgspec.Struct, frozen=True):
    """A value as it was given, where, and what that is called in an error."""

    value: Any
    origin: str
    called: str


def read_configuration(
    flags: Mapping[str, Any] | None = None, file: str | None = None
) -> Configuration:
    """The settings; `flags` win over all else. Raises `BadSetting`, naming the bad one."""
    path = file or os.environ.get(CONFIG) or _found()
    given = dict(_of_file(path)) if path else {}
    given |= {
        name: Given(os.environ[one.variable], f"environment {one.variable}", one.variable)
        for name, one in TABLE.items()
        if one.variable in os.environ
    }
    for name, value in (flags or {}).items():
        flag = TABLE[name].flag or f"--{name}"
        given[name] = Given(value, FLAG + flag, flag)
    values = {name: _value(TABLE[name], each) for name, each in given.items()}
    origins = {name: given[name].origin if name in given else DEFAULT for name in TABLE}
    return Configuration(Settings(**values), origins, path)


def unknown_settings() -> list[str]:
    """A sentence for each variable of the environment that looks like a setting and is none."""
    found = []
    for name in sorted(os.environ):
        own = name.removeprefix(PREFIX)
        known = own.lower() in TABLE and own.isupper()
        if own == name or known or name in ELSEWHERE or name.startswith(FOR_TESTS):
            continue
        near = get_close_matches(own.lower(), TABLE, n=1)
        meant = (
            f"; did you mean {TABLE[near[0]].variable}?"
            if near
            else "; docs/settings.md lists them."
        )
        found.append(f"{name} is not a setting of orderlog, and is ignored{meant}")
    return found


def _found() -> str | None:
    """The file of settings in one of the usual places, if it is ours or the system's."""
    for place in PLACES:
        path = Path(place)
        if not path.is_file():
            continue
        owned = path.stat()
        if owned.st_uid not in {0, os.geteuid()} or owned.st_mode & stat.S_IWOTH:
            raise BadSetting(
                f"{path.absolute()} was made by another user, or everybody can write it: it is not"
                f" read. Remove it, or name it by {CONFIG}."
            )
        return place
    return None


def _of_file(path: str) -> Iterator[tuple[str, Given]]:
    """What a file sets. Raises `BadSetting`."""
    try:
        text = Path(path).read_text(encoding="utf-8")
        document = tomllib.loads(text)
    except OSError as error:
        raise BadSetting(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise BadSetting(f"{path} is not a TOML file: {error}.") from error
    for name, value in document.items():
        where = f"{path}:{_line_of(name, text)}"
        if name not in TABLE:
            near = get_close_matches(name.lower(), TABLE, n=1)
            meant = f"did you mean {near[0]}?" if near else "docs/settings.md lists them."
            raise BadSetting(f"{name} in {where} is not a setting of orderlog; {meant}")
        yield name, Given(value, where, f"{name} in {where}")


def _line_of(name: str, text: str) -> int:
    """The line of a file that sets `name`."""
    sets = re.compile(rf"\s*\[*\s*[\"']?{re.escape(name)}[\"']?\s*[=.\]]")
    return next((at for at, line in enumerate(text.splitlines(), 1) if sets.match(line)), 1)


def _value(setting: Setting, given: Given) -> Any:
    """A value as the setting has it. Raises `BadSetting`."""
    about, value = setting.about, given.value
    if setting.kind is str and isinstance(value, str) and not setting.choices:
        return value
    from marshmallow import ValidationError  # noqa: PLC0415 - see above

    try:
        if setting.kind is tuple:
            found = tuple(_listed(value))
            if about.check is not None:
                about.check(list(found))
            return found
        return _single(setting, value)
    except ValidationError as error:
        what = " ".join(str(each) for each in error.messages)
        bad = BadFlag if given.origin.startswith(FLAG) else BadSetting
        raise bad(f"{given.called} has a value that it cannot have. {what}") from error


def _single(setting: Setting, value: Any) -> Any:
    """A value that is no list. Raises `ValidationError`."""
    from marshmallow import ValidationError, fields, validate  # noqa: PLC0415 - see above

    kinds: dict[type, type[fields.Field[Any]]] = {
        str: fields.String,
        int: fields.Integer,
        float: fields.Float,
        bool: fields.Boolean,
    }
    if isinstance(value, bool) and setting.kind is not bool:
        raise ValidationError("It is true or false in TOML, and has to be something else.")
    checks: list[validate.Validator] = []
    if setting.about.low is not None:
        checks.append(validate.Range(setting.about.low, setting.about.high))
    if setting.choices:
        checks.append(validate.OneOf(setting.choices))
    return kinds[setting.kind](validate=checks).deserialize(value)


def _listed(value: Any) -> Iterator[str]:
    """The parts of a list: with commas between them, or as a list of a file."""
    from marshmallow import ValidationError  # noqa: PLC0415 - see above

    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list) or not all(isinstance(each, str) for each in parts):
        raise ValidationError("It is a list of texts.")
    yield from (each.strip() for each in parts if each.strip())
