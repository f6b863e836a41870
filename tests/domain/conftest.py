"""Failed comparisons in the Given/When/Then are shown as differences."""

import pytest

pytest.register_assert_rewrite("order_case")
