"""
Where the *arrs tell of changes: each posts to an address of its own, signed by this install, what became of a movie or
series. Nothing of that is believed but which one it was; that one is read again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar
from urllib.parse import urlencode

import orjson
from twisted.logger import Logger
from twisted.web.resource import IResource
from twisted.web.server import Request

from jackd.arr.changes import told_group
from jackd.model.errors import BadRequest, JackError, Unauthorized
from jackd.ports import Mints
from jackd.web.auth import Account
from jackd.web.request import Head, JackRequest
from jackd.web.router import Router, json_error, json_reply

log = Logger(namespace="jackd.arr")

MAX_EVENT = 2 << 20
"""Bytes of one event; one that tells of a whole series being renamed has some hundred a file."""

PATH = "/webhook"
_PURPOSE = "webhook"


def webhook_url(base_url: str, server: str, mint: Mints) -> str:
    """
    Where that server posts to. The token is a parameter, for those are neither in our logs nor in the *arrs'; it is the
    same after a restart, and opens nothing else.
    """
    token = urlencode({"token": mint.sign(_PURPOSE, server)})
    return f"{base_url.rstrip('/')}{PATH}/{server}?{token}"


class WebhookApp:
    """
    ``/webhook/<server>``.

    :param listeners: by server id, is told each group that changed.
    """

    router: ClassVar[Router] = Router()

    def __init__(self, *, listeners: Mapping[str, Callable[[str], None]], mint: Mints) -> None:
        self._listeners = listeners
        self._mint = mint

    def resource(self) -> IResource:
        """See :class:`~jackd.web.site.App`."""
        return self.router.resource()

    def admit(self, head: Head) -> Account:
        """The token must be the one for that server."""
        server = head.path.removeprefix(f"{PATH}/")
        if server not in self._listeners or not self._mint.verify(_PURPOSE, server, head.query.get("token", "")):
            raise Unauthorized
        return Account(name="webhook", scopes=frozenset(), server=server)

    def errors(self, request: Request, error: JackError) -> bytes:
        """``{"error": …, "code": …}``; the *arr shows it to its owner."""
        return json_error(request, error)

    @router.route("/webhook/<server>", methods=["POST", "PUT"])
    def event(self, request: JackRequest, server: str) -> bytes:
        """One event. What the *arr sends to test the address is one, too."""
        assert request.content is not None
        try:
            found = orjson.loads(request.content.read())
        except orjson.JSONDecodeError:
            raise BadRequest("an event is JSON") from None
        if not isinstance(found, dict):
            raise BadRequest("an event is a JSON object")
        group = told_group(found)
        if group is not None:
            self._listeners[server](group)
        log.debug("{server} tells of {event}", server=server, event=str(found.get("eventType"))[:40])
        return json_reply(request, {})
