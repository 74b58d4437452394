"""Turns of a limit, as the core's own plan gives them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from penstock._state import MemoryState
from penstock._turns import EXCESS, Plan, Turns, ask

NOW = 1_790_000_000_000_000


def want(wanted: int, number: int, **more: int) -> Any:
    """Ten a second, a burst of two."""
    usual = {"owner": 1, "interval": 100_000, "tolerance": 100_000, "horizon": 1_000_000, "least": 0, "lead": 0, "gap": 0, "pause": 0}
    return SimpleNamespace(**(usual | {"wanted": wanted, "number": number} | more))


class Asking:
    """A plan that is kept."""

    plan: Plan | None = None

    def __call__(self, now: int, request: Any) -> Turns:
        turns, self.plan = ask(self.plan, now, request)
        return turns


def test_whoever_asks_gets_the_next_ones() -> None:
    asking = Asking()
    first = asking(NOW, want(3, 1))
    assert (first.arrival, first.count, first.since, first.closed) == (NOW, 3, NOW, 0)
    second = asking(NOW + 10, want(2, 1, owner=2))
    assert (second.arrival, second.count, second.now) == (NOW + 300_000, 2, NOW + 10)
    assert asking(NOW + 9_000_000, want(1, 2)).arrival == NOW + 9_000_000


def test_no_turn_comes_after_the_horizon_and_fewer_than_the_least_are_none() -> None:
    asking = Asking()
    assert asking(NOW, want(50, 1)).count == 12
    assert asking(NOW, want(1, 2)).count == 0
    assert asking(NOW + 100_000, want(50, 9)).count == 1
    assert asking(NOW + 300_000, want(5, 3, least=3)).count == 0
    assert asking(NOW + 400_000, want(5, 3, least=3)).count == 3


def test_the_same_request_again_is_given_the_same_and_looking_changes_nothing() -> None:
    asking = Asking()
    first = asking(NOW, want(3, 7))
    assert asking(NOW + 50, want(3, 7)).arrival == first.arrival
    assert asking(NOW + 50, want(0, 7)).arrival == NOW + 300_000
    assert asking(NOW + 50, want(1, 8)).arrival == NOW + 300_000


def test_a_pause_holds_for_everybody_and_a_gap_is_left_free() -> None:
    asking = Asking()
    asking(NOW, want(1, 1, gap=40_000))
    assert asking(NOW, want(1, 2)).arrival == NOW + 140_000
    assert asking(NOW, want(0, 0, pause=600_000)).closed == NOW + 600_000
    turns = asking(NOW + 1_000, want(2, 1, owner=2, pause=10_000))
    assert (turns.closed, turns.arrival, turns.count) == (NOW + 600_000, NOW + 600_000, 2)


def test_a_plan_from_a_clock_that_was_ahead_is_begun_anew() -> None:
    asking = Asking()
    asking(NOW, want(12, 1))
    assert asking(NOW - EXCESS, want(0, 2)).since == NOW
    assert asking(NOW - 5_000_000, want(0, 2)).since == NOW - 5_000_000


def test_claims_are_of_one(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr("penstock._state.time.monotonic", lambda: now)
    state = MemoryState()
    assert state.claim("k", b"a", 1000) is None and state.claim("k", b"b", 1000) == b"a"
    assert not state.swap("k", b"b", b"c", 1000) and state.swap("k", b"a", b"c", 1000)
    state.release("k", b"a")
    assert state.list_keys("k", 9) == ["k"] and state.get("k") == b"c"
    now = 1.0
    assert state.get("k") is None
