"""A store that ends its user at a chosen moment, as a kill does; what was committed stays."""

import threading
from contextlib import AbstractContextManager

OF_PARTS = ("read_models",)
"""Calls that only hand out a part of the store, with no work done."""


class Killed(BaseException):
    """Nobody catches it, like a kill."""


class Fuse:
    """Burns down with each call; at its end it kills, right after the call has done its work.

    Only calls of its own thread count: what others call beside it comes at any time.
    """

    def __init__(self, calls):
        self.left = calls
        self._thread = threading.get_ident()

    def burn(self):
        if threading.get_ident() != self._thread:
            return False
        self.left -= 1
        return self.left == 0


class Mortal:
    """Hands every call on to the real store, until the fuse has burnt."""

    def __init__(self, real, fuse):
        self._real = real
        self._fuse = fuse

    def __getattr__(self, name):
        found = getattr(self._real, name)
        if not callable(found):
            return found
        if name in OF_PARTS:
            return lambda: Mortal(found(), self._fuse)

        def call(*values, **more):
            result = found(*values, **more)
            if not self._fuse.burn():
                return result
            if isinstance(result, AbstractContextManager):
                with result:
                    raise Killed(name)
            raise Killed(name)

        return call
