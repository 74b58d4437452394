#!/usr/bin/env bash
# moto 5.2.5 (PyPI): a FIFO queue delivers a message again once the first one is deleted; SQS would not for five minutes.
#
# Amazon's developer guide ("Using the message deduplication ID"): within the interval of five minutes messages with an
# ID that was sent are accepted but not delivered, and SQS keeps track of the ID even after the message is received and
# deleted. That is the case that deduplication is for: a webhook that is delivered twice, the second time after the work.
# Seen: moto looks for the ID among the messages that are still there. While the first waits or is in flight the second
# is swallowed; after its deletion, a moment later, the same send is delivered as a new message. Both with an ID that is
# given and with `ContentBasedDeduplication`. A test on moto sees twofold work that SQS prevents, and the other way
# round it shows a deliberate sending-again as working that SQS drops without an error.
#
# Needs Python 3 with venv and the network for the package; no sockets. Exit code 0: as seen.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-cache-dir 'moto[sqs]==5.2.5' boto3==1.44.8
cat >"$folder/finding.py" <<'PYTHON'
import boto3
from moto import mock_aws


@mock_aws
def attempt(by_content):
    client = boto3.client(
        "sqs", region_name="us-east-1", aws_access_key_id="testing", aws_secret_access_key="testing"
    )
    attributes = {"FifoQueue": "true", "ContentBasedDeduplication": str(by_content).lower()}
    queue = client.create_queue(QueueName="hooks.fifo", Attributes=attributes)["QueueUrl"]
    message = {"QueueUrl": queue, "MessageBody": "job 4711 completed", "MessageGroupId": "jobs"}
    if not by_content:
        message["MessageDeduplicationId"] = "evt_1"

    def received():
        return client.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])

    client.send_message(**message)
    client.send_message(**message)
    first = received()
    client.send_message(**message)
    in_flight = received()
    client.delete_message(QueueUrl=queue, ReceiptHandle=first[0]["ReceiptHandle"])
    client.send_message(**message)
    print(f"by {'content' if by_content else 'ID'}: sent twice {len(first)}, in flight {len(in_flight)},",
          f"after the deletion {len(received())}")


attempt(False)
attempt(True)
PYTHON
seen=$("$folder/venv/bin/python" "$folder/finding.py")
printf 'messages received:\n%s\n' "$seen"
[ "$seen" = "by ID: sent twice 1, in flight 0, after the deletion 1
by content: sent twice 1, in flight 0, after the deletion 1" ]
