"""Speaks API v3 of one Radarr or Sonarr."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from jackd.model.errors import LibraryUnavailable
from jackd.web.outgoing import Answer, CallFailed, Outgoing

if TYPE_CHECKING:
    from jackd.config.settings import ServerSettings

API: Final = "/api/v3"
INTERACTIVE_SECONDS: Final = 10.0
"""Deadline of a call that somebody waits for."""

ANSWER_BYTES: Final = 4 << 20
"""Largest other answer; a ``schema`` lists every kind of indexer with all its presets and texts."""

LIBRARY_SECONDS: Final = 120.0
"""Shortest deadline of such a list: a Radarr with 20 000 movies takes 20 s to begin."""

LIBRARY_BYTES: Final = 256 << 20
"""Largest list of movies, series, episodes or history that is read; 256 MiB are about 150 000 movies."""

MAX_MESSAGES: Final = 5
MAX_MESSAGE: Final = 300
"""Of one refusal: how many of the *arr's messages are passed on, and how many characters of each."""

_KEY: Final = "X-Api-Key"
_OURS: Final = {"x-api-key", "accept", "accept-encoding", "content-length", "content-type", "transfer-encoding"}

Params = Mapping[str, str]


class ArrError(LibraryUnavailable):
    """
    The *arr answered with an error.

    :ivar refused_with: its HTTP status.
    :ivar messages: what it says itself, made one line each.
    """

    def __init__(self, status: int, messages: Sequence[str]) -> None:
        self.refused_with = status
        self.messages = tuple(messages)
        super().__init__(f"HTTP {status}: {'; '.join(self.messages) or _meaning(status)}")

    @property
    def is_missing(self) -> bool:
        """Whether what was asked for does not exist."""
        return self.refused_with == 404


class ArrClient:
    """
    One server of the configuration.

    :param timeout: seconds that a background call may take.
    """

    def __init__(self, outgoing: Outgoing, server: ServerSettings, timeout: float) -> None:
        self.server = server
        self._outgoing = outgoing
        self._timeout = timeout
        self._base = server.url.rstrip("/") + API
        extra = {n: v.reveal() for n, v in server.headers.items() if n.lower() not in _OURS}
        self._headers = {**extra, _KEY: server.api_key.reveal(), "Accept": "application/json"}

    async def status(self) -> str:
        """
        The version of the server, once it is sure that it is the program the configuration says.

        :raises LibraryUnavailable: also when another program answers.
        """
        found = await self.get("/system/status", interactive=True)
        name = found.get("appName") if isinstance(found, dict) else None
        if str(name).lower() != self.server.type:
            wanted = self.server.type.capitalize()
            raise LibraryUnavailable(f"{self.server.name} is not {wanted} but {name or 'something unknown'}")
        return str(found.get("version") or "unknown")

    async def get(self, path: str, params: Params | None = None, *, interactive: bool = False) -> Any:
        """The JSON at ``path``. Raises ``ArrError`` or ``LibraryUnavailable``."""
        timeout = min(self._timeout, INTERACTIVE_SECONDS) if interactive else self._timeout
        return _parsed(await self._call("GET", path, params, ANSWER_BYTES, timeout=timeout))

    async def page(self, path: str, params: Params | None = None) -> deque[bytes]:
        """The JSON of a list that may be long: :func:`jackd.arr.lists.elements` parses it, on a thread."""
        timeout = max(self._timeout, LIBRARY_SECONDS)
        return deque((await self._call("GET", path, params, LIBRARY_BYTES, timeout=timeout)).parts)

    async def send(self, method: str, path: str, body: object = None, params: Params | None = None) -> Any:
        """Change something. ``None`` for an empty answer. Raises ``ArrError`` or ``LibraryUnavailable``."""
        answer = await self._call(method, path, params, ANSWER_BYTES, timeout=self._timeout, body=body)
        return _parsed(answer) if answer.body.strip() else None

    async def _call(
        self,
        method: str,
        path: str,
        params: Params | None,
        limit: int,
        *,
        timeout: float,
        body: object = None,
    ) -> Answer:
        try:
            answer = await self._outgoing.call(
                method, self._base + path, headers=self._headers, timeout=timeout, limit=limit, params=params, body=body
            )
        except CallFailed as error:
            raise LibraryUnavailable(f"{self.server.name} can't be reached: {error}") from None
        if not answer.ok:
            raise ArrError(answer.status, messages_of(answer))
        return answer


def messages_of(answer: Answer) -> list[str]:
    """
    What an error answer says, from any of its forms: a list of validation failures, ``ProblemDetails``, ``{"message"}``
    or ``{"errorMessage"}``; the beginning of the body when it is none of them.
    """
    try:
        found = json.loads(answer.body) if answer.body else None
    except (ValueError, RecursionError):
        return [answer.quoted()]
    said = list(_said(found))
    return [_one_line(text) for text in said if text.strip()][:MAX_MESSAGES]


def _said(found: Any) -> Iterator[str]:
    if isinstance(found, list):
        for failure in found:
            yield from _failure(failure)
    elif isinstance(found, dict) and isinstance(found.get("errors"), dict):
        for name, texts in found["errors"].items():
            yield f"{name}: {texts[0] if isinstance(texts, list) and texts else texts}"
    elif isinstance(found, dict):
        yield str(found.get("message") or found.get("errorMessage") or found.get("title") or "")


def _failure(failure: Any) -> Iterator[str]:
    if isinstance(failure, dict) and isinstance(failure.get("errorMessage"), str):
        name = failure.get("propertyName")
        yield f"{name}: {failure['errorMessage']}" if name else failure["errorMessage"]


def _one_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:MAX_MESSAGE]


def _meaning(status: int) -> str:
    if status in (401, 403):
        return "the API key is not accepted"
    if 300 <= status < 400:
        return "it sends us elsewhere; does its URL lack the URL base?"
    return "no reason was given"


def _parsed(answer: Answer) -> Any:
    try:
        return answer.json()
    except CallFailed as error:
        raise LibraryUnavailable(str(error)) from None
