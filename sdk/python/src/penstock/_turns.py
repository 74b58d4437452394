"""Turns of a rate limit that the instances of a process share: the generic cell rate algorithm (ITU-T I.371), as
`penstock:host/state` describes it. All lengths are microseconds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

MOST = 2**64 - 1

# How far from now a plan may reach beyond what a request explains: further, and the clock was ahead when it was made.
EXCESS = 1_000_000


@dataclass(frozen=True, slots=True)
class Plan:
    """Who was given which turns."""

    since: int
    arrival: int
    closed: int = 0
    owner: int = 0
    number: int = 0
    given: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class Turns:
    """What is given."""

    now: int
    arrival: int
    count: int
    closed: int
    since: int


def ask(plan: Plan | None, now: int, request: Any) -> tuple[Turns, Plan]:
    """Answers a request, and says what becomes of the plan."""
    latest = now + request.horizon + request.tolerance + request.interval + request.gap + EXCESS
    if plan is None or plan.arrival > latest:
        plan = Plan(now, now, closed=plan.closed if plan else 0)
    given = (max(plan.arrival, plan.closed), 0)
    if request.wanted > 0 and (plan.owner, plan.number) == (request.owner, request.number):
        given = plan.given
    else:
        if request.pause > 0:
            plan = replace(plan, closed=max(plan.closed, now + request.pause))
        if request.wanted > 0:
            given, plan = _give(plan, now, request)
    return Turns(now, min(given[0], MOST), given[1], min(plan.closed, MOST), plan.since), plan


def _give(plan: Plan, now: int, request: Any) -> tuple[tuple[int, int], Plan]:
    interval = max(request.interval, 1)
    start = max(now + request.lead, plan.closed)
    arrival = max(plan.arrival, start)
    last = now + request.horizon
    room = last + request.tolerance - arrival
    free = room // interval + 1 if room >= 0 and start <= last else 0
    count = 0 if free < request.least else min(free, request.wanted)
    given = (arrival, count)
    if count > 0:
        end = arrival + interval * count + request.gap
        plan = replace(plan, arrival=end, owner=request.owner, number=request.number, given=given)
    return given, plan
