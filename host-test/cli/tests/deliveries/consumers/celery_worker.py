"""A worker of Celery 5 that dedupes by the event's id."""

import os

from celery import Celery
from ledger import Ledger

app = Celery("webhooks", broker=os.environ["CONSUMER_REDIS"])
app.conf.update(
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    # Done is what was done, and not what was begun.
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    # What was with the worker when the connection broke comes back after that.
    broker_transport_options={
        "visibility_timeout": 5,
        "unacked_restore_interval": 1,
        "unacked_restore_throttle": 1,
    },
)
ledger = Ledger(os.environ["CONSUMER_LEDGER"])


@app.task(name="hooks.event", ignore_result=True)
def event(event):
    ledger.take(event)
