"""``/indexer``, ``/downloadclient`` and ``/notification``: what the *arrs accept, refuse, test and show of them."""

from __future__ import annotations

import copy
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

from attrs import frozen

from tests.fakes.arr_schema import Template

MASK = "********"
_CATEGORY = re.compile(r"([^\\/](/?[^\\/])*)?")
_HOST = re.compile(r"[-_.A-Za-z0-9]+|[0-9a-fA-F:]+")


@frozen
class Problem:
    """One line of a refusal."""

    name: str
    message: str
    warning: bool = False

    def as_json(self, *, with_flag: bool = True) -> dict[str, Any]:
        severity = "warning" if self.warning else "error"
        body = {"propertyName": self.name, "errorMessage": self.message, "severity": severity}
        return {"isWarning": self.warning, **body} if with_flag else body


class Refused(Exception):
    """An error answer; ``body`` is JSON, ``None`` for an empty one."""

    def __init__(self, status: int, body: Any) -> None:
        super().__init__(f"{status} {body}")
        self.status = status
        self.body = body


Test = Callable[[dict[str, Any]], Awaitable[Sequence[Problem]]]


def values(entry: dict[str, Any]) -> dict[str, Any]:
    """The fields by name, as stored."""
    return {f["name"]: f.get("value") for f in entry["fields"]}


class Providers:
    """
    All entries of one sort.

    :param flags: the members that make an entry enabled.
    :param defaults: what an omitted member becomes: what the C# class starts with, not what the interface offers.
    :param test: the program's own Test of an entry.
    :param client_ids: which download clients exist.
    :ivar tested: the names of all entries that a Test was run of, in order.
    """

    def __init__(
        self,
        templates: Sequence[Template],
        flags: Sequence[str],
        defaults: dict[str, Any],
        test: Test,
        client_ids: Callable[[], set[int]],
    ) -> None:
        self._templates = {t.implementation: t for t in templates}
        self._flags = flags
        self._defaults = defaults
        self._test = test
        self._client_ids = client_ids
        self.entries: dict[int, dict[str, Any]] = {}
        self.tested: list[str] = []
        self._next = 1

    def enabled(self, flag: str) -> list[dict[str, Any]]:
        """The entries with that flag."""
        return [e for e in self.entries.values() if e[flag]]

    def named(self, name: str) -> dict[str, Any]:
        """The entry of that name, as stored."""
        return next(e for e in self.entries.values() if e["name"] == name)

    def shown(self, entry: dict[str, Any]) -> dict[str, Any]:
        """As an answer: secrets masked, nulls left out."""
        shown = copy.deepcopy(entry)
        secrets = {s.name for s in self._templates[entry["implementation"]].settings if s.secret}
        for each in shown["fields"]:
            if each["name"] in secrets and each.get("value"):
                each["value"] = MASK
            if each.get("value") is None:
                each.pop("value", None)
        return shown

    def list(self) -> list[dict[str, Any]]:
        """``GET``, sorted by name."""
        return [self.shown(e) for e in sorted(self.entries.values(), key=lambda e: e["name"])]

    def one(self, entry_id: int) -> dict[str, Any]:
        """``GET /{id}``"""
        if entry_id not in self.entries:
            raise Refused(404, {"message": "NotFound"})
        return self.entries[entry_id]

    def schema(self) -> list[dict[str, Any]]:
        """``GET /schema``"""
        return [self._blank(t) for t in self._templates.values()]

    async def create(self, body: Any, *, force: bool) -> dict[str, Any]:
        """``POST``: enabled entries are tested, forced or not; force forgives warnings alone."""
        if not isinstance(body, dict) or body.get("fields") is None:
            raise Refused(400, [Problem("Fields", "'Fields' must not be empty.").as_json(with_flag=False)])
        entry = self._read(body, stored=None)
        if self._on(entry):
            await self._check(entry, force=force, test=True)
        entry["id"] = self._next
        self._next += 1
        self.entries[entry["id"]] = entry
        return self.shown(entry)

    async def update(self, entry_id: int, body: Any, *, force: bool) -> dict[str, Any]:
        """``PUT``: nothing happens without a change; force leaves the test out."""
        stored = self.one(entry_id)
        entry = self._read(body, stored=stored)
        entry["id"] = entry_id
        if entry == stored:
            return self.shown(stored)
        if self._on(entry):
            await self._check(entry, force=force, test=not force)
        self.entries[entry_id] = entry
        return self.shown(entry)

    async def test(self, body: Any) -> None:
        """``POST /test``"""
        stored = self.entries.get(body.get("id", 0))
        await self._check(self._read(body, stored=stored), force=False, test=True)

    def _on(self, entry: dict[str, Any]) -> bool:
        return any(entry[flag] for flag in self._flags)

    async def _check(self, entry: dict[str, Any], *, force: bool, test: bool) -> None:
        problems = list(settings_problems(entry))
        self._raise(problems, force)
        if test:
            self.tested.append(entry["name"])
            self._raise(await self._test(entry), force)

    def _raise(self, problems: Sequence[Problem], force: bool) -> None:
        if any(not p.warning for p in problems) or (problems and not force):
            raise Refused(400, [p.as_json() for p in problems])

    def _read(self, body: dict[str, Any], stored: dict[str, Any] | None) -> dict[str, Any]:
        template = self._templates.get(body.get("implementation") or "")
        problems = list(self._resource_problems(body, template, stored))
        if problems or template is None:
            raise Refused(400, [p.as_json(with_flag=False) for p in problems])
        members = {name: body.get(name, default) for name, default in self._defaults.items()}
        if members["tags"] is None:
            raise Refused(500, {"message": "Object reference not set to an instance of an object"})
        blank = self._blank(template)
        return {**blank, **members, "name": body["name"], "fields": _fields(template, body["fields"], stored)}

    def _resource_problems(self, body: dict[str, Any], template: Template | None, stored: Any) -> Any:
        name = body.get("name") or ""
        others = [e["name"].casefold() for e in self.entries.values() if e is not stored]
        if not name:
            yield Problem("Name", "'Name' must not be empty.")
        if name.casefold() in others:
            yield Problem("Name", "Should be unique")
        if template is None or body.get("configContract") != template.contract:
            yield Problem("Implementation", "'Implementation' must not be empty.")
        if "priority" in self._defaults and not 1 <= body.get("priority", 0) <= 50:
            yield Problem("Priority", "'Priority' must be between 1 and 50.")
        client = body.get("downloadClientId", 0)
        if client and client not in self._client_ids():
            yield Problem("DownloadClientId", "Download Client does not exist")

    def _blank(self, template: Template) -> dict[str, Any]:
        fields = []
        for order, setting in enumerate(template.settings):
            described = {"order": order, "name": setting.name, "privacy": "apiKey" if setting.secret else "normal"}
            fields.append({**described, "value": copy.deepcopy(setting.default)})
        kinds = {"implementation": template.implementation, "implementationName": template.name}
        defaults = {**self._defaults, "tags": []}
        return {
            "name": "",
            **kinds,
            "configContract": template.contract,
            **({"protocol": "torrent"} if "priority" in self._defaults else {}),
            **defaults,
            "fields": fields,
        }


def _fields(template: Template, sent: list[dict[str, Any]], stored: Any) -> list[dict[str, Any]]:
    """A field that was not sent gets the default, not what was stored; a masked one keeps what was stored."""
    given = {f.get("name"): f.get("value") for f in sent}
    kept = values(stored) if stored else {}
    fields = []
    for order, setting in enumerate(template.settings):
        value = given.get(setting.name, setting.default)
        if not setting.accepts(value):
            raise Refused(400, {"message": f"The JSON value of {setting.name} could not be converted", "content": ""})
        if setting.secret and value == MASK:
            value = kept.get(setting.name)
        described = {"order": order, "name": setting.name, "privacy": "apiKey" if setting.secret else "normal"}
        fields.append({**described, "value": value})
    return fields


def settings_problems(entry: dict[str, Any]) -> list[Problem]:
    """What is wrong with the settings, without asking anybody."""
    found = values(entry)
    if entry["implementation"] == "Torznab":
        return list(_torznab_problems(found))
    if entry["implementation"] == "QBittorrent":
        return list(_qbittorrent_problems(found))
    if entry["implementation"] == "Webhook" and not urlsplit(found["url"] or "").netloc:
        return [Problem("Url", f"Invalid Url: '{found['url']}'")]
    return []


def _torznab_problems(found: dict[str, Any]) -> Any:
    url = urlsplit(found["baseUrl"] or "")
    if url.scheme not in ("http", "https") or not url.netloc:
        yield Problem("BaseUrl", "Invalid Url: '" + str(found["baseUrl"]) + "'")
    if "://" in (found["apiPath"] or ""):
        yield Problem("ApiPath", "Do not use a URL")
    if not found["categories"] and not found.get("animeCategories"):
        yield Problem("", "'Categories' must be provided")
    if found["additionalParameters"] and not re.fullmatch(r"(&[^=&]+=[^&]*)+", found["additionalParameters"]):
        yield Problem("AdditionalParameters", "Invalid additional parameters")
    if (found["seedCriteria.seedRatio"] or 1) <= 0:
        yield Problem("SeedCriteria.SeedRatio", "Should be greater than zero", warning=True)


def _qbittorrent_problems(found: dict[str, Any]) -> Any:
    if not _HOST.fullmatch(found["host"] or ""):
        yield Problem("Host", "must be valid Host without http://")
    if not 1 <= int(found["port"] or 0) <= 65535:
        yield Problem("Port", "must be between 1 and 65535")
    for name, value in found.items():
        if name.endswith("Category") and not _CATEGORY.fullmatch(value or ""):
            yield Problem(name[0].upper() + name[1:], "Can not contain '\\', '//', or start/end with '/'")
    if found.get("apiKey") and (found["username"] or found["password"]):
        yield Problem("ApiKey", "Either an API key or a user name and password")
