"""What a file's bytes must be: a digest of each of its blocks (docs/peer-protocol.rst)."""

from __future__ import annotations

from attrs import field, frozen

DIGEST_BYTES = 32

BLOCK_BYTES = 4 * 1024 * 1024
"""Of every block but the last: what is fetched again when one byte is wrong."""


@frozen(kw_only=True)
class Manifest:
    """
    :ivar size: of the file, bytes.
    :ivar etag: of the content that this is about.
    :ivar root: the digest of ``digests``: stands for the whole content.
    :ivar digests: one after the other, :data:`DIGEST_BYTES` each.
    """

    size: int
    etag: str
    block_size: int = BLOCK_BYTES
    root: bytes
    digests: bytes = field(repr=False)

    @property
    def count(self) -> int:
        """Of the blocks."""
        return block_count(self.size, self.block_size)

    def digest(self, number: int) -> bytes:
        """Of one block, counted from 0."""
        return self.digests[number * DIGEST_BYTES : (number + 1) * DIGEST_BYTES]

    def span(self, number: int) -> tuple[int, int]:
        """Where a block begins, and the offset behind it."""
        start = number * self.block_size
        return start, min(self.size, start + self.block_size)


def block_count(size: int, block_size: int) -> int:
    """How many blocks a file of ``size`` bytes has; the last may be shorter."""
    return -(-size // block_size)
