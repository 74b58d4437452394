"""Everything that changed since the last run, into a file of JSON lines: run it again tomorrow, and it goes on.

The position is written behind each page that is on disk: whenever it is killed, no change is lost.
"""

import asyncio
import dataclasses
import json
from pathlib import Path

from penstock import AsyncServiceTitan

POSITION = Path("jobs.position")
OUTPUT = Path("jobs.ndjson")


async def main() -> None:
    resume = POSITION.read_text(encoding="utf-8") if POSITION.exists() else None
    async with AsyncServiceTitan() as titan:
        jobs = titan.jpm.export.jobs_list(resume=resume)
        with OUTPUT.open("a", encoding="utf-8") as output:
            async for page in jobs.iter_batches():
                output.writelines(json.dumps(dataclasses.asdict(job), default=str) + "\n" for job in page)
                output.flush()
                if jobs.resume:
                    POSITION.write_text(jobs.resume, encoding="utf-8")
        if jobs.end is not None:
            POSITION.write_text(jobs.end.resume, encoding="utf-8")
            print(f"{jobs.end.items} changes")


if __name__ == "__main__":
    asyncio.run(main())
