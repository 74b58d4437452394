"""Values over the border, faster than `wasmtime` 50 moves them. What comes of it is the same.

- It makes a Python object for each byte of a list: three megabytes take seconds. The values lie in an array of equal
  cells, so that all bytes are one slice of it.
- It copies a text byte by byte.
- It asks for the cases of a variant again at each value: twice as long for the records of a list.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

from wasmtime import _ffi as ffi
from wasmtime.component._types import ListType, OptionType, ResultType, String, VariantLikeType, VariantType

CELL = ctypes.sizeof(ffi.wasmtime_component_val_t)
KIND = ffi.wasmtime_component_val_t.kind.offset
BYTE = ffi.wasmtime_component_val_t.of.offset

_slow_from = ListType.convert_from_c
_slow_to = ListType.convert_to_c


def _from(self: Any, value: Any) -> Any:
    if not self._is_bytes():
        return _slow_from(self, value)
    some = value.of.list
    try:
        return ctypes.string_at(some.data, some.size * CELL)[BYTE::CELL] if some.size else b""
    finally:
        ffi.wasmtime_component_vallist_delete(ctypes.byref(some))


def _to(self: Any, store: Any, value: Any, place: Any) -> None:
    if not (isinstance(value, bytes) and self._is_bytes()):
        _slow_to(self, store, value, place)
        return
    cells = bytearray(len(value) * CELL)
    cells[KIND::CELL] = bytes((ffi.WASMTIME_COMPONENT_U8.value,)) * len(value)
    cells[BYTE::CELL] = value
    some = ffi.wasmtime_component_vallist_t()
    ffi.wasmtime_component_vallist_new_uninit(some, len(value))
    if value:
        ctypes.memmove(some.data, bytes(cells), len(cells))
    place.contents.kind = ffi.WASMTIME_COMPONENT_LIST
    place.contents.of.list = some


def _text(_self: Any, value: Any) -> str:
    some = value.of.string
    try:
        return ctypes.string_at(some.data, some.size).decode() if some.size else ""
    finally:
        ffi.wasm_byte_vec_delete(ctypes.byref(some))


def _once(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A type does not change: what it says of itself is kept with it."""
    key = f"_penstock{function.__name__}"

    def remembered(self: Any) -> Any:
        known = self.__dict__.get(key)
        if known is None:
            known = self.__dict__[key] = function(self)
        return known

    return remembered


def install() -> None:
    """Puts it in the place of what `wasmtime` does."""
    VariantLikeType._tagged = _once(VariantLikeType._tagged)  # type: ignore[assignment, method-assign]
    for variant in (VariantType, OptionType, ResultType):
        variant._cases = _once(variant._cases)  # type: ignore[assignment, method-assign]
    String.convert_from_c = _text  # type: ignore[assignment, method-assign]
    ListType.convert_from_c = _from  # type: ignore[assignment, method-assign]
    ListType.convert_to_c = _to  # type: ignore[assignment, method-assign]
