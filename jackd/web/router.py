"""
jack's Klein: handlers raise :class:`~jackd.model.errors.JackError`, the app's dialect makes the answer of it.

If Klein ever has to go, this file and the decorators' lines are all that change.
"""

from __future__ import annotations

import json
from typing import Any

import orjson
from klein import Klein
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web import server
from werkzeug.exceptions import HTTPException
from werkzeug.exceptions import MethodNotAllowed as NoMethod

from jackd.model import errors
from jackd.model.errors import JackError

log = Logger(namespace="jackd.web")


class Router(Klein):
    """
    A class attribute of an :class:`~jackd.web.site.App`::

        class PeerApp:
            router = Router()

            @router.route("/handshake", methods=["GET"])
            def handshake(self, request: JackRequest) -> bytes: ...

    Handlers may be coroutines. They return the body made by :func:`reply` or :func:`json_reply`.
    """

    def __init__(self) -> None:
        super().__init__()
        self.handle_errors(Exception)(_failed)  # type: ignore[arg-type]


def _failed(app: Any, request: server.Request, failure: Failure) -> bytes:
    error = as_jack_error(failure)
    if error.status >= 500 and not isinstance(failure.value, JackError):
        log.failure("{method} {path} failed", failure, method=request.method, path=request.path)
    body: bytes = app.errors(request, error)
    return body


def as_jack_error(failure: Failure) -> JackError:
    """Any failure of a handler as one of ours; what is not ours tells the caller nothing."""
    if isinstance(failure.value, JackError):
        return failure.value
    if isinstance(failure.value, NoMethod):
        return errors.MethodNotAllowed()
    if isinstance(failure.value, HTTPException) and (failure.value.code or 500) < 500:
        return errors.NotFound() if failure.value.code == 404 else errors.BadRequest()
    return JackError("internal error; the log says more")


def reply(request: server.Request, body: bytes | str, content_type: str, status: int = 200) -> bytes:
    """Set status, type and length; the value is what the handler returns."""
    data = body.encode() if isinstance(body, str) else body
    request.setResponseCode(status)
    request.setHeader("content-type", content_type)
    request.setHeader("content-length", str(len(data)))
    request.setHeader("x-content-type-options", "nosniff")
    return data


def json_reply(request: server.Request, value: object, status: int = 200) -> bytes:
    """``value`` as JSON."""
    return reply(request, as_json(value), "application/json", status)


def as_json(value: object) -> bytes:
    """
    ``value`` in as few bytes as will do. orjson takes a tenth of the time for a long list, which the reactor notices;
    what it refuses (half a surrogate pair from an odd file name, an int of over 64 bits) the standard library takes.
    """
    try:
        return orjson.dumps(value)
    except TypeError:
        return json.dumps(value, separators=(",", ":")).encode()


def json_error(request: server.Request, error: JackError) -> bytes:
    """``{"error": …, "code": …}``: how the peer and the operators' routes say what went wrong."""
    if isinstance(error, errors.Unavailable) and error.retry_after:
        request.setHeader("retry-after", str(int(error.retry_after)))
    return json_reply(request, {"error": str(error), "code": error.code}, error.status)
