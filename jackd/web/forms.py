"""Form bodies, url-encoded and multipart, within limits that hold before anything is parsed (S17)."""

from __future__ import annotations

from io import BytesIO
from urllib.parse import parse_qsl

from attrs import field, frozen
from multipart import MultipartError, MultipartParser, parse_options_header

from jackd.model.errors import BadRequest, TooLarge
from jackd.web.limits import MAX_ARGUMENTS, MAX_BODY, MAX_PARTS, MAX_UPLOAD
from jackd.web.request import JackRequest


@frozen(kw_only=True)
class Upload:
    """One file part. ``name`` is what the client called the file: show it, never use it as a path."""

    name: str
    data: bytes


@frozen(kw_only=True)
class Form:
    """``fields`` by name, of several equal names the first; ``files`` under whatever name they came."""

    fields: dict[str, str] = field(factory=dict)
    files: tuple[Upload, ...] = ()


def read_form(request: JackRequest) -> Form:
    """The form in ``request``'s body; an empty one for no body or another type. Raises ``BadRequest``, ``TooLarge``."""
    assert request.content is not None
    kind, options = parse_options_header(request.content_type)
    request.content.seek(0)
    body = request.content.read()
    if kind == "application/x-www-form-urlencoded":
        if len(body) > MAX_BODY:  # undoing escapes is slow
            raise TooLarge(f"a form of this type must have at most {MAX_BODY} bytes")
        return _urlencoded(body)
    if kind == "multipart/form-data" and body:
        return _multipart(body, options.get("boundary", ""))
    return Form()


def _urlencoded(body: bytes) -> Form:
    try:
        pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=MAX_ARGUMENTS)
    except ValueError:
        raise BadRequest("the form can't be read") from None
    return Form(fields=dict(reversed(pairs)))


def _multipart(body: bytes, boundary: str) -> Form:
    fields: dict[str, str] = {}
    files: list[Upload] = []
    try:
        limits = {"content_length": len(body), "part_limit": MAX_PARTS, "disk_limit": 0, "memory_limit": MAX_UPLOAD}
        for part in MultipartParser(BytesIO(body), boundary, spool_limit=MAX_UPLOAD, **limits):
            if part.filename is not None:
                files.append(Upload(name=part.filename, data=part.raw))
            else:
                fields.setdefault(part.name, part.value)
    except (MultipartError, ValueError):
        raise BadRequest("the form can't be read") from None
    return Form(fields=fields, files=tuple(files))
