"""
What the operator reads: one line an event, for people in development, JSON in production.

twistd asks an application for its observer; :class:`LoggedService` answers it, so ``twistd -n jack`` writes every event
once, in our form. ``--logger`` still wins.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

from twisted.application.service import MultiService
from twisted.internet.error import CannotListenError
from twisted.logger import ILogObserver, LogEvent, Logger, LogLevel, formatEvent
from twisted.python.components import Componentized
from twisted.python.failure import Failure
from twisted.python.logfile import LogFile
from zope.interface import implementer

from jackd.model.secret import Secret
from jackd.ops.redact import masker, one_line

log = Logger(namespace="jackd")

MAX_MESSAGE = 4096
MAX_FIELD = 1024
MAX_TRACEBACK = 16_384
"""Characters; what is longer is cut: a peer's words must not fill the disk."""

THRESHOLDS = {"trace": 0, "debug": 1, "info": 2, "warn": 3, "warning": 3, "error": 4, "fatal": 5, "silent": 6}
"""``LOG_LEVEL`` to the lowest severity that is written."""

_SEVERITY = {LogLevel.debug: 1, LogLevel.info: 2, LogLevel.warn: 3, LogLevel.error: 4, LogLevel.critical: 5}
_NAMES = ("trace", "debug", "info", "warn", "error", "fatal")
_OWN = ("jackd", "stdout", "stderr")
_RESERVED = {"time", "level", "logger", "message", "traceback", "trace", "system", "format", "failure", "why"}
_LEGACY = {"isError", "logLevel"}
_SECRET = {"key", "api_key", "apikey", "password", "token", "secret", "credential"}


class Environment(Protocol):
    """The part of :class:`jackd.config.settings.Environment` that is about logs."""

    @property
    def log_level(self) -> str: ...
    @property
    def environment(self) -> str: ...
    @property
    def enable_logs(self) -> bool: ...


class Writable(Protocol):
    """What lines go to."""

    def write(self, text: str, /) -> object: ...
    def flush(self) -> object: ...


def severity(event: LogEvent) -> int:
    """
    0 (trace) to 5 (fatal). Twisted's own talk about factories, ports and signals, and what Klein says of an URL that is
    not UTF-8, are no more than details.
    """
    if event.get("trace"):
        return 0
    if str(event.get("why") or "").startswith("Invalid encoding in"):
        return 1
    level = _SEVERITY.get(event.get("log_level", LogLevel.info), 2)
    return 1 if level == 2 and _is_foreign(event) else level


def _is_foreign(event: LogEvent) -> bool:
    own = str(event.get("log_namespace", "")).startswith(_OWN)
    return not own or str(event.get("log_format")).startswith(("Starting factory", "Stopping factory"))


@implementer(ILogObserver)
class LineObserver:
    """
    Writes what is severe enough. Neither an event that can't be rendered nor a full disk or a closed stream ever hurts
    who logs (F62).
    """

    def __init__(self, stream: Writable | None, render: Callable[[LogEvent], str], threshold: int) -> None:
        self._stream = stream
        self._render = render
        self._threshold = threshold

    def __call__(self, event: LogEvent) -> None:
        if self._stream is None or severity(event) < self._threshold:
            return
        try:
            self._write(self._render(event) + "\n")
        except (OSError, ValueError):
            return

    def _write(self, text: str) -> None:
        assert self._stream is not None
        try:
            self._stream.write(text)
        except UnicodeError:
            self._stream.write(text.encode("ascii", "backslashreplace").decode())
        self._stream.flush()


def observer_for(environment: Environment, stream: Writable | None, secrets: Iterable[Secret] = ()) -> LineObserver:
    """
    The observer that ``LOG_LEVEL``, ``ENVIRONMENT`` and ``ENABLE_LOGS`` ask for.

    :param secrets: all keys of the configuration; none of them is ever written.
    """
    mask = masker(secrets)
    render = as_json if environment.environment == "production" else as_text
    level = environment.log_level.lower() if environment.enable_logs else "silent"
    return LineObserver(stream, lambda event: render(event, mask), THRESHOLDS.get(level, 2))


def as_text(event: LogEvent, mask: Callable[[str], str]) -> str:
    """``2026-11-21 07:42:07.120 info  jackd.peer  message``, local time; a traceback follows on indented lines."""
    when = datetime.fromtimestamp(event.get("log_time", 0.0)).astimezone()
    head = f"{when:%Y-%m-%d %H:%M:%S}.{when.microsecond // 1000:03d} {_NAMES[severity(event)]:<5} {_logger(event)}"
    lines = [one_line(line, MAX_MESSAGE) for line in mask(_traceback(event)).splitlines()]
    return "\n    ".join([f"{head}  {_message(event, mask)}", *lines])


def as_json(event: LogEvent, mask: Callable[[str], str]) -> str:
    """One object: time, level, logger, message, the event's plain fields, and ``traceback`` for a failure."""
    when = datetime.fromtimestamp(event.get("log_time", 0.0), UTC)
    record = {
        "time": f"{when:%Y-%m-%dT%H:%M:%S}.{when.microsecond // 1000:03d}Z",
        "level": _NAMES[severity(event)],
        "logger": _logger(event),
        "message": _message(event, mask),
        **_fields(event, mask),
    }
    if traceback := mask(_traceback(event)):
        record["traceback"] = traceback
    return json.dumps(record)


def _logger(event: LogEvent) -> str:
    return one_line(str(event.get("log_namespace", "-")), MAX_FIELD)


def _message(event: LogEvent, mask: Callable[[str], str]) -> str:
    failure = _failure(event)
    # Twisted's old log.err puts the traceback into the text, and says why in a field.
    if failure is not None and event.get("log_format") in (None, "", "{log_text}"):
        return one_line(mask(str(event.get("why") or failure.value)), MAX_MESSAGE)
    return one_line(mask(formatEvent(event)), MAX_MESSAGE)


def _failure(event: LogEvent) -> Failure | None:
    found = event.get("log_failure", event.get("failure"))
    return found if isinstance(found, Failure) else None


def _traceback(event: LogEvent) -> str:
    failure = _failure(event)
    try:
        return str(failure.getTraceback())[-MAX_TRACEBACK:].strip() if failure is not None else ""
    except Exception as error:
        return f"(no traceback: {type(error).__name__})"


def _fields(event: LogEvent, mask: Callable[[str], str]) -> dict[str, Any]:
    names = [n for n in event if not n.startswith("log_") and n not in _RESERVED and n not in _LEGACY]
    plain = {name: "***" if name.lower() in _SECRET else _plain(event[name], mask) for name in names}
    return {name: value for name, value in plain.items() if value is not _UNFIT}


_UNFIT = object()


def _plain(value: object, mask: Callable[[str], str]) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if isinstance(value, str | Secret):
        return one_line(mask(str(value)), MAX_FIELD)
    return _UNFIT


class LoggedService(MultiService):
    """
    The whole daemon, with the log observer that it wants: give it to twistd, everything else is its child. When it
    can't listen it ends with one line and exit code 1, instead of staying, deaf (F54).
    """

    def __init__(self, observer: ILogObserver) -> None:
        super().__init__()
        self._observer = observer

    def setServiceParent(self, parent: Any) -> None:
        """Twistd gives the service its application, then asks the application for the observer."""
        if isinstance(parent, Componentized):
            parent.setComponent(ILogObserver, self._observer)
        super().setServiceParent(parent)

    def privilegedStartService(self) -> None:
        try:
            super().privilegedStartService()
        except CannotListenError as error:
            reason = getattr(error.socketError, "strerror", None) or error.socketError
            log.critical(
                "can't listen on {address}: {reason}. Stop what is there, or set PORT or HOST",
                address=f"{error.interface or '*'}:{error.port}",
                reason=str(reason),
            )
            raise SystemExit(1) from None


def stream_for(twistd: Mapping[str, Any]) -> Writable | None:
    """Where twistd's own options (``--logfile``, ``--nodaemon``) want lines to go; ``None`` when stdout is closed."""
    name = twistd.get("logfile") or ""
    if name == "-" or (not name and twistd.get("nodaemon")):
        return sys.stdout
    return LogFile.fromFullPath(name or "jack.log")  # type: ignore[no-any-return]
