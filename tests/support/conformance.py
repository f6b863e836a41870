"""What the played OpenAPI document means by a fault."""

import json
from datetime import datetime

import schemathesis
from as_described import close_answers
from hypothesis import strategies as st

from interface.http.feed_schemas import MOST_WAIT

MOMENTS = st.just("") | st.datetimes(timezones=st.timezones()).map(datetime.isoformat)
schemathesis.openapi.format("moment-range", st.tuples(MOMENTS, MOMENTS).map(",".join))

NOT_THE_DATA = {
    "bad_cursor",
    "bad_fields_schema",
    "bad_if_match",
    "bad_if_none_match",
    "bad_position",
}
"""Data that a schema cannot tell from good data."""

UNKNOWN_HEADER = "in header - object with unexpected properties"
"""What HTTP wants ignored."""

RULES_BETWEEN_VALUES = {
    "Either version or at, not both.",
    "Has to be the older version.",
    "Names a ticket twice.",
    "Names a field twice.",
    "At most 1000 tickets in one order.",
    "With at, sort by created_at or number.",
}
"""Details of what a schema cannot say."""


@schemathesis.hook
def before_load_schema(context, raw_schema):
    """Allow no field in an answer that is not described."""
    close_answers(raw_schema)


@schemathesis.hook
def before_call(context, case, kwargs):
    """Wait for no news: there is none, and nobody has the time."""
    seconds = str((case.query or {}).get("wait", ""))
    if seconds.isdecimal() and int(seconds) <= MOST_WAIT:
        case.query["wait"] = "0"


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Let pass what is as it should be: see each case."""
    code = code_of(response)
    if type(failure).__name__ == "RejectedPositiveData":
        return is_bad_data(code) and not breaks_a_rule_between_values(response)
    if type(failure).__name__ == "AcceptedNegativeData":
        return UNKNOWN_HEADER not in failure.message
    if type(failure).__name__ == "ServerError":
        return code != "read_model_behind"
    return True


def is_bad_data(code):
    """Good data may be refused by the rules of the service, never as bad data."""
    return code is None or (code.startswith("bad_") and code not in NOT_THE_DATA)


def breaks_a_rule_between_values(response):
    faults = json.loads(response.content).get("errors", [])
    return bool(faults) and {each["detail"] for each in faults} <= RULES_BETWEEN_VALUES


def code_of(response):
    if "problem+json" not in response.headers.get("content-type", [""])[0]:
        return None
    return json.loads(response.content)["code"]
