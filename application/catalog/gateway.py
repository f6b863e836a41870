"""What the catalogue knows of a payment system's gateway: a document of its own, by its id.

The payment system itself is in events of orders, and none of this is.
"""

import msgspec

from domain.gateway import Late


class PaymentGateway(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """How a gateway's notices are known to be its own, and what becomes of late money.

    `scheme` is empty for a system that sends no notices. A secret is only named: `env:NAME` or
    `file:/path`.
    """

    id: str
    late: Late = Late.EQUAL_TICKETS
    scheme: str = ""
    secrets: tuple[str, ...] = ()
