"""The field of an http or https address.

It takes what marshmallow's own takes, whose pattern ignores case over all of Unicode: to compile
that takes a sixth of a second, at the start of every service with the sample.
"""

import re
from typing import Any

from marshmallow import ValidationError, fields, validate

_NO_LETTERS = r"\x00-,./:-@\[-`{-\xa0"
"""What is neither a letter nor a digit nor a hyphen; a set of 65,000 letters compiles slowly."""
_LABEL = f"[^{_NO_LETTERS}-](?:[^{_NO_LETTERS}]{{0,61}}[^{_NO_LETTERS}-])?"
ADDRESS = re.compile(
    r"[Hh][Tt][Tt][Pp][Ss]?://"
    r"(?:(?:[A-Za-z0-9\-._~!$&'()*+,;=:]|%[0-9A-Fa-f]{2})*@)?"
    rf"(?P<host>(?:{_LABEL}\.)+(?:[^{_NO_LETTERS}0-9-]{{2,6}}|[^{_NO_LETTERS}]{{2,}})\.?"
    r"|\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}"
    r"|\[[A-Fa-f0-9]*:[A-Fa-f0-9:]+\]"
    rf"|{_LABEL}\.?)"
    r"(?::\d+)?"
    r"(?:/?|[/?#]\S+)\Z"
)
"""A user, a host with or without dots, a port, and a path with a query and a fragment."""
LAST = "\uffff"
"""Hosts have no characters beyond this one."""


class WebAddress(fields.Url):
    """An http or https address."""

    def __init__(self, **more: Any) -> None:
        super().__init__(schemes={"http", "https"}, require_tld=False, **more)
        others = [each for each in self.validators if not isinstance(each, validate.URL)]
        self.validators = [self._check, *others]

    def _check(self, value: str) -> None:
        found = ADDRESS.match(value)
        if found is None or max(found["host"]) > LAST:
            raise ValidationError(self.error_messages["invalid"])
