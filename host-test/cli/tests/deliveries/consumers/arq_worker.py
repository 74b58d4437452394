"""A worker of arq that dedupes by the event's id."""

import json
import os

from arq.connections import RedisSettings
from ledger import Ledger

ledger = Ledger(os.environ["CONSUMER_LEDGER"])


async def on_event(context, event):
    ledger.take(event)


class WorkerSettings:
    functions = [on_event]
    redis_settings = RedisSettings.from_dsn(os.environ["CONSUMER_REDIS"])
    job_serializer = lambda job: json.dumps(job, default=str).encode()
    job_deserializer = json.loads
    poll_delay = 0.1
    # What a worker had begun when it ended is begun again after that.
    job_timeout = 5
