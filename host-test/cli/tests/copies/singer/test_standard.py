"""The standard tests that Meltano's SDK has for taps."""

from penstock_tap import PenstockTap
from singer_sdk.testing import get_tap_test_class

TestPenstock = get_tap_test_class(PenstockTap, config={})
