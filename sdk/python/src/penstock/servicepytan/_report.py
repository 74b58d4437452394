"""`Report`, and what reports there are."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from .._options import CallOptions
from ._connection import client, raised_as_before
from ._endpoint import Endpoint
from ._operations import before, record_class

logger = logging.getLogger(__name__)


def get_report_categories(conn: Mapping[str, Any] | None = None) -> Any:
    """The categories of reports."""
    return Endpoint("reporting", "report-categories", conn)._known()


def get_report_list(report_category: str, conn: Mapping[str, Any] | None = None) -> Any:
    """The reports of a category."""
    return Endpoint("reporting", f"report-category/{report_category}/reports", conn)._known()


def get_dynamic_set_list(dynamic_set_id: str, conn: Mapping[str, Any] | None = None) -> Any:
    """The values that a parameter may have."""
    answer = Endpoint("reporting", f"dynamic-value-sets/{dynamic_set_id}", conn)._known()
    names = list(answer["data"][0]) if answer["data"] else []
    rows = [list(row.values()) for row in answer["data"]]
    return answer | {"data": rows, "fields": [{"name": name, "label": name} for name in names]}


class Report:
    """A report: what it asks for, and its rows."""

    def __init__(self, category: str, report_id: Any, conn: Mapping[str, Any] | None = None) -> None:
        self.conn, self.category, self.report_id = conn, category, report_id
        self.params: dict[str, Any] = {"parameters": []}
        self.metadata = self.get_metadata()

    def add_params(self, name: str, value: Any) -> None:
        """Sets a parameter."""
        self.update_params(name, value)

    def update_params(self, name: str, value: Any) -> None:
        """Sets a parameter."""
        for parameter in self.params["parameters"]:
            if parameter["name"] == name:
                parameter["value"] = value
                return
        self.params["parameters"].append({"name": name, "value": value})

    def get_params(self) -> dict[str, Any]:
        """The parameters that are set."""
        return self.params

    def get_metadata(self) -> Any:
        """What the report asks for, and its columns."""
        return Endpoint("reporting", f"report-category/{self.category}/reports", self.conn).get_one(self.report_id)

    def show_param_types(self) -> None:
        """Logs what the report asks for."""
        for param in self.metadata["parameters"]:
            accepted = param["acceptValues"] or {}
            mark = "[*]" if param["isRequired"] else "[ ]"
            dynamic = f" (dynamicSetId: {accepted['dynamicSetId']})" if accepted.get("dynamicSetId") else ""
            logger.info("%s - %s: %s%s", mark, param["name"], param["dataType"], dynamic)
            for value in accepted.get("values") or ():
                logger.info("  - %s", value)

    def _path(self) -> str:
        return f"/reporting/v2/tenant/-/report-category/{self.category}/reports/{self.report_id}/data"

    def _place(self) -> dict[str, Any]:
        return {"report_category": self.category, "reportId": self.report_id}

    def _fields(self) -> list[dict[str, Any]]:
        return [{"name": field["name"], "label": field["label"]} for field in self.metadata["fields"]]

    def _rows(self, rows: list[Any]) -> list[list[Any]]:
        names = [field["name"] for field in self.metadata["fields"]]
        return [[row.get(name) for name in names] for row in rows]

    def get_data(self, params: Any = "", page: int = 1, page_size: int = 5000) -> dict[str, Any]:
        """One page of rows."""
        query = self._place() | {"page": page, "pageSize": page_size, "includeTotal": True}
        operation = "reporting.reports-data-list"
        with raised_as_before(self.conn, self._path()):
            answer = client(self.conn).invoke(operation, query, self.params if params == "" else params)
        rows = self._rows(before(answer.body, record_class(operation)))
        info = answer.page
        if info is None:
            return {"fields": self._fields(), "data": rows}
        numbers = {"page": info.page, "pageSize": info.page_size, "hasMore": info.has_more, "totalCount": info.total_count}
        return {"fields": self._fields(), **numbers, "data": rows}

    def get_all_data(self, params: Any = "", page_size: int = 5000, timeout_min: int = 60) -> dict[str, Any]:
        """All rows. One page size holds throughout; what does not come in time raises."""
        options = CallOptions(page_size=page_size, deadline_ms=timeout_min * 60_000)
        body = self.params if params == "" else params
        with raised_as_before(self.conn, self._path()):
            rows = list(client(self.conn).read("reporting.reports-data-list", self._place(), body, options=options))
        return {"data": self._rows(rows), "fields": self._fields()}
