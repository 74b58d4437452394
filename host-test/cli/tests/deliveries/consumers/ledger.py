"""What a consumer has handled: a file with a line for each event that it was given."""

import fcntl
import os


class Ledger:
    """Any number of processes may share the file."""

    def __init__(self, path):
        self.path = path
        self.offset = 0
        self.seen = set()

    def take(self, event):
        """Notes an event, and whether it was handled before, and returns once that is on the disk."""
        with open(self.path, "a+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(self.offset)
            self.seen.update(line.split()[1] for line in file.read().decode().splitlines())
            word = "again" if event["id"] in self.seen else "handled"
            file.write(f"{word} {event['id']} {event['data']['number']}\n".encode())
            file.flush()
            os.fsync(file.fileno())
            self.offset = file.tell()
            self.seen.add(event["id"])
