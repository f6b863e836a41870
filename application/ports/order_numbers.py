"""Order numbers: short, increasing, and easy to read out over the telephone."""

FIRST_NUMBER = 497_291_903
"""The number of a new database's first order: nine digits long from the start, and the one that
the documented example has."""
