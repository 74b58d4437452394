"""Each documented use of ServicePytan, with it and with Penstock: the answers are alike, but for its defects
(`docs/from-servicepytan.md`, "What goes wrong there")."""

from __future__ import annotations

import datetime
import inspect
import json
import logging
import os
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests
import servicepytan as theirs
import servicepytan.auth
import servicepytan.reports
from conftest import Vendor

import penstock.servicepytan as ours
from penstock.servicepytan._operations import routes

logging.getLogger("servicepytan").setLevel(logging.CRITICAL)


@pytest.fixture(scope="module")
def conn(vendors: Vendor) -> Iterator[dict[str, Any]]:
    # A GET with a body (8) is none that a strict vendor takes.
    settings = vendors("--jobs", "1000", "--lenient", "--report-interval", "0")
    made = ours.servicepytan_connect(
        app_key=settings["SERVICETITAN_APP_KEY"],
        tenant_id=settings["SERVICETITAN_TENANT_ID"],
        client_id=settings["SERVICETITAN_CLIENT_ID"],
        client_secret=settings["SERVICETITAN_CLIENT_SECRET"],
    )
    made |= {"auth_root": settings["SERVICETITAN_AUTH_URL"], "api_root": settings["SERVICETITAN_API_URL"]}
    os.environ["PENSTOCK_ALLOW_HTTP"] = "true"
    os.environ["SERVICETITAN_RATE_LIMIT"] = "10000"
    os.environ["SERVICETITAN_REPORT_INTERVAL"] = "0"
    yield made
    for name in ("PENSTOCK_ALLOW_HTTP", "SERVICETITAN_RATE_LIMIT", "SERVICETITAN_REPORT_INTERVAL"):
        del os.environ[name]


def same(one: Any, other: Any) -> bool:
    """Alike, but for how an instant is written, amounts that the vendor writes as texts, and fields that it left out."""
    if isinstance(one, dict) and isinstance(other, dict):
        return all(same(one.get(name), other.get(name)) for name in one.keys() | other.keys())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if one in (None, [], {}) and other in (None, [], {}):
        return True
    if isinstance(one, str) and isinstance(other, (int, float)):
        return float(one) == other
    if isinstance(one, str) and isinstance(other, str) and one != other and "T" in one:
        return utc(one) == utc(other)
    return bool(one == other)


def utc(time: str) -> datetime.datetime:
    """The vendor leaves the offset out now and then, and means UTC."""
    read = datetime.datetime.fromisoformat(time)
    return read if read.tzinfo else read.replace(tzinfo=datetime.timezone.utc)


def both(folder: str, endpoint: str, conn: dict[str, Any]) -> tuple[Any, Any]:
    return theirs.Endpoint(folder, endpoint, conn), ours.Endpoint(folder, endpoint, conn)


def test_connect_reads_arguments_a_file_and_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    given = {"app_key": "k", "tenant_id": "7", "client_id": "c", "client_secret": "s", "timezone": "America/New_York"}
    assert ours.servicepytan_connect(**given) == servicepytan.auth.servicepytan_connect(**given)
    kept = {name: "x" for name in servicepytan.auth.AUTH_VARIABLES} | {"SERVICETITAN_API_ENVIRONMENT": "integration"}
    (tmp_path / "c.json").write_text(json.dumps(kept), encoding="utf-8")
    from_file = ours.servicepytan_connect(config_file="c.json")
    known = servicepytan.auth.servicepytan_connect(config_file="c.json")
    # 17: there the environment does not change the hosts.
    assert {name: from_file[name] for name in kept} == {name: known[name] for name in kept}
    assert from_file["api_root"] == "https://api-integration.servicetitan.io" != known["api_root"]
    for name in servicepytan.auth.AUTH_VARIABLES:
        monkeypatch.setenv(name, "production" if name.endswith("ENVIRONMENT") else "e")
    assert ours.servicepytan_connect() == servicepytan.auth.servicepytan_connect()
    with pytest.raises(ValueError, match="Unknown ApiEnvironment"):
        ours.servicepytan_connect("staging")


def test_one_record_and_what_belongs_to_it(conn: dict[str, Any]) -> None:
    one, other = both("jpm", "jobs", conn)
    job = one.get_many({"pageSize": 1})["data"][0]["id"]
    assert same(one.get_one(job), other.get_one(job))
    assert same(one.get_one(job, modifier="notes"), other.get_one(job, modifier="notes"))
    assert same(one.get_many(id=job, modifier="notes"), other.get_many(id=job, modifier="notes"))
    assert same(one.get_all(id=job, modifier="notes"), other.get_all(id=job, modifier="notes"))
    one, other = both("crm", "customers", conn)
    customer = one.get_many({"pageSize": 1})["data"][0]["id"]
    assert same(one.get_one(customer), other.get_one(customer))


def test_a_page_and_all_pages(conn: dict[str, Any]) -> None:
    one, other = both("jpm", "jobs", conn)
    for query in ({}, {"pageSize": 50, "page": 2}, {"jobStatus": "Completed", "includeTotal": "true"}):
        assert same(one.get_many(dict(query)), other.get_many(dict(query)))
    query = {"jobStatus": "Completed"}
    assert same(one.get_all(dict(query)), other.get_all(query))
    # 9: there the caller's query is changed.
    assert query == {"jobStatus": "Completed"}
    for folder, endpoint in (("settings", "technicians"), ("crm", "customers"), ("accounting", "invoices"), ("jpm", "job-types")):
        one, other = both(folder, endpoint, conn)
        assert same(one.get_all({}), other.get_all({})), endpoint


def test_exports(conn: dict[str, Any]) -> None:
    one, other = both("jpm", "export", conn)
    first, ours_ = one.export_one("jobs"), other.export_one("jobs")
    assert same(first["data"], ours_["data"]) and first["hasMore"] == ours_["hasMore"]
    second = one.export_one("jobs", export_from=first["continueFrom"])
    assert same(second["data"], other.export_one("jobs", export_from=ours_["continueFrom"])["data"])
    assert same(one.export_all("jobs"), other.export_all("jobs"))
    assert same(one.export_all("jobs", include_recent_changes=True), other.export_all("jobs", include_recent_changes=True))


def test_writes(conn: dict[str, Any]) -> None:
    one, other = both("jpm", "job-types", conn)
    made, ours_ = one.create({"name": "Repair"}), other.create({"name": "Repair"})
    assert made["name"] == ours_["name"] and set(made) <= set(ours_)
    # 2: there a change is sent as a form, which the vendor refuses.
    with pytest.raises(requests.HTTPError):
        one.update(made["id"], {"name": "Mended"}, request_type="PATCH")
    assert other.update(ours_["id"], {"name": "Mended"})["name"] == "Mended"
    # 1: there the verb is DEL.
    one, other = both("jpm", "appointments", conn)
    appointment = other.get_many({"pageSize": 1})["data"][0]["id"]
    with pytest.raises(requests.HTTPError):
        one.delete(appointment)


def test_failures_are_caught_as_before(conn: dict[str, Any]) -> None:
    for endpoint in both("jpm", "jobs", conn):
        with pytest.raises(requests.HTTPError) as raised:
            endpoint.get_one(5)
        assert raised.value.response.status_code == 404
    with pytest.raises(ours.HTTPError) as failure:
        ours.Endpoint("jpm", "jobs", conn).get_one(5)
    assert (failure.value.kind, failure.value.outcome) == ("not-found", "not-applied")


def test_files(conn: dict[str, Any], tmp_path: Path) -> None:
    one, other = both("forms", "jobs/attachment", conn)
    path = tmp_path / "file"
    assert one.download(100_001) == other.download(100_001, filename=str(path)) == path.read_bytes()
    for endpoint in both("jpm", "jobs", conn):
        with pytest.raises(ValueError, match="not supported"):
            endpoint.download(100_001)


def test_reports(conn: dict[str, Any]) -> None:
    assert same(servicepytan.reports.get_report_categories(conn), ours.get_report_categories(conn))
    category = ours.get_report_categories(conn)["data"][0]["id"]
    assert same(servicepytan.reports.get_report_list(category, conn), ours.get_report_list(category, conn))
    assert same(servicepytan.reports.get_dynamic_set_list("business-units", conn), ours.get_dynamic_set_list("business-units", conn))
    one, other = theirs.Report(category, 101, conn), ours.Report(category, 101, conn)
    assert same(one.get_metadata(), other.get_metadata())
    for report in (one, other):
        report.add_params("From", "2024-01-01")
        report.add_params("To", "2025-04-01")
        report.update_params("To", "2025-06-01")
        report.show_param_types()
    assert one.get_params() == other.get_params()
    first, ours_ = one.get_data(page=1, page_size=20), other.get_data(page=1, page_size=20)
    assert same({k: v for k, v in first.items() if k in ours_}, ours_)
    everything = one.get_all_data(page_size=1000)
    assert same(everything, other.get_all_data(page_size=1000)) and len(everything["data"]) > 20


def test_lists_of_data_service(conn: dict[str, Any]) -> None:
    # 3: there every method raises TypeError; what it would ask for is asked for by hand.
    with pytest.raises(TypeError):
        theirs.DataService(conn).get_employees()
    service, jobs = ours.DataService(conn | {"SERVICETITAN_TIMEZONE": "America/New_York"}), theirs.Endpoint("jpm", "jobs", conn)
    span = ("2025-04-01", "2025-04-20")
    utc = [theirs._convert_date_to_api_format(day, "America/New_York") for day in span]
    for what, method in (("created", service.get_jobs_created_between), ("modified", service.get_jobs_modified_between)):
        expected = jobs.get_all({f"{what}OnOrAfter": utc[0], f"{what}Before": utc[1]})
        assert expected and same(expected, method(*span))
    expected = [job for status in ("Completed", "Scheduled") for job in jobs.get_all({"jobStatus": status, "completedOnOrAfter": utc[0], "completedBefore": utc[1]})]
    assert expected and same(expected, service.get_jobs_completed_between(*span, job_status=["Completed", "Scheduled"]))
    assert same(service.get_jobs_created_between("April 1, 2025", "April 20, 2025"), service.get_jobs_created_between(*span))
    appointments = theirs.Endpoint("jpm", "appointments", conn)
    expected = [one for status in ("Scheduled", "Dispatched", "Working", "Done") for one in appointments.get_all({"status": status, "startsOnOrAfter": utc[0], "startsBefore": utc[1]})]
    assert expected and same(expected, service.get_appointments_between(*span))
    assert same(appointments.get_all({"status": "Done", "startsOnOrAfter": utc[0], "startsBefore": utc[1]}), service.get_appointments_between(*span, appointment_status=["Done"]))
    year = ("2024-01-01", "2026-01-01")
    utc = [theirs._convert_date_to_api_format(day, "America/New_York") for day in year]
    expected = theirs.Endpoint("sales", "estimates", conn).get_all({"active": "True", "soldAfter": utc[0], "soldBefore": utc[1]})
    assert expected and same(expected, service.get_sold_estimates_between(*year))
    total = sum(Decimal(str(item["total"])) for one in expected for item in one.get("items") or ())
    assert total and service.get_total_sales_between(*year) == float(total)
    expected = theirs.Endpoint("inventory", "purchase-orders", conn).get_all({"createdOnOrAfter": utc[0], "createdBefore": utc[1]})
    assert expected and same(expected, service.get_purchase_orders_created_between(*year))
    for endpoint, method in (("employees", service.get_employees), ("technicians", service.get_technicians), ("tag-types", service.get_tag_types), ("business-units", service.get_business_units)):
        assert same(theirs.Endpoint("settings", endpoint, conn).get_all({"active": "True"}), method())
        assert same(theirs.Endpoint("settings", endpoint, conn).get_all({"active": "Any"}), method(active="Any"))


def test_data_service_has_every_method_of_theirs() -> None:
    for name, method in inspect.getmembers(theirs.DataService, inspect.isfunction):
        mine = inspect.signature(getattr(ours.DataService, name))
        assert list(mine.parameters) == list(inspect.signature(method).parameters), name


def test_every_list_that_needs_no_id_has_the_same_records(conn: dict[str, Any]) -> None:
    count = 0
    for route in routes(ours.client(conn)):
        place = re.fullmatch(r"/([\w-]+)/v2/tenant/\(\?P<tenant>\[\^/\]\+\)/([^(]+)", route.patterns[0].pattern)
        if route.method != "GET" or not route.paged or place is None:
            continue
        folder, endpoint = place.groups()
        export = endpoint.removeprefix("export/")
        one, other = both(folder, endpoint if export == endpoint else "export", conn)
        try:
            expected = (one.get_all({}), one.get_many({})["data"]) if export == endpoint else (one.export_all(export), one.export_one(export)["data"])
        except (requests.HTTPError, KeyError, TypeError):
            # A list that must be asked for something, or has a form that is not theirs.
            continue
        given = (other.get_all({}), other.get_many({})["data"]) if export == endpoint else (other.export_all(export), other.export_one(export)["data"])
        assert same(list(expected), list(given)), route.name
        count += 1
    assert count > 150


def test_a_failure_has_what_scripts_look_at(conn: dict[str, Any]) -> None:
    responses = []
    for endpoint in both("jpm", "jobs", conn):
        with pytest.raises(requests.HTTPError) as raised:
            endpoint.get_one(5)
        responses.append(raised.value.response)
    known, mine = responses
    assert (mine.status_code, mine.reason, mine.url) == (known.status_code, known.reason, known.url.partition("?")[0])
    assert mine.json()["status"] == 404 and json.loads(mine.text) == json.loads(mine.content) == mine.json()
    assert not mine.ok and mine.json()["title"] and set(mine.json()) >= {"errors", "traceId"}
