"""Bob without an *arr: he searches and grabs with his own key, by the standard library alone."""

from __future__ import annotations

import json
import re
import urllib.parse
import urllib.request
from html import unescape
from typing import Any

from tests.integration.daemon import Daemon


class Operator:
    """Blocking: call it in a thread while the fakes live on the reactor."""

    def __init__(self, jack: Daemon) -> None:
        self._jack = jack

    def links(self, query: str = "t=movie") -> list[str]:
        """The torrent links that a search offers."""
        feed = self._jack.get(f"/torznab/api?{query}&apikey={self._jack.key}").decode()
        return [unescape(link) for link in re.findall(r'<enclosure url="([^"]+)"', feed)]

    def grab(self, link: str) -> str:
        """Add a link; the hash of its download."""
        before = {row["hash"] for row in self.rows()}
        assert self.post("torrents/add", urls=link) == b"Ok."
        [new] = {row["hash"] for row in self.rows()} - before
        return str(new)

    def rows(self) -> list[dict[str, Any]]:
        """All downloads."""
        rows: list[dict[str, Any]] = json.loads(self.post("torrents/info"))
        return rows

    def row(self, hash: str) -> dict[str, Any]:
        """One of them."""
        return next(row for row in self.rows() if row["hash"] == hash)

    def post(self, route: str, **form: str) -> bytes:
        """One call of the qBittorrent dialect; the operator's name and key go with it."""
        request = urllib.request.Request(f"{self._jack.url}/api/v2/{route}", urllib.parse.urlencode(form).encode())
        request.add_header("Authorization", f"Bearer {self._jack.key}")
        with urllib.request.urlopen(request, timeout=10) as answer:
            body: bytes = answer.read()
            return body
