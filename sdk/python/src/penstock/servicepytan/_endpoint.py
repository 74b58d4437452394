"""`Endpoint`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .._options import CallOptions
from .._pages import Answer
from ._connection import client, raised_as_before
from ._operations import before, find, record_class

FILES = ("attachments", "jobs/attachment", "images")


class Endpoint:
    """A part of the API: `Endpoint("jpm", "jobs", conn)`."""

    def __init__(self, folder: str, endpoint: str, conn: Mapping[str, Any] | None = None) -> None:
        self.folder, self.endpoint, self.conn = folder, endpoint, conn

    def _path(self, *more: Any, endpoint: str | None = None) -> str:
        parts = [self.folder, "v2", "tenant", "-", endpoint or self.endpoint, *more]
        return "/" + "/".join(str(part) for part in parts if part != "")

    def _call(self, methods: tuple[str, ...], path: str, query: Mapping[str, Any], body: Any = None, sized: bool = True) -> Any:
        titan = client(self.conn)
        route, placeholders = find(titan, methods, path)
        parameters = placeholders | {name: value for name, value in query.items() if value not in ("", None)}
        if route.paged and sized:
            parameters = _sized(parameters, route.parameters)
        with raised_as_before(self.conn, path):
            answer = titan.invoke(route.name, parameters, body)
        value = before(answer.body, record_class(route.name))
        return _envelope(answer, value) if route.paged else value

    def get_one(self, id: Any, modifier: str = "", query: Mapping[str, Any] = {}) -> Any:
        """One record, or what belongs to it."""
        return self._call(("GET",), self._path(id, modifier), query)

    def get_many(self, query: Mapping[str, Any] = {}, id: Any = "", modifier: str = "") -> Any:
        """One page."""
        return self._call(("GET",), self._path(id, modifier), query)

    def get_all(self, query: Mapping[str, Any] = {}, id: Any = "", modifier: str = "") -> list[Any]:
        """All records of all pages."""
        titan = client(self.conn)
        path = self._path(id, modifier)
        route, placeholders = find(titan, ("GET",), path)
        given = _sized(placeholders | {name: value for name, value in query.items() if name != "page"}, route.parameters)
        size = given.pop("pageSize", None)
        options = CallOptions(page_size=None if size is None else int(size))
        row = record_class(route.name)
        with raised_as_before(self.conn, path):
            return [before(one, row) for one in titan.read(route.name, given, options=options)]

    def _known(self) -> Any:
        """One page of the vendor's usual size."""
        return self._call(("GET",), self._path(), {}, sized=False)

    def create(self, payload: Any) -> Any:
        """Creates a record."""
        return self._call(("POST",), self._path(), {}, payload)

    def update(self, id: Any, payload: Any, modifier: str = "", request_type: str = "PUT") -> Any:
        """Changes a record; the contract knows whether that is PUT or PATCH."""
        return self._call((request_type, "PUT", "PATCH"), self._path(id, modifier), {}, payload)

    def delete(self, id: Any, modifier: str = "") -> Any:
        """Deletes a record, or what belongs to it."""
        return self._call(("DELETE",), self._path(id, modifier), {})

    def delete_subitem(self, id: Any, modifier_id: Any, modifier: str) -> Any:
        """Deletes one thing of a record."""
        return self._call(("DELETE",), self._path(id, modifier, modifier_id), {})

    def export_one(self, export_endpoint: str, export_from: str = "", include_recent_changes: bool = False) -> Any:
        """One page of an export."""
        query = {"from": export_from, "includeRecentChanges": include_recent_changes}
        return self._call(("GET",), self._path(export_endpoint, endpoint="export"), query)

    def export_all(self, export_endpoint: str, export_from: str = "", include_recent_changes: bool = False) -> list[Any]:
        """An export, to its end."""
        titan = client(self.conn)
        path = self._path(export_endpoint, endpoint="export")
        route, _ = find(titan, ("GET",), path)
        query = {"from": export_from or None, "includeRecentChanges": include_recent_changes}
        row = record_class(route.name)
        with raised_as_before(self.conn, path):
            return [before(one, row) for one in titan.read(route.name, query)]

    def download(self, id: Any, modifier: str = "", filename: str | None = None) -> bytes:
        """A file, whole."""
        if not id:
            raise ValueError("ID must be provided to download a file.")
        if self.endpoint not in FILES:
            known = ", ".join(FILES)
            raise ValueError(f"Download method is not supported for endpoint '{self.endpoint}'. Valid endpoints are: {known}.")
        titan = client(self.conn)
        path = self._path(id, modifier)
        route, placeholders = find(titan, ("GET",), path)
        with raised_as_before(self.conn, path):
            content = titan._download(route.name, placeholders.items(), None).read()
        if filename:
            Path(filename).write_bytes(content)
        return content


def _sized(given: dict[str, Any], known: frozenset[str]) -> dict[str, Any]:
    """What a list is asked for: 100 a page, and active records, as the vendor takes it without a word. An export has all."""
    if "from" in known:
        return given
    sized = {"pageSize": 100} | given
    return {"active": "True"} | sized if "active" in known else sized


def _envelope(answer: Answer, records: Any) -> dict[str, Any]:
    """A page as the vendor wraps it."""
    page = answer.page
    if page is None:
        return {"data": records}
    if page.continue_from is not None or page.page == 0:
        return {"hasMore": page.has_more, "continueFrom": page.continue_from, "data": records}
    numbers = {"page": page.page, "pageSize": page.page_size, "hasMore": page.has_more, "totalCount": page.total_count}
    return numbers | {"data": records}
