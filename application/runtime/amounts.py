"""How amounts of money are written in documents: `1200.00`, always with two decimals."""

from decimal import Decimal

_TWO_DECIMALS = slice(-3, -2)


def written_amount(amount: Decimal) -> str:
    """An amount with two decimals. Most have them already, which is quicker than a format."""
    text = str(amount)
    return text if text[_TWO_DECIMALS] == "." else f"{amount:.2f}"
