from __future__ import annotations

from typing import ClassVar

from twisted.web.server import Request

from jackd.model.errors import JackError, NotFound, Unauthorized
from jackd.web.auth import Account
from jackd.web.forms import read_form
from jackd.web.request import Head, JackRequest
from jackd.web.router import Router, json_error, json_reply
from jackd.web.site import Mount
from tests.support import Web


class Echo:
    router: ClassVar[Router] = Router()
    seen: ClassVar[list[str]] = []

    def resource(self):
        return self.router.resource()

    def admit(self, head: Head) -> Account | None:
        if head.headers.get("x-api-key") != "right":
            raise Unauthorized
        return Account(name="bob", scopes=frozenset())

    def errors(self, request: Request, error: JackError) -> bytes:
        return json_error(request, error)

    @router.route("/echo/form", methods=["POST"])
    def form(self, request: JackRequest) -> bytes:
        form = read_form(request)
        return json_reply(request, {"fields": form.fields, "files": [(f.name, f.data.decode()) for f in form.files]})

    @router.route("/echo/<name>", methods=["GET"])
    async def name(self, request: JackRequest, name: str) -> bytes:
        if name == "missing":
            raise NotFound
        if name == "bug":
            raise ZeroDivisionError("secret detail")
        return json_reply(request, {"name": name, "who": request.account.name, "q": request.head.query})


KEY = {"X-Api-Key": "right"}


def web() -> Web:
    return Web(Mount(["/echo"], Echo()))


def test_answers_and_knows_the_caller():
    got = web().get("/echo/hi?a=1&a=2&b=", headers=KEY)
    assert (got.status, got.json()) == (200, {"name": "hi", "who": "bob", "q": {"a": "1", "b": ""}})


def test_errors_are_the_apps_dialect():
    assert web().get("/echo/missing", headers=KEY).json() == {"error": "Not found", "code": "NOT_FOUND"}
    assert web().get("/nowhere", headers=KEY).status == 404
    assert web().post("/echo/hi", headers=KEY).status == 405


def test_a_bug_tells_the_caller_nothing():
    """F61"""
    got = web().get("/echo/bug", headers=KEY)
    assert got.status == 500
    assert "secret" not in got.text


def test_every_path_is_closed_before_it_is_looked_up():
    """S1"""
    assert [web().get(p).status for p in ("/echo/hi", "/echo/nothing/here", "/nowhere")] == [401, 401, 401]


def test_forms_both_ways():
    got = web().post("/echo/form", headers=KEY, data={"a": "1", "b": "x y"})
    assert got.json() == {"fields": {"a": "1", "b": "x y"}, "files": []}
    got = web().post("/echo/form", headers=KEY, data={"a": "1"}, files={"t": ("n.torrent", b"bytes")})
    assert got.json() == {"fields": {"a": "1"}, "files": [["n.torrent", "bytes"]]}


def test_a_big_body_is_refused_at_its_headers():
    """S17"""
    got = web().post("/echo/form", headers=KEY, data=b"x" * 300_000)
    assert got.status == 413


def test_an_unauthorized_body_is_never_kept():
    got = web().post("/echo/form", data=b"x" * 1000)
    assert got.status == 401
