"""`DataService`: lists that scripts ask for again and again."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from ._connection import servicepytan_connect
from ._endpoint import Endpoint

STATUSES = ("Completed", "Scheduled", "InProgress", "Dispatched")
APPOINTMENTS = ("Scheduled", "Dispatched", "Working", "Done")

Day = str | datetime.datetime


class DataService:
    """Lists between two dates, in the tenant's time zone, and of a tenant's people and kinds."""

    def __init__(self, conn: Mapping[str, Any] | None = None) -> None:
        self.conn = conn or servicepytan_connect()
        self.timezone = self.conn.get("SERVICETITAN_TIMEZONE") or "UTC"

    def _time(self, date: Day) -> str:
        time = parsed(date) if isinstance(date, str) else date
        local = time if time.tzinfo else time.replace(tzinfo=ZoneInfo(self.timezone))
        return local.astimezone(datetime.timezone.utc).replace(tzinfo=None).isoformat() + "Z"

    def _jobs(self, what: str, start: Day, end: Day, **more: str) -> list[Any]:
        query = {f"{what}OnOrAfter": self._time(start), f"{what}Before": self._time(end), **more}
        return Endpoint("jpm", "jobs", self.conn).get_all(query)

    def get_jobs_completed_between(self, start_date: Day, end_date: Day, job_status: Iterable[str] = STATUSES) -> list[Any]:
        """Jobs that were completed between the two, by status."""
        return [job for status in job_status for job in self._jobs("completed", start_date, end_date, jobStatus=status)]

    def get_jobs_created_between(self, start_date: Day, end_date: Day) -> list[Any]:
        """Jobs that were made between the two."""
        return self._jobs("created", start_date, end_date)

    def get_jobs_modified_between(self, start_date: Day, end_date: Day) -> list[Any]:
        """Jobs that changed between the two."""
        return self._jobs("modified", start_date, end_date)

    def get_appointments_between(self, start_date: Day, end_date: Day, appointment_status: Iterable[str] = APPOINTMENTS) -> list[Any]:
        """Appointments that start between the two, by status."""
        span = {"startsOnOrAfter": self._time(start_date), "startsBefore": self._time(end_date)}
        appointments = Endpoint("jpm", "appointments", self.conn)
        return [one for status in appointment_status for one in appointments.get_all({"status": status, **span})]

    def get_sold_estimates_between(self, start_date: Day, end_date: Day) -> list[Any]:
        """Active estimates that were sold between the two."""
        query = {"active": "True", "soldAfter": self._time(start_date), "soldBefore": self._time(end_date)}
        return Endpoint("sales", "estimates", self.conn).get_all(query)

    def get_total_sales_between(self, start_date: Day, end_date: Day) -> float:
        """What the items of these estimates come to. It is added up digit by digit, and is a number as it was."""
        totals = (item["total"] for one in self.get_sold_estimates_between(start_date, end_date) for item in one["items"] or ())
        total = sum((Decimal(str(one)) for one in totals if one is not None), Decimal())
        return int(total) if total == total.to_integral_value() else float(total)

    def get_purchase_orders_created_between(self, start_date: Day, end_date: Day) -> list[Any]:
        """Purchase orders that were made between the two."""
        query = {"createdOnOrAfter": self._time(start_date), "createdBefore": self._time(end_date)}
        return Endpoint("inventory", "purchase-orders", self.conn).get_all(query)

    def get_employees(self, active: str = "True") -> list[Any]:
        """Employees."""
        return self._settings("employees", active)

    def get_technicians(self, active: str = "True") -> list[Any]:
        """Technicians."""
        return self._settings("technicians", active)

    def get_tag_types(self, active: str = "True") -> list[Any]:
        """Kinds of tags."""
        return self._settings("tag-types", active)

    def get_business_units(self, active: str = "True") -> list[Any]:
        """Business units."""
        return self._settings("business-units", active)

    def _settings(self, endpoint: str, active: str) -> list[Any]:
        return Endpoint("settings", endpoint, self.conn).get_all({"active": active})


def parsed(date: str) -> datetime.datetime:
    """A date in ISO 8601; in any other words too, if `dateutil` is installed."""
    try:
        return datetime.datetime.fromisoformat(date)
    except ValueError:
        try:
            from dateutil.parser import parse
        except ImportError:
            raise ValueError(f"{date!r} is not a date in ISO 8601 (pip install 'penstock[servicepytan]' reads others)") from None
        words: datetime.datetime = parse(date)
        return words
