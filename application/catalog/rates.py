"""How often somebody may ask: partners by their rate, others by their address.

Each server process counts for itself. Counting is left to the library `limits`.
"""

import ipaddress
import math
import threading
import time
from collections.abc import Callable, Sequence
from functools import cache, lru_cache

import msgspec
from limits import RateLimitItem, RateLimitItemPerSecond
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter

from application.catalog.cache import CatalogCache
from domain.errors import UserError

MOST_COUNTED = 10_000
"""How many counts are kept; beyond that the oldest are dropped."""
KEYLESS = RateLimitItemPerSecond(100)
"""Requests without a key from one address: most are for pages of the console and their parts."""
NOTICES = RateLimitItemPerSecond(1000)
"""Notices of gateways from one address: a gateway that was away for an hour sends many at once."""
GUESSES: tuple[RateLimitItem, ...] = (
    RateLimitItemPerSecond(20, 10),
    RateLimitItemPerSecond(60, 60),
    RateLimitItemPerSecond(200, 600),
    RateLimitItemPerSecond(600, 3600),
)
"""Bad keys from one address: who goes on guessing pauses for ever longer."""
SITE = 64
"""The bits of an IPv6 address that name a site, which can use all the addresses that begin so."""
LONGEST_ADDRESS = 64
"""So much is looked at of a text that a proxy sends as an address."""
KNOWN_SITES = 1024


class TooManyRequests(UserError):
    """A rate is used up. `seconds` is when to ask again."""

    def __init__(self, policy: str, item: RateLimitItem, seconds: float) -> None:
        self.policy = policy
        self.quota = item.amount
        self.window = item.get_expiry()
        self.seconds = max(1, math.ceil(seconds))
        super().__init__(
            f"At most {self.quota} {policy} in {self.window} s: ask again in {self.seconds} s."
        )


class _Count(msgspec.Struct):
    count: int
    till: float


class Counts(Storage):
    """Counts in memory, bounded, by a clock that never goes back and without a thread."""

    STORAGE_SCHEME = None

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__()
        self._clock = clock
        self._counts: dict[str, _Count] = {}
        self._mutex = threading.Lock()

    @property
    def base_exceptions(self) -> type[Exception]:
        """None that the library would have to know."""
        return ValueError

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Count up; a count whose time is over begins anew."""
        now = self._clock()
        with self._mutex:
            known = self._counts.get(key)
            if known is None or known.till <= now:
                self._counts.pop(key, None)
                if len(self._counts) >= MOST_COUNTED:
                    self._make_room(now)
                known = self._counts[key] = _Count(0, now + expiry)
            known.count += amount
            return known.count

    def _make_room(self, now: float) -> None:
        """Drop the counts whose time is over, and the older half of what is left if all lasts."""
        lasting = [(key, each) for key, each in self._counts.items() if each.till > now]
        self._counts = dict(lasting[-MOST_COUNTED // 2 :])

    def get(self, key: str) -> int:
        """The count now."""
        known = self._counts.get(key)
        return 0 if known is None or known.till <= self._clock() else known.count

    def get_expiry(self, key: str) -> float:
        """When a count begins anew."""
        known = self._counts.get(key)
        return self._clock() if known is None else known.till

    def check(self) -> bool:
        """Whether it can be counted."""
        return True

    def reset(self) -> int:
        """Forget all counts."""
        forgotten = len(self._counts)
        self._counts = {}
        return forgotten

    def clear(self, key: str) -> None:
        """Forget a count."""
        self._counts.pop(key, None)


class Rates:
    """Counts requests, and refuses those that are too many."""

    def __init__(
        self, catalog_cache: CatalogCache, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._catalog_cache = catalog_cache
        self._clock = clock
        self._limiter = FixedWindowRateLimiter(Counts(clock))

    def count_partner(self, partner: str) -> None:
        """Count a request of a partner. Raises `TooManyRequests`."""
        known = self._catalog_cache.current().partners.get(partner)
        if known is None or not known.rate:
            return
        item = _a_second(known.rate)
        if not self._limiter.hit(item, partner):
            raise self._refusal("requests", item, partner)

    def count_keyless(self, address: str) -> None:
        """Count a request without a key. Raises `TooManyRequests`."""
        if not self._limiter.hit(KEYLESS, "keyless", address):
            raise self._refusal("requests without a key", KEYLESS, "keyless", address)

    def count_notice(self, address: str) -> None:
        """Count a notice of a gateway. Raises `TooManyRequests`."""
        if not self._limiter.hit(NOTICES, "notice", address):
            raise self._refusal("notices", NOTICES, "notice", address)

    def refuse_guess(self, address: str) -> None:
        """Refuse a bad key from an address that has guessed too often; count it otherwise."""
        used_up = [each for each in GUESSES if not self._limiter.test(each, "guess", address)]
        if used_up:
            raise self._refusal("bad keys", used_up[-1], "guess", address)
        for each in GUESSES:
            self._limiter.hit(each, "guess", address)

    def _refusal(self, policy: str, item: RateLimitItem, *names: str) -> TooManyRequests:
        reset_time = self._limiter.get_window_stats(item, *names).reset_time
        return TooManyRequests(policy, item, reset_time - self._clock())


@cache
def _a_second(rate: int) -> RateLimitItem:
    return RateLimitItemPerSecond(rate)


def counted_address(peer: str, forwarded: str, proxies: Sequence[str]) -> str:
    """The address to count by: of a client, where `peer` is one of our own proxies."""
    return _site(client_address(peer, forwarded, proxies)[:LONGEST_ADDRESS])


def client_address(peer: str, forwarded: str, proxies: Sequence[str]) -> str:
    """The address of a client, where `peer` is one of our own proxies.

    `forwarded` is X-Forwarded-For: its last address that is no proxy of ours is the client's, since
    all before it may be invented.
    """
    address = peer.strip("[]")
    hops = [each.strip().strip("[]") for each in forwarded.split(",") if each.strip()]
    while hops and within(address, proxies):
        address = hops.pop()
    return address


def within(address: str, networks: Sequence[str]) -> bool:
    """Whether an address is in one of the networks; a text that is no address is in none."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return False
    known = getattr(known, "ipv4_mapped", None) or known
    return any(known in ipaddress.ip_network(each, strict=False) for each in networks)


@lru_cache(KNOWN_SITES)
def _site(address: str) -> str:
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(known, ipaddress.IPv6Address) and known.ipv4_mapped is None:
        return str(ipaddress.ip_network((known, SITE), strict=False))
    return str(known)
