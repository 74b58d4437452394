"""The program `penstock tap` as a Tap of Meltano's SDK: discovery and reads are the program's, the messages too."""

import json
import os
import subprocess
import sys
import tempfile

from singer_sdk import Stream, Tap
from singer_sdk.exceptions import RecordsWithoutSchemaException

COMMAND = json.loads(os.environ["PENSTOCK_TAP"])
CATALOG = json.loads(subprocess.run([*COMMAND, "--discover"], check=True, stdout=subprocess.PIPE).stdout)


class PenstockStream(Stream):
    """A stream of the program's catalog."""

    def __init__(self, tap, entry):
        super().__init__(tap, schema=entry["schema"], name=entry["tap_stream_id"])
        self.entry = entry
        self.primary_keys = entry["key_properties"]

    def get_records(self, context):
        """Nothing: the messages are the program's."""
        raise NotImplementedError

    def sync(self, context=None):
        """Lets the program read this stream, and passes its messages on as they are."""
        with tempfile.NamedTemporaryFile("w", suffix=".json") as catalog:
            json.dump({"streams": [self.entry]}, catalog)
            catalog.flush()
            command = [*COMMAND, "--catalog", catalog.name]
            lines = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
        known = set()
        for line in lines:
            message = json.loads(line)
            if message["type"] == "SCHEMA":
                known.add(message["stream"])
                if message["stream"] == self.name:
                    assert message["schema"] == self.entry["schema"], message
            elif message["type"] == "RECORD" and message["stream"] not in known:
                raise RecordsWithoutSchemaException(message["stream"])
            sys.stdout.write(line + "\n")


class PenstockTap(Tap):
    """The tap."""

    name = "tap-penstock"
    config_jsonschema = {"type": "object", "properties": {}}

    def discover_streams(self):
        return [PenstockStream(self, entry) for entry in CATALOG["streams"]]
