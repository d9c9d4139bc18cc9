"""The comparison itself: what it lets pass, and what it does not."""

import contextlib
import io
import unittest

from baseline import Baseline, judge
from callgrind import instructions

MADE_WITH = {"swift": "6.3.1", "valgrind": "3.19", "libssl3": "3.0.19", "processor": "avx2"}
COUNTS = {"own": 10_000, "libraries": 5_000, "cryptography": 100_000}
PROFILE = """version: 1
events: Ir
ob=(1) /usr/bin/gateway
fl=(1) ???
fn=(1) one
0 100
+3 20
cob=(2) /lib/libc.so.6
cfn=(2) memcpy
calls=5 0
0 5000
* 7

ob=(2)
fn=(2)
0 5000
totals: 5127
"""


def verdict(now: dict[str, int], **others: str) -> tuple[int, str]:
    with contextlib.redirect_stdout(io.StringIO()) as text:
        status = judge(Baseline(MADE_WITH, {"call": COUNTS}), Baseline(MADE_WITH | others, {"call": COUNTS | now}))
    return status, text.getvalue()


class TestJudge(unittest.TestCase):
    def test_bounds(self) -> None:
        table = [
            ({}, 0, "as in the baseline"),
            ({"own": 10_290}, 0, "as in the baseline"),
            ({"own": 10_310}, 1, "HIGHER"),
            ({"own": 9_690}, 1, "LOWER"),
            ({"libraries": 5_160}, 1, "HIGHER"),
            ({"cryptography": 104_000}, 0, "as in the baseline"),
            ({"cryptography": 200_000}, 1, "HIGHER"),
        ]
        for now, status, said in table:
            with self.subTest(now=now):
                self.assertEqual(verdict(now)[0], status)
                self.assertIn(said, verdict(now)[1])

    def test_another_compiler_is_named_and_large_differences_fail_all_the_same(self) -> None:
        status, text = verdict({"own": 10_500}, swift="6.2")
        self.assertEqual(status, 0)
        self.assertIn("WIDER TOLERANCE: swift 6.2, not 6.3.1", text)
        self.assertEqual(verdict({"own": 12_000}, swift="6.2")[0], 1)

    def test_another_library_widens_its_own_share_only(self) -> None:
        self.assertEqual(verdict({"cryptography": 120_000}, libssl3="3.0.20")[0], 0)
        self.assertEqual(verdict({"own": 10_500}, libssl3="3.0.20")[0], 1)


class TestProfile(unittest.TestCase):
    def test_what_was_called_counts_where_it_is(self) -> None:
        self.assertEqual(instructions(PROFILE), {"gateway": 127, "libc.so.6": 5000})
