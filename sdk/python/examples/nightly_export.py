"""Everything that changed since the last run, into a file of JSON lines: run it again tomorrow, and it goes on.

The position is written behind each page that is on disk: whenever it is killed, no change is lost.
"""

import asyncio
import dataclasses
import json
import os
from pathlib import Path

from penstock import AsyncServiceTitan

POSITION = Path("jobs.position")
OUTPUT = Path("jobs.ndjson")


def keep(position: str) -> None:
    """Puts the new position in the place of the old one, whole: a file that was cut off would go on somewhere else."""
    new = POSITION.with_suffix(".new")
    with new.open("w", encoding="utf-8") as file:
        file.write(position)
        file.flush()
        os.fsync(file.fileno())
    new.replace(POSITION)


def kept() -> str | None:
    """Where the last run ended, if there was one."""
    if not POSITION.exists():
        return None
    position = POSITION.read_text(encoding="utf-8").strip()
    if not position:
        # It would be an export from the beginning, behind what is in the file.
        raise SystemExit(f"{POSITION} is empty: delete it, and {OUTPUT}, to export everything anew")
    return position


async def main() -> None:
    resume = kept()
    async with AsyncServiceTitan() as titan:
        jobs = titan.jpm.export.jobs_list(resume=resume)
        with OUTPUT.open("a", encoding="utf-8") as output:
            async for page in jobs.iter_batches():
                output.writelines(json.dumps(dataclasses.asdict(job), default=str) + "\n" for job in page)
                output.flush()
                os.fsync(output.fileno())
                if jobs.resume:
                    keep(jobs.resume)
        if jobs.end is not None:
            keep(jobs.end.resume)
            print(f"{jobs.end.items} changes")


if __name__ == "__main__":
    asyncio.run(main())
