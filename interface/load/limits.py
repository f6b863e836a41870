"""How large a drill can be. The command line reads it, so nothing is imported here."""

MOST_ORDERS, MOST_EVENTS = 10_000_000, 1000
MOST_TICKETS_OF_EVENT = 1_000_000
"""The most that a catalogue takes."""

MOST_TICKETS_OF_ORDER = 4
"""The most that a buyer wants."""

MOST_TICKETS = MOST_TICKETS_OF_ORDER * MOST_ORDERS
