"""Copies a vendor's jobs into a database with another tool, and prints the records and the seconds that it took.

`others.py dlt|servicepytan sqlite:///FILE|postgresql://...`: the vendor is that of the environment, as
`penstock vendor` prints it. What is imported, and the token, do not count.
"""

import json
import logging
import os
import sys
import time
import urllib.parse
import urllib.request

TOOL, DATABASE = sys.argv[1:]
ENV = {name: os.environ["SERVICETITAN_" + name] for name in [
    "API_URL", "AUTH_URL", "APP_KEY", "TENANT_ID", "CLIENT_ID", "CLIENT_SECRET",
]}
# As many as the vendor gives at once.
PAGE = 500
logging.disable(logging.CRITICAL)


def token():
    form = {"grant_type": "client_credentials", "client_id": ENV["CLIENT_ID"], "client_secret": ENV["CLIENT_SECRET"]}
    with urllib.request.urlopen(ENV["AUTH_URL"] + "/connect/token", urllib.parse.urlencode(form).encode()) as answer:
        return json.load(answer)["access_token"]


def with_dlt():
    # It would tell its makers.
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
    import dlt
    from dlt.sources.rest_api import rest_api_source

    source = rest_api_source({
        "client": {
            "base_url": f"{ENV['API_URL']}/jpm/v2/tenant/{ENV['TENANT_ID']}/",
            "headers": {"ST-App-Key": ENV["APP_KEY"]},
            "auth": {"type": "bearer", "token": token()},
            "paginator": {"type": "page_number", "base_page": 1, "total_path": None, "has_more_path": "hasMore"},
        },
        "resources": [{
            "name": "jobs",
            "primary_key": "id",
            # An empty table, which takes least of it.
            "write_disposition": "append",
            # Lists and records stay in their row.
            "max_table_nesting": 0,
            "endpoint": {"path": "jobs", "params": {"pageSize": PAGE}, "data_selector": "data"},
        }],
    })
    if DATABASE.startswith("sqlite"):
        destination = dlt.destinations.sqlalchemy(DATABASE)
    else:
        destination = dlt.destinations.postgres(DATABASE)
    pipeline = dlt.pipeline("compare", destination=destination, dataset_name="main" if "sqlite" in DATABASE else "dlt",
                            pipelines_dir=os.path.join(os.getcwd(), "dlt"))
    began = time.monotonic()
    pipeline.run(source).raise_on_failed_jobs()
    took = time.monotonic() - began
    return pipeline.last_trace.last_normalize_info.row_counts["jobs"], took


def with_servicepytan():
    import pandas
    import sqlalchemy
    from servicepytan.requests import Endpoint

    connection = {"SERVICETITAN_" + name: value for name, value in ENV.items()}
    connection |= {"auth_root": ENV["AUTH_URL"], "api_root": ENV["API_URL"], "SERVICETITAN_TIMEZONE": "UTC"}
    engine = sqlalchemy.create_engine(DATABASE.replace("postgresql:", "postgresql+psycopg2:"))
    began = time.monotonic()
    frame = pandas.DataFrame(Endpoint("jpm", "jobs", connection).get_all({"pageSize": str(PAGE)}))
    for column in frame.columns:
        if frame[column].map(lambda value: isinstance(value, (dict, list))).any():
            frame[column] = frame[column].map(json.dumps)
    frame.to_sql("jobs", engine, if_exists="replace", index=False, chunksize=1_000)
    return len(frame), time.monotonic() - began


records, seconds = {"dlt": with_dlt, "servicepytan": with_servicepytan}[TOOL]()
print(json.dumps({"records": records, "seconds": round(seconds, 2)}))
