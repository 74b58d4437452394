"""The component's log lines, as records of `logging.getLogger("penstock")`."""

from __future__ import annotations

import json
import logging

logger = logging.getLogger("penstock")

LEVELS = {"error": logging.ERROR, "warn": logging.WARNING, "info": logging.INFO, "debug": logging.DEBUG}


def least() -> str:
    """The least level that anybody would see: what is below it is not written at all."""
    return next((name for name in ("debug", "info", "warn") if logger.isEnabledFor(LEVELS[name])), "error")


class Lines:
    """Takes what the component writes, and hands on whole lines."""

    def __init__(self) -> None:
        self._rest = b""

    def write(self, some: bytes) -> None:
        """Takes some bytes."""
        *lines, self._rest = (self._rest + some).split(b"\n")
        for line in lines:
            _log(line.decode("utf-8", "replace"))


def _log(line: str) -> None:
    try:
        said = json.loads(line)
        level = LEVELS[said.pop("level")]
        said.pop("ts", None)
        event = said.pop("event")
    except (ValueError, KeyError, TypeError, AttributeError):
        logger.error("%s", line)
        return
    logger.log(level, "%s %s", event, " ".join(f"{key}={value}" for key, value in said.items()), extra={"penstock": said})
