"""The generated package at work: reads all pages of a list, and creates something once.

usage: read.py CLIENT: the folder of the package. GATEWAY and KEY are in the environment: a URL and an API key.
"""

import importlib
import os
import pathlib
import sys
import uuid

folder = pathlib.Path(sys.argv[1]).resolve()
sys.path.insert(0, str(folder.parent))
package = importlib.import_module(folder.name)
client = package.AuthenticatedClient(base_url=os.environ["GATEWAY"], token=os.environ["KEY"])


def of(module, operation):
    return importlib.import_module(f"{folder.name}.api.servicetitan_{module}.servicetitan_{module}_{operation}")


def sure(response, status=200):
    if response.status_code != status:
        sys.exit(f"{response.status_code}: {response.content[:1000]}")
    return response.parsed


jobs, pages, more = set(), 0, {}
while True:
    listed = of("jpm", "jobs_list")
    page = sure(listed.sync_detailed("default", client=client, page_size=300, include_total=True, **more))
    jobs.update(job.id for job in page.data)
    pages += 1
    if not page.page.has_more:
        break
    more = {"resume": page.resume}
if pages < 2 or len(jobs) != page.page.total_count:
    sys.exit(f"{len(jobs)} jobs of {page.page.total_count} in {pages} pages")

create, listed = of("crm", "customers_create_note"), of("crm", "customers_notes_list")
Note = importlib.import_module(f"{folder.name}.models").ServicetitanCrmCreateCustomerNote


def notes():
    return sure(listed.sync_detailed("default", 100001, client=client, include_total=True)).page.total_count


def made(text, status=200):
    note = Note(text=text, pin_to_top=False)
    response = create.sync_detailed("default", 100001, client=client, body=note, idempotency_key=key)
    return sure(response, status), response.headers.get("Idempotency-Replayed")


before, key = notes(), str(uuid.uuid4())
first, second = made("from Python"), made("from Python")
if first[0] != second[0] or (first[1], second[1]) != (None, "true") or notes() != before + 1:
    sys.exit(f"not made once: {first} {second}")
refused, _ = made("something else", 422)
if refused.type_.value != "urn:penstock:gateway:idempotency-key-reused":
    sys.exit(f"taken for the same: {refused}")
print(f"Python: {len(jobs)} jobs in {pages} pages, one note by two requests")
