"""The documented calls (carry_out.json), as examples of the OpenAPI document."""

import re
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec

SUMMARIES = {
    "one_ticket_at_random": "Create an order with one ticket, any of a set",
    "payment_system": "Choose the payment system: recorded, not engaged yet",
    "start_of_payment": "Start the payment",
}
"""What the documented calls are called here, in their order."""


class DocumentedCall(msgspec.Struct, frozen=True, kw_only=True):
    """A documented request with its answer, each as an example with a summary."""

    name: str
    method: str
    path: str
    request: dict[str, Any]
    answer: dict[str, Any]

    def is_of(self, method: str, template: str) -> bool:
        """Whether it is a call of this method to an address like `template`."""
        like = re.sub(r"{\w+}", "[^/]+", template)
        return method == self.method and re.fullmatch(like, self.path) is not None


@cache
def documented() -> tuple[DocumentedCall, ...]:
    """The documented calls, in their order."""
    calls = msgspec.json.decode((files(__package__) / "carry_out.json").read_bytes())
    return tuple(
        DocumentedCall(
            name=name,
            method=call["request"]["method"],
            path=call["request"]["path"],
            request={"summary": summary, "value": call["request"]["body"]},
            answer={"summary": summary, "value": call["response"]["body"]},
        )
        for (name, summary), call in zip(SUMMARIES.items(), calls, strict=True)
    )
