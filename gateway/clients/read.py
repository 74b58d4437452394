"""What the Python library ServicePytan reads and writes, as text: the same from the vendor and through the gateway.

Arguments: the base URL, the client secret, the tenant.
"""

import json
import sys

from servicepytan.auth import servicepytan_connect
from servicepytan.requests import Endpoint

base, secret, tenant = sys.argv[1:]
# Before the library is told where to go: without an own id and key it looks for others.
connection = servicepytan_connect(
    app_key="ak1.simulated-key", tenant_id=tenant, client_id="cid.simulated", client_secret=secret, timezone="UTC"
)
connection["auth_root"] = connection["api_root"] = base


def tell(what, value):
    print(what, json.dumps(value, sort_keys=True))


jobs = Endpoint("jpm", "jobs", connection)
page = jobs.get_many({"page": 2, "pageSize": 3, "includeTotal": "true"})
tell("page", page)
tell("one", jobs.get_one(page["data"][0]["id"]))
every = jobs.get_all({"pageSize": 500})
tell("all", every)
tell("filtered", jobs.get_all({"jobStatus": "Completed", "createdOnOrAfter": "2025-06-01", "pageSize": 200}))
tell("export", Endpoint("jpm", "export", connection).export_one("jobs"))
customers = Endpoint("crm", "customers", connection)
tell("customers", customers.get_many({"pageSize": 5}))
tell("note", sorted(customers.get_one(customers.get_many()["data"][0]["id"], modifier="notes")))
tell("calls", Endpoint("telecom", "calls", connection).get_many({"pageSize": 2}))
print(len(every), "jobs,", len({job["id"] for job in every}), "ids", file=sys.stderr)
