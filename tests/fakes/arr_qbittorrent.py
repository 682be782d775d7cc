"""The *arrs as users of a qBittorrent: their calls in their order, and what they make of the answers."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from attrs import frozen

from tests.fakes.arr_network import Caller, Reply
from tests.fakes.arr_providers import Problem, values

BOUNDARY = "--jack-test-boundary"
STATES = {
    "error": "warning",
    "missingFiles": "warning",
    "stalledDL": "warning",
    "pausedDL": "paused",
    "stoppedDL": "paused",
    **dict.fromkeys(("queuedDL", "checkingDL", "checkingUP", "checkingResumeData", "metaDL"), "queued"),
    **dict.fromkeys(("downloading", "forcedDL", "moving"), "downloading"),
    **dict.fromkeys(("uploading", "stalledUP", "queuedUP", "forcedUP", "pausedUP", "stoppedUP"), "completed"),
}
"""What each of qBittorrent's states is to an *arr. None of them is a failure."""

_FOREVER = 8_640_000
_YEAR = 365 * 24 * 3600


class ClientFailed(Exception):
    """A call that the *arr counts against the download client. ``problem`` is what its Test says of it."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.problem = Problem(name, message)


@frozen(kw_only=True)
class Seen:
    """
    One torrent of a poll.

    :ivar hash: upper case, as the *arr keeps it.
    :ivar output: where the finished files are; ``None`` before, and when ``save_path`` is all there is.
    :ivar removable: whether the *arr may move the files and delete the torrent.
    """

    hash: str
    title: str
    category: str
    status: str
    size: int
    left: int
    eta: int | None
    output: str | None
    message: str
    removable: bool


class QBittorrentClient:
    """
    One configured download client.

    :param sessions: shared by all of a program, by address and login: cookies are kept for ever.
    """

    def __init__(self, app: str, agent_name: str, caller: Caller, entry: dict[str, Any], sessions: dict[str, str]):
        self._media = {"radarr": "movie", "sonarr": "tv"}[app]
        self._sends_basic = app == "radarr"
        self._agent_name = agent_name
        self._caller = caller
        self._sessions = sessions
        self.entry = entry
        s = self.settings = values(entry)
        path = (s["urlBase"] or "").strip("/")
        self._base = f"http{'s' if s['useSsl'] else ''}://{s['host']}:{s['port']}{f'/{path}' if path else ''}/api/v2"
        self._session = f"{self._base}:{s['username']}:{s['password']}"
        self.category = s[f"{self._media}Category"] or ""

    async def test(self) -> list[Problem]:
        """The calls of a Test, one after another; the first that fails ends it."""
        try:
            await self._detect()
            self._check_preferences(await self._json("GET", "/app/preferences"))
            await self._ensure_category()
            await self._json("GET", f"/torrents/info?category={quote(self.category, safe='')}")
        except ClientFailed as error:
            return [error.problem]
        return []

    async def add(self, title: str, torrent: bytes) -> None:
        """Hand over a ``.torrent``. Raises ``ClientFailed`` when it is refused."""
        fields = {"category": self.category} if self.category else {}
        if self.settings["initialState"] in (0, 2):
            paused = "True" if self.settings["initialState"] == 2 else "False"
            fields["stopped" if await self._version() >= (2, 11, 0) else "paused"] = paused
        name = "".join(c if c.isalnum() or c in " .-_()[]" else "+" for c in title) + ".torrent"
        reply = await self._call("POST", "/torrents/add", _multipart(name, torrent, fields), multipart=True)
        if reply.text == "Fails.":
            raise ClientFailed("", "Download client failed to add torrent")

    async def poll(self) -> list[Seen]:
        """What is listed, in our category."""
        version = await self._version()
        preferences = await self._json("GET", "/app/preferences")
        listed = await self._json("GET", f"/torrents/info?category={quote(self.category, safe='')}")
        assert version >= (2, 6, 1), "older servers are not imitated"
        return [self._seen(torrent, preferences) for torrent in listed]

    async def delete(self, hash: str, *, with_files: bool = True) -> None:
        """``hash`` in any case; the field for the files is left out when they are kept."""
        form = {"hashes": hash.lower()}
        await self._call("POST", "/torrents/delete", {**form, "deleteFiles": "true"} if with_files else form)

    def _seen(self, torrent: Mapping[str, Any], preferences: Mapping[str, Any]) -> Seen:
        assert torrent["hash"], "a null hash fails the whole poll"
        status = STATES.get(torrent["state"], "downloading")
        eta = int(torrent["eta"])
        output, message = None, ""
        if status == "completed":
            output = torrent["content_path"]
            if output == torrent["save_path"]:
                output, status, message = None, "warning", "path matches client base directory"
        size = int(torrent["size"])
        return Seen(
            hash=torrent["hash"].upper(),
            title=torrent["name"],
            category=torrent["category"],
            status=status,
            size=size,
            left=int(size * (1 - torrent["progress"])),
            eta=None if eta < 0 or eta > _YEAR or eta == _FOREVER else eta,
            output=output,
            message=message,
            removable=self._removable(torrent, preferences),
        )

    def _removable(self, torrent: Mapping[str, Any], preferences: Mapping[str, Any]) -> bool:
        if not self.entry["removeCompletedDownloads"] or torrent["state"] not in ("pausedUP", "stoppedUP"):
            return False
        limit = torrent.get("ratio_limit", -2)
        if limit >= 0:
            return bool(limit - torrent["ratio"] <= 0.001)
        if limit == -2 and preferences["max_ratio_enabled"]:
            return bool(preferences["max_ratio"] - torrent["ratio"] <= 0.001)
        seeding = torrent.get("seeding_time_limit", -2)
        return bool(seeding >= 0 and torrent.get("seeding_time", 0) >= seeding * 60)

    async def _detect(self) -> None:
        """Without logging in: 403 says that it is there; only then the version is read."""
        reply = await self._send("GET", "/app/webapiVersion", None, {})
        if reply.status >= 400 and reply.status != 403:
            raise ClientFailed("Host", "Unable to connect to qBittorrent")
        if await self._version() < (2, 0):
            raise ClientFailed("Host", "Unsupported version of qBittorrent")

    async def _version(self) -> tuple[int, ...]:
        text = (await self._call("GET", "/app/webapiVersion")).text
        try:
            version = tuple(int(part) for part in text.split("."))
        except ValueError:
            raise ClientFailed("Host", f"no version: {text!r}") from None
        if not 2 <= len(version) <= 4:
            raise ClientFailed("Host", f"no version: {text!r}")
        return version

    def _check_preferences(self, preferences: Mapping[str, Any]) -> None:
        limited = preferences["max_ratio_enabled"] or preferences["max_seeding_time_enabled"]
        if limited and preferences["max_ratio_act"] in (1, 3):
            raise ClientFailed("", "qBittorrent is configured to remove torrents when they reach their ratio limit")

    async def _ensure_category(self) -> None:
        await self._version()
        if self.category in await self._json("GET", "/torrents/categories"):
            return
        await self._call("POST", "/torrents/createCategory", {"category": self.category})
        if self.category not in await self._json("GET", "/torrents/categories"):
            raise ClientFailed(f"{self._media.capitalize()}Category", "Configuration of category failed")

    async def _json(self, method: str, path: str) -> Any:
        reply = await self._call(method, path)
        try:
            return json.loads(reply.body)
        except ValueError:
            raise ClientFailed("Host", f"not JSON: {path}") from None

    async def _call(self, method: str, path: str, body: Any = None, *, multipart: bool = False) -> Reply:
        """Logged in, and once more when the session was lost."""
        if self._session not in self._sessions:
            await self._login()
        reply = await self._send(method, path, body, {"Cookie": self._sessions[self._session]}, multipart)
        if reply.status == 403:
            await self._login()
            reply = await self._send(method, path, body, {"Cookie": self._sessions[self._session]}, multipart)
        if reply.status == 403:
            raise ClientFailed("Username", "Authentication failure")
        if reply.status >= 300:
            raise ClientFailed("Host", f"Unable to connect to qBittorrent: HTTP {reply.status} for {path}")
        return reply

    async def _login(self) -> None:
        """200 and exactly ``Ok.``, or the credentials are taken to be wrong."""
        form = {"username": self.settings["username"], "password": self.settings["password"]}
        reply = await self._send("POST", "/auth/login", form, {})
        cookie = reply.header("set-cookie")
        if reply.status != 200 or reply.text != "Ok.":
            raise ClientFailed("Username", "Authentication failure")
        if cookie is None or "," in cookie:
            raise ClientFailed("Host", "no cookie that can be read")
        self._sessions[self._session] = cookie.split(";")[0]

    async def _send(
        self, method: str, path: str, body: Any, headers: Mapping[str, str], multipart: bool = False
    ) -> Reply:
        sent = {"User-Agent": self._agent_name, "Connection": "close", **headers}
        if self._sends_basic:
            login = f"{self.settings['username']}:{self.settings['password']}".encode()
            sent["Authorization"] = "Basic " + base64.b64encode(login).decode()
        if multipart:
            sent["Content-Type"] = f'multipart/form-data; boundary="{BOUNDARY}"'
        elif body is not None:
            sent["Content-Type"] = "application/x-www-form-urlencoded"
            body = urlencode(body).encode()
        try:
            return await self._caller.call(method, self._base + path, sent, body)
        except Exception as error:
            raise ClientFailed("Host", f"Unable to connect to qBittorrent: {error}") from None


def _multipart(name: str, torrent: bytes, fields: Mapping[str, str]) -> bytes:
    """The torrent first, then the fields in the order given."""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="torrents"; filename="{name}"\r\n'
    parts = [head.encode() + b"Content-Type: application/octet-stream\r\n\r\n" + torrent + b"\r\n"]
    for field, value in fields.items():
        parts.append(f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'.encode())
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()
