"""How the command line asks a jack: plain blocking HTTP with a deadline, one call at a time; it is no daemon."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http.client import HTTPException, HTTPMessage
from typing import IO, Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from attrs import frozen

from jackd.model.errors import JackError
from jackd.model.secret import Secret

SECONDS = 30.0
MAX_ANSWER = 16 * 1024 * 1024


class CommandFailed(JackError):
    """The command could not be carried out."""


class _NoRedirects(HTTPRedirectHandler):
    """A key must not travel on (F28)."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        return None


@frozen(kw_only=True)
class Reply:
    """Any answer, also an error's."""

    status: int
    type: str
    body: bytes

    @property
    def ok(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """The body as JSON. Raises ``CommandFailed`` for anything else."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise CommandFailed(f"the answer is not JSON; is that a jack? It begins: {self.text[:80]!r}") from None

    def error(self) -> str:
        """What went wrong, in the other's own words where it has some."""
        try:
            return f"{self.status}: {json.loads(self.body)['error']}"
        except (ValueError, KeyError, TypeError, RecursionError):
            return f"{self.status}: {self.text[:200]}".rstrip(": ")


@frozen(kw_only=True)
class Client:
    """
    Asks the jack at ``url``.

    :ivar key: sent as ``X-Api-Key``; can't be replaced by ``headers``.
    :ivar hint: what to do when it does not answer at all.
    :ivar key_hint: what to do when it does not accept the key.
    """

    url: str
    key: Secret | None
    headers: Mapping[str, Secret | str] = {}
    hint: str = ""
    key_hint: str = "Is that the daemon of this configuration? JACK_API_KEY can name another key."

    def ask(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        body: object = None,
        form: Mapping[str, str] | None = None,
    ) -> Reply:
        """
        One request, with a ``body`` of JSON or a ``form``; parameters that are ``None`` are left out. Raises
        ``CommandFailed`` for no answer at all.
        """
        data = urlencode(form) if form is not None else None if body is None else json.dumps(body)
        request = Request(  # noqa: S310 - the scheme is checked
            _url(self.url, path, params), method=method, data=None if data is None else data.encode()
        )
        for name, value in self._headers(headers or {}, body is not None).items():
            request.add_header(name, value)
        try:
            return _answer(request)
        except (URLError, HTTPException, OSError, ValueError) as error:
            reason = getattr(error, "reason", error)
            raise CommandFailed(f"no answer from {self.url}: {reason}. {self.hint}".rstrip()) from None

    def get(self, path: str, params: Mapping[str, object] | None = None) -> Any:
        """The JSON of a good answer. Raises ``CommandFailed`` for any other."""
        return self.good(self.ask("GET", path, params=params)).json()

    def change(self, path: str, form: Mapping[str, str]) -> None:
        """A call of the qBittorrent dialect that changes something. Raises ``CommandFailed`` when it is refused."""
        bearer = {"Authorization": f"Bearer {self.key.reveal()}"} if self.key else {}
        self.good(self.ask("POST", path, headers=bearer, form=form))

    def good(self, reply: Reply) -> Reply:
        """``reply``, if it is a good one. Raises ``CommandFailed`` with what to do."""
        if reply.status in (401, 403):
            raise CommandFailed(f"{self.url} does not accept the key ({reply.status}). {self.key_hint}")
        if not reply.ok:
            raise CommandFailed(reply.error())
        return reply

    def _headers(self, extra: Mapping[str, str], has_body: bool) -> dict[str, str]:
        configured = {n: v.reveal() if isinstance(v, Secret) else v for n, v in self.headers.items()}
        kind = {"Content-Type": "application/json"} if has_body else {}
        key = {"X-Api-Key": self.key.reveal()} if self.key else {}
        return {"Accept": "*/*", **kind, **configured, **extra, **key}


def _url(base: str, path: str, params: Mapping[str, object] | None) -> str:
    if urlsplit(base).scheme not in ("http", "https"):
        raise CommandFailed(f"{base!r} is no http:// or https:// URL")
    query = urlencode({n: v for n, v in (params or {}).items() if v is not None})
    joint = "&" if "?" in path else "?"
    return f"{base.rstrip('/')}/{path.lstrip('/')}{joint + query if query else ''}"


def _answer(request: Request) -> Reply:
    # No proxy from the environment either: the daemon uses none, and keys must not pass one by accident.
    opener = build_opener(ProxyHandler({}), _NoRedirects)
    try:
        with opener.open(request, timeout=SECONDS) as response:
            return _reply(response.status, response.headers, response)
    except HTTPError as error:
        with error:
            return _reply(error.code, error.headers, error)


def _reply(status: int, headers: Any, stream: IO[bytes]) -> Reply:
    body = stream.read(MAX_ANSWER + 1)
    if len(body) > MAX_ANSWER:
        raise CommandFailed(f"the answer is larger than {MAX_ANSWER // 1024 // 1024} MiB")
    return Reply(status=status, type=headers.get("Content-Type", ""), body=body)
