"""The table of attacked defences: shares of all images, means over the audits."""

from __future__ import annotations

from tests.bench.cascade import Fallen
from tests.bench.striking import table


def fallen(right, clean_wrong, harder=None):
    return Fallen(
        right=[number < right for number in range(100)],
        unseen=[number >= 80 for number in range(100)],
        before_detours=right / 100,
        took={"clean": clean_wrong, "apgd_ce": 100 - right - clean_wrong},
        lights=[],
        harder=harder,
    )


def test_a_row_has_the_means_and_the_range_over_the_audits():
    rows = list(table({("signs", "zepad"): [fallen(4, 10, 3), fallen(8, 30, 8)], ("signs", "other"): [fallen(50, 0)]}))
    assert rows[2] == (
        "| signs | zepad | 2 x 100 | 80.0 (70.0–90.0) | 6.0 (4.0–8.0) | 5.5 (3.0–8.0) | 20.0 (20.0–20.0) |"
    )
    assert rows[3].startswith("| signs | other | 1 x 100 | 100.0 (100.0–100.0) | 50.0 (50.0–50.0) | – |")
