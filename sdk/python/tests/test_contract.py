"""The typed part against what the component says of itself."""

from __future__ import annotations

import inspect
from typing import Any

from conftest import Vendor

from penstock import Asleep, ServiceTitan


class Recording:
    """Notes which operation a method would call, and with which parameters."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, list[str]]] = []

    def __getattr__(self, _name: str) -> Any:
        return lambda operation, parameters, *_rest: self.calls.append((operation, [name for name, _ in parameters]))


def methods(client: Any) -> Recording:
    recording = Recording()
    modules = [name for name, one in inspect.getmembers(type(client)) if isinstance(one, property)]
    for name in modules:
        module = type(getattr(client, name))(recording)
        for resource in [module, *(getattr(module, slot) for slot in module.__slots__)]:
            for method, function in inspect.getmembers(resource, inspect.ismethod):
                if not method.startswith("_"):
                    required = [p for p in inspect.signature(function).parameters.values() if p.default is p.empty]
                    positional = [1 for p in required if p.kind is not p.KEYWORD_ONLY]
                    function(*positional, **{p.name: 1 for p in required if p.kind is p.KEYWORD_ONLY})
    return recording


def test_every_operation_is_a_method_with_its_parameters(vendors: Vendor) -> None:
    count = 0
    for client in (ServiceTitan({}), Asleep({})):
        known = client._described()
        parameters = {name: {one.name for one in operation.parameters} for operation in known for name in [operation.name, *operation.aliases]}
        called = methods(client).calls
        assert sorted(name for name, _ in called) == sorted(parameters)
        for name, given in called:
            assert set(given) == parameters[name], name
        count += len(called)
    assert count == 834
