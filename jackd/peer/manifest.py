"""A manifest as JSON (docs/peer-protocol.rst), in a worker: that of a long film has megabytes."""

from __future__ import annotations

import binascii
import json
import re

from jackd.model.manifest import BLOCK_BYTES, DIGEST_BYTES, Manifest, block_count
from jackd.peer.page import BadPage, read_json
from jackd.storage.digests import digest
from jackd.web.ranges import strong_etag

ALGORITHM = "blake3"

MAX_REST = 4096
"""Bytes of everything but the digests."""

_ROOT = re.compile(r"[0-9a-fA-F]{64}")


class BadManifest(ValueError):
    """What came breaks the protocol."""


def max_body(size: int) -> int:
    """Bytes that the manifest of a file of ``size`` bytes can have."""
    return block_count(size, BLOCK_BYTES) * DIGEST_BYTES * 4 // 3 + MAX_REST


def write_manifest(manifest: Manifest) -> bytes:
    """The answer's body."""
    members = {
        "size": manifest.size,
        "etag": manifest.etag,
        "algorithm": ALGORITHM,
        "blockSize": manifest.block_size,
        "root": manifest.root.hex(),
        "blocks": binascii.b2a_base64(manifest.digests, newline=False).decode(),
    }
    return json.dumps(members, separators=(",", ":")).encode()


def read_manifest(body: bytes) -> Manifest:
    """
    Raises ``BadManifest``. The digests are cut out before the rest is parsed: a parser that is given megabytes by a
    stranger holds the interpreter for as long as he likes (S19).
    """
    start, end = _blocks(body)
    if len(body) - (end - start) > MAX_REST:
        raise BadManifest("too long")
    try:
        members = read_json(body[:start] + body[end:])
        digests = binascii.a2b_base64(body[start:end], strict_mode=True)
    except (BadPage, binascii.Error) as error:
        raise BadManifest(str(error)) from None
    if not isinstance(members, dict) or members.get("blocks") != "":
        raise BadManifest("not the members of a manifest")
    return _checked(members, digests)


def _blocks(body: bytes) -> tuple[int, int]:
    """Where the text of the digests lies."""
    name = body.find(b'"blocks"')
    opening = body.find(b'"', body.find(b":", name))
    closing = body.find(b'"', opening + 1)
    if min(name, opening, closing) < 0:
        raise BadManifest("no digests")
    return opening + 1, closing


def _checked(members: dict[str, object], digests: bytes) -> Manifest:
    size, etag, root = members.get("size"), members.get("etag"), members.get("root")
    if members.get("algorithm") != ALGORITHM or members.get("blockSize") != BLOCK_BYTES:
        raise BadManifest("another algorithm or block size")
    if type(size) is not int or size < 1 or block_count(size, BLOCK_BYTES) * DIGEST_BYTES != len(digests):
        raise BadManifest("the number of digests does not fit the size")
    if not isinstance(etag, str) or strong_etag(etag) is None:
        raise BadManifest("no strong ETag")
    if not isinstance(root, str) or not _ROOT.fullmatch(root) or digest(digests) != bytes.fromhex(root):
        raise BadManifest("the root is not that of the digests")
    return Manifest(size=size, etag=etag, root=bytes.fromhex(root), digests=digests)
