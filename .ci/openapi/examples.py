"""Requests that Schemathesis makes of the gateway's description, to a gateway that runs.

usage: examples.py URL COUNT SEED: as many examples, of all operations in turn, the same ones for the same seed.
The API keys are in the environment: ADMINISTRATOR, WRITER, READER.

Of three examples one is wrong on purpose, and is to be refused. No answer may have a status, a type, a
header field or a content that the description does not know, and none may be a 5xx: the vendors are
simulated ones, and well. Which key a request comes with is drawn as well; without one it is to be a 401.
"""

import collections
import os
import random
import sys
import time

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi import checks

KEYS = ("administrator", "writer", "reader")
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
]
# A call may take a minute, and wait for its turn before that: a report is asked for once in twelve seconds.
TIMEOUT = 120
# Whatever is asked for, something of it is there: the simulated vendors number from here.
FIRST_ID = 100_001


def narrowed(document):
    """The document with what would only ever be refused left out: other accounts and vendors."""
    parameters = document["components"]["parameters"]
    parameters["account"]["schema"] = {"type": "string", "enum": ["default"]}
    parameters["provider"]["schema"] = {"type": "string", "enum": ["servicetitan", "asleep"]}
    return document


def plan(operations, count, chance):
    """Each operation once before any comes again. In turn, so that half a run is half of everything."""
    chosen = []
    while len(chosen) < count:
        chance.shuffle(operations)
        chosen += operations
    return chosen[:count]


def drawn(operation, mode, number):
    """An example, the same for the same number. The first that comes of a strategy is always the plainest."""
    examples = []

    @seed(number)
    @settings(
        database=None, deadline=None, max_examples=2, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
    )
    @given(operation.as_strategy(generation_mode=mode))
    def take(example):
        examples.append(example)

    take()
    return examples[-1]


def sensible(case, chance):
    """Those that are right leave time for an answer, and most ask for what there may be, and not for what
    excludes itself."""
    deadline = str(case.headers.get("X-Deadline-Ms", ""))
    if deadline.isdigit() and int(deadline) < 10_000:
        case.headers["X-Deadline-Ms"] = "10000"
    if chance.random() < 0.2:
        return
    for name, value in case.path_parameters.items():
        if isinstance(value, int):
            case.path_parameters[name] = FIRST_ID + chance.randrange(20)
    # A place to go on at is no text that can be made up, nor is a feed's.
    for name in ("resume", "from", "after"):
        if isinstance(case.query.get(name), str):
            del case.query[name]
    if case.query.get("all"):
        for name in ("page", "includeTotal"):
            case.query.pop(name, None)


def is_without_key(case, session, response):
    """Whether the same request without a key is answered with 401, if one is needed."""
    definition = case.operation.definition.raw
    if {} in definition.get("security", [None]) or definition.get("security") == []:
        return True
    bare = response.request.copy()
    del bare.headers["Authorization"]
    return session.send(bare, timeout=TIMEOUT).status_code == 401


def run(url, count, start):
    keys = {name: os.environ[name.upper()] for name in KEYS}
    session = requests.Session()
    headers = {"Authorization": f"Bearer {keys['administrator']}"}
    document = session.get(f"{url}/openapi.json", headers=headers, timeout=TIMEOUT).json()
    schema = schemathesis.openapi.from_dict(narrowed(document))
    schema.config.update(base_url=url)
    # Keys are sent here; a second one would be refused.
    schema.config.generation.update(with_security_parameters=False)
    # What is wrong may be too long as well.
    schema.config.checks.negative_data_rejection.expected_statuses += ["413", "414"]
    operations = [found.ok() for found in schema.get_all_operations()]
    chance = random.Random(start)
    seen, failures, unmade = collections.Counter(), 0, 0
    for number, operation in enumerate(plan(operations, count, chance)):
        mode = GenerationMode.NEGATIVE if number % 3 == 2 else GenerationMode.POSITIVE
        try:
            case = drawn(operation, mode, start * 1_000_000 + number)
        except Unsatisfiable:
            # It takes nothing that could be wrong.
            unmade += 1
            continue
        if mode is GenerationMode.POSITIVE:
            sensible(case, chance)
        key = chance.choices(KEYS, (4, 1, 1) if operation.method != "get" else (1, 1, 1))[0]
        headers = {"Authorization": f"Bearer {keys[key]}"}
        what = f"{number}: {operation.label}, {mode.name}, with the key of the {key}"
        try:
            response = case.call(session=session, headers=headers, timeout=TIMEOUT)
            seen[mode.name, response.status_code] += 1
            case.validate_response(response, checks=CHECKS, headers=headers)
        except (FailureGroup, requests.RequestException) as failed:
            failures += 1
            print(f"\n---- {what}\n{failed}", file=sys.stderr)
            continue
        if number % 10 == 0 and not is_without_key(case, session, response):
            failures += 1
            print(f"\n---- {number}: {operation.label} without a key is no 401", file=sys.stderr)
    return seen, failures, unmade, len(operations)


def main():
    url, count, start = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    began = time.monotonic()
    seen, failures, unmade, operations = run(url, count, start)
    for mode in ("POSITIVE", "NEGATIVE"):
        told = ", ".join(f"{status}: {times}" for (of, status), times in sorted(seen.items()) if of == mode)
        print(f"{mode.lower()}: {told}")
    print(
        f"{seen.total()} examples of {operations} operations, seed {start}, {unmade} not to be made wrong: "
        f"{failures} failures in {time.monotonic() - began:.0f} s"
    )
    if failures or seen.total() < count * 9 // 10 or seen["POSITIVE", 200] < count // 10:
        sys.exit(1)


if __name__ == "__main__":
    main()
