"""What the operator reads."""

from __future__ import annotations

import io
import json
import sys
from functools import partial

import pytest
from attrs import frozen
from twisted.application.service import Application, Service
from twisted.logger import ILogObserver, Logger, LogLevel, LogPublisher
from twisted.logger._legacy import publishToNewObserver
from twisted.python.failure import Failure
from twisted.python.log import textFromEventDict

from jackd.model.secret import Secret
from jackd.ops.log import MAX_FIELD, MAX_MESSAGE, LoggedService, observer_for, severity, stream_for
from jackd.ops.redact import masked

CANARY = "c4narys3cret0123456789abcdef"


@frozen
class Env:
    log_level: str = "info"
    environment: str = "production"
    enable_logs: bool = True


class Talk:
    """A logger whose lines can be read."""

    def __init__(self, env: Env | None = None, *, namespace: str = "jackd.peer", secrets=()) -> None:
        self.out = io.StringIO()
        self.log = Logger(namespace=namespace, observer=LogPublisher(observer_for(env or Env(), self.out, secrets)))

    @property
    def text(self) -> str:
        return self.out.getvalue()

    @property
    def records(self):
        return [json.loads(line) for line in self.text.splitlines()]


def test_production_is_one_json_object_a_line_with_the_plain_fields():
    talk = Talk()
    talk.log.info("{who} has {n} items", who="Alice", n=3, nested={"a": 1}, data=b"\xff", key="abc")
    (record,) = talk.records
    assert record.pop("time").endswith("Z")
    assert record == {
        "level": "info",
        "logger": "jackd.peer",
        "message": "Alice has 3 items",
        "who": "Alice",
        "n": 3,
        "data": "\ufffd",
        "key": "***",
    }


def test_development_is_one_readable_line():
    talk = Talk(Env(environment="development"))
    talk.log.warn("Bob can't be reached")
    assert talk.text.endswith(" warn  jackd.peer  Bob can't be reached\n")


@pytest.mark.parametrize("environment", ["development", "production"])
def test_a_peers_words_never_make_a_second_record_nor_move_the_cursor(environment):
    """S27"""
    talk = Talk(Env(environment=environment))
    talk.log.info("got {title}", title="a\nb\r\x1b[2J\u202ec\u2028d\x85e")
    assert talk.text.count("\n") == 1
    assert all(c.isprintable() for c in talk.text.rstrip("\n"))


def test_what_is_too_long_is_cut():
    """S27"""
    talk = Talk()
    talk.log.info("got {title}", title="x" * 100_000)
    assert len(talk.records[0]["message"]) < MAX_MESSAGE + 50
    assert len(talk.records[0]["title"]) < MAX_FIELD + 50


@pytest.mark.parametrize("environment", ["development", "production"])
def test_secrets_never_show(environment):
    """S28"""
    talk = Talk(Env(environment=environment, log_level="trace"), secrets=[Secret(CANARY)])
    try:
        raise ValueError(f"GET http://bob:{CANARY}@b.test/?t=caps&apikey={CANARY}&q=1")
    except ValueError:
        talk.log.failure("it failed for {key}", Failure(), key=Secret(CANARY))
    talk.log.info("bare {text} and {s!r}", text=CANARY, s=Secret(CANARY), list=[Secret(CANARY)])
    assert CANARY not in talk.text
    assert "q=1" in talk.text


@pytest.mark.parametrize(
    "text",
    [
        "/torznab/api?t=search&apikey={}&q=a",
        "/download/x.torrent?token={}",
        "X-Api-Key: {}",
        "Headers({{b'X-Api-Key': [b'{}']}})",
        '{{"apiKey": "{}"}}',
        "username=jack&password={}",
        "Cookie: SID={}",
        "Authorization: Bearer {}",
        "https://alice:{}@a.test/",
        "apikey%3D{}%26",
    ],
)
def test_what_looks_like_a_key_is_masked_without_being_known(text):
    """S28"""
    assert CANARY not in masked(text.format(CANARY))
    assert "***" in masked(text.format(CANARY))


def test_minted_keys_are_known_by_their_form():
    assert masked("x jack_managed_" + "a0" * 32 + " y jack_" + "b1" * 32) == "x *** y ***"


def test_levels():
    def seen(level: str) -> list[str]:
        talk = Talk(Env(log_level=level))
        talk.log.debug("t", trace=True)
        for name in ("debug", "info", "warn", "error", "critical"):
            talk.log.emit(LogLevel.lookupByName(name), name)
        return [r["message"] for r in talk.records]

    assert seen("trace") == ["t", "debug", "info", "warn", "error", "critical"]
    assert seen("debug") == ["debug", "info", "warn", "error", "critical"]
    assert seen("info") == ["info", "warn", "error", "critical"]
    assert seen("fatal") == ["critical"]
    assert seen("silent") == []


def test_logs_can_be_switched_off():
    talk = Talk(Env(enable_logs=False))
    talk.log.critical("nobody hears me")
    assert talk.text == ""


def test_a_request_at_trace_says_so():
    talk = Talk(Env(log_level="trace"))
    talk.log.debug("GET /ping", trace=True)
    assert talk.records[0]["level"] == "trace"
    assert "trace" not in talk.records[0]


def test_a_failure_is_one_event_with_its_traceback():
    talk = Talk()
    try:
        raise ZeroDivisionError("by zero")
    except ZeroDivisionError:
        talk.log.failure("{path} failed", path="/x")
    (record,) = talk.records
    assert record["message"] == "/x failed"
    assert record["level"] == "fatal"
    assert "ZeroDivisionError: by zero" in record["traceback"]


def test_for_people_a_traceback_is_indented():
    talk = Talk(Env(environment="development"))
    try:
        raise ZeroDivisionError("by\nzero")
    except ZeroDivisionError:
        talk.log.failure("it failed")
    first, *rest = talk.text.splitlines()
    assert first.endswith("it failed")
    assert rest
    assert all(line.startswith("    ") for line in rest)


def test_old_style_events_of_twisted_are_readable():
    talk = Talk(Env(log_level="debug"))
    say = partial(publishToNewObserver, talk.log.observer, textFromEventDict=textFromEventDict)
    base = {"isError": 0, "system": "-", "time": 1.0}
    say({**base, "message": ("Received SIGTERM, shutting down.",)})
    say({**base, "isError": 1, "message": (), "failure": Failure(ValueError("odd")), "why": "Unhandled in x"})
    said, failed = talk.records
    assert (said["message"], said["level"]) == ("Received SIGTERM, shutting down.", "debug")
    assert (failed["message"], failed["level"]) == ("Unhandled in x", "fatal")
    assert "ValueError: odd" in failed["traceback"]


def test_twisteds_own_talk_is_a_detail():
    assert severity({"log_level": LogLevel.info, "log_namespace": "twisted.internet.tcp.Port"}) == 1
    assert severity({"log_level": LogLevel.warn, "log_namespace": "twisted.internet.tcp.Port"}) == 3
    starting = {
        "log_level": LogLevel.info,
        "log_namespace": "jackd.web.site.Site",
        "log_format": "Starting factory {f}",
    }
    assert severity(starting) == 1
    assert severity({"log_level": LogLevel.critical, "why": "Invalid encoding in PATH_INFO."}) == 1


class Broken(io.StringIO):
    def write(self, text):
        raise OSError(28, "No space left on device")


class Ascii(io.StringIO):
    def write(self, text):
        text.encode("ascii")
        return super().write(text)


def closed():
    stream = io.StringIO()
    stream.close()
    return stream


@pytest.mark.parametrize("stream", [Broken(), closed(), None])
def test_a_full_disk_or_a_closed_stream_hurts_nobody(stream):
    """F62"""
    observer_for(Env(), stream)({"log_level": LogLevel.error, "log_format": "x", "log_time": 1.0})


def test_a_stream_that_knows_ascii_only_gets_ascii():
    out = Ascii()
    talk = observer_for(Env(environment="development"), out)
    talk({"log_level": LogLevel.error, "log_format": "Amélie", "log_time": 1.0, "log_namespace": "jackd"})
    assert "Am\\xe9lie" in out.getvalue()


class Awkward:
    def __repr__(self) -> str:
        raise RuntimeError("no")


def test_an_event_that_can_not_be_rendered_hurts_nobody():
    talk = Talk()
    talk.log.info("{a}", a=Awkward())
    talk.log.info("{missing}")
    assert len(talk.records) == 2


def test_twistd_is_given_our_observer_by_the_service_itself():
    """So that plain ``twistd -n jack`` writes each event once."""
    observer = observer_for(Env(), io.StringIO())
    application = Application("jack")
    root = LoggedService(observer)
    Service().setServiceParent(root)
    root.setServiceParent(application)
    assert application.getComponent(ILogObserver) is observer


def test_twistds_options_name_the_stream(tmp_path, capsys):
    assert stream_for({"nodaemon": True, "logfile": None}) is sys.stdout
    assert stream_for({"nodaemon": False, "logfile": "-"}) is sys.stdout
    file = stream_for({"nodaemon": True, "logfile": str(tmp_path / "jack.log")})
    file.write("Amélie\n")
    file.flush()
    assert (tmp_path / "jack.log").read_text("utf-8") == "Amélie\n"
    file.close()
