"""The HTTP around the fake *arrs' API: the key, the URL base, JSON in and out."""

from __future__ import annotations

import json
from typing import Any

from twisted.web import server
from twisted.web.resource import Resource

from tests.fakes.arr_providers import Refused


class Gate(Resource):
    """What stands before the API: the start page, the URL base, the key."""

    isLeaf = True

    def __init__(self, arr: Any) -> None:
        super().__init__()
        self._arr = arr

    def render(self, request: server.Request) -> Any:
        arr, path = self._arr, request.path.decode()
        if arr.starting:
            return reply_json(request, {"errorMessage": "Starting up"}, 503)
        if not path.startswith(f"{arr.url_base}/"):
            request.redirect(f"{arr.url_base}{path}".encode())
            request.setResponseCode(307)
            return b""
        del request.postpath[: arr.url_base.count("/")]
        path = path.removeprefix(arr.url_base).removeprefix("/api/v3")
        if request.getHeader("x-api-key") != arr.key:
            request.setResponseCode(401)
            return b""
        arr.requests.append((request.method.decode(), path, _recorded(request)))
        asked = request.uri.decode().removeprefix(arr.url_base).removeprefix("/api/v3")
        found = arr.overrides.get(asked) or arr.overrides.get(path)
        if found:
            status, kind, body = found
            request.setResponseCode(status)
            request.setHeader("content-type", kind)
            return body
        request.setHeader("x-application-version", arr.version)
        return arr.app.resource().render(request)


def record_of(records: dict[int, dict[str, Any]], entry: int) -> dict[str, Any]:
    if entry not in records:
        raise Refused(404, {"message": "NotFound"})
    return records[entry]


def of_series(request: server.Request, records: dict[int, dict[str, Any]]) -> list[dict[str, Any]]:
    query = query_of(request)
    if "seriesId" not in query:
        raise Refused(400, {"message": "seriesId or episodeIds must be provided"})
    return [r for r in records.values() if r["seriesId"] == int(query["seriesId"])]


def query_of(request: server.Request) -> dict[str, str]:
    return {name.decode(): found[0].decode() for name, found in request.args.items()}


def _recorded(request: server.Request) -> Any:
    try:
        return json_of(request)
    except Refused:
        return None


def is_forced(request: server.Request) -> bool:
    return query_of(request).get("forceSave") == "true"


def json_of(request: server.Request) -> Any:
    request.content.seek(0)
    text = request.content.read()
    try:
        return json.loads(text) if text else None
    except ValueError:
        raise Refused(
            400, {"title": "One or more validation errors occurred.", "errors": {"$": ["bad JSON"]}}
        ) from None


def reply_json(request: server.Request, value: Any, status: int = 200) -> bytes:
    request.setResponseCode(status)
    request.setHeader("content-type", "application/json; charset=utf-8")
    return json.dumps(value).encode()


def refuse(request: server.Request, failure: Any) -> bytes:
    return reply_json(request, failure.value.body, failure.value.status)
