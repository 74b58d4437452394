"""What the completed jobs of a month come to, by business unit.

Against a simulated ServiceTitan: start `penstock vendor`, put what it prints into the environment, and run this.
"""

import datetime
from collections import defaultdict
from decimal import Decimal

from penstock import CallOptions, PenstockError, ServiceTitan


def main() -> None:
    titan = ServiceTitan()
    month = datetime.datetime(2025, 4, 1, tzinfo=datetime.timezone.utc)
    totals: defaultdict[int | None, Decimal] = defaultdict(Decimal)
    jobs = titan.jpm.jobs.list(
        job_status="Completed",
        completed_on_or_after=month,
        completed_before=month.replace(month=5),
        options=CallOptions(page_size=500),
    )
    try:
        for job in jobs:
            totals[job.business_unit_id] += job.total or Decimal()
    except PenstockError as error:
        print(f"{error.kind}: {error}; go on with resume={error.resume!r}")
        raise
    for unit, total in sorted(totals.items(), key=lambda pair: pair[1], reverse=True):
        print(f"{unit}: {total}")


if __name__ == "__main__":
    main()
