"""Two sizes of one test: small counts in every run, full ones in `./dev torture GROUP`.

`./dev torture GROUP` runs the test files that name GROUP in a call of `count` or `only`, and sets POMONA_TORTURE to it.
"""

import os

import pytest

GROUP = os.environ.get("POMONA_TORTURE")


def count(group, few, many):
    """Returns `many` under `./dev torture GROUP`, else `few`."""
    return many if group == GROUP else few


def only(group):
    """Decorates a test that runs under `./dev torture GROUP` alone: elsewhere it is deselected, which is no skip."""
    return pytest.mark.torture(group)
