"""A stand-in for jack's own two dialects: just enough for what an *arr asks when it tests, grabs, polls and deletes."""

from __future__ import annotations

import json
from typing import Any

from klein import Klein
from twisted.web.resource import IResource

CAPS = b"""<caps><server title="jack"/><limits default="100" max="100"/><searching>
<search available="yes" supportedParams="q"/>
<movie-search available="yes" supportedParams="q,imdbid,tmdbid"/>
<tv-search available="yes" supportedParams="q,season,ep,tvdbid,imdbid,tmdbid"/></searching>
<categories><category id="2000" name="Movies"/><category id="5000" name="TV"/></categories></caps>"""
ITEM = """<item><title>{0}</title><guid>guid:{0}</guid><pubDate>Sat, 14 Nov 2026 10:00:00 +0000</pubDate>
<enclosure url="http://jack.test:5225/torznab/download/{0}.torrent" length="1000" type="application/x-bittorrent"/>
<torznab:attr name="size" value="1000"/><torznab:attr name="seeders" value="1"/></item>"""
RSS = '<rss version="2.0" xmlns:torznab="http://torznab.com/schemas/2015/feed"><channel>{}</channel></rss>'
NETLOC = "jack.test:5225"
BASE_URL = f"http://{NETLOC}"


class StandIn:
    """
    :ivar titles: what any search offers, unless it stands in ``answers``.
    :ivar answers: titles by what a search's URL ends with.
    :ivar password: the only login.
    :ivar torrents: what ``torrents/info`` lists.
    :ivar calls: method and path of all that was asked of the qBittorrent side.
    :ivar events: what webhooks told; answered with ``webhook_status``.
    :ivar queries: the query strings of all searches, caps left out.
    """

    def __init__(self, *titles: str, password: str = "sesame") -> None:
        self.titles = list(titles)
        self.answers: dict[str, list[str]] = {}
        self.password = password
        self.caps = CAPS
        self.torrents: list[dict[str, Any]] = []
        self.categories: dict[str, Any] = {}
        self.calls: list[str] = []
        self.queries: list[str] = []
        self.forms: list[dict[bytes, list[bytes]]] = []
        self.refuse_adds = False
        self.events: list[dict[str, Any]] = []
        self.webhook_status = 200
        self.app = Klein()
        self.app.route("/torznab/api", endpoint="torznab")(self._torznab)
        self.app.route("/torznab/download/<name>", endpoint="download")(self._download)
        self.app.route("/webhook/<server>", methods=["POST"], endpoint="webhook")(self._webhook)
        self.app.route("/api/v2/<path:name>", methods=["GET", "POST"], endpoint="qbittorrent")(self._qbittorrent)

    def _webhook(self, request: Any, server: str) -> bytes:
        request.setResponseCode(self.webhook_status)
        self.events.append(json.loads(request.content.read()))
        return b"{}"

    def resource(self) -> IResource:
        return self.app.resource()

    def _torznab(self, request: Any) -> bytes:
        if request.args[b"t"] == [b"caps"]:
            return self.caps
        query = request.uri.decode().partition("?")[2]
        self.queries.append(query)
        titles = next((found for end, found in self.answers.items() if query.endswith(end)), self.titles)
        return RSS.format("".join(map(ITEM.format, titles))).encode()

    def _download(self, request: Any, name: str) -> bytes:
        if name.startswith("gone"):
            request.setResponseCode(404)
            return b""
        head = f"d4:infod6:lengthi1000e4:name{len(name)}:{name}12:piece lengthi16384e6:pieces20:".encode()
        return head + b"x" * 20 + b"ee"

    def _qbittorrent(self, request: Any, name: str) -> bytes:
        self.calls.append(f"{request.method.decode()} {name}")
        if name == "auth/login":
            good = request.args[b"password"] == [self.password.encode()]
            request.setHeader("set-cookie", "SID=abc; HttpOnly; path=/")
            return b"Ok." if good else b"Fails."
        if request.getHeader("cookie") != "SID=abc":
            request.setResponseCode(403)
            return b"Forbidden"
        return self._session(name, request)

    def _session(self, name: str, request: Any) -> bytes:
        if request.method == b"POST":
            self.forms.append(dict(request.args))
        if name == "torrents/createCategory":
            self.categories[request.args[b"category"][0].decode()] = {"name": "", "savePath": ""}
        if name == "torrents/delete":
            gone = request.args[b"hashes"][0].decode()
            self.torrents = [t for t in self.torrents if t["hash"] != gone]
        preferences = {"max_ratio_enabled": False, "max_seeding_time_enabled": False, "max_ratio_act": 0, "dht": True}
        answers = {
            "app/webapiVersion": "2.9.3",
            "app/preferences": json.dumps(preferences),
            "torrents/categories": json.dumps(self.categories),
            "torrents/info": json.dumps(self.torrents),
            "torrents/add": "Fails." if self.refuse_adds else "Ok.",
        }
        return answers.get(name, "").encode()
