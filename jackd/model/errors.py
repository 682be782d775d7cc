"""
Everything that can go wrong, as one tree. A class's docstring is the sentence that the user reads when the error is
raised without one of its own. Features raise; :mod:`jackd.web.router` alone turns errors into HTTP.
"""

from __future__ import annotations


class JackError(Exception):
    """Something went wrong in jack."""

    status = 500
    code = "UNKNOWN_ERROR"

    def __str__(self) -> str:
        return super().__str__() or " ".join((type(self).__doc__ or "").split())


class BadRequest(JackError):
    """The request is not understood."""

    status = 400
    code = "BAD_REQUEST"


class Unauthorized(JackError):
    """The key is missing or wrong."""

    status = 401
    code = "UNAUTHORIZED"


class Forbidden(JackError):
    """The key is not allowed to do this."""

    status = 403
    code = "FORBIDDEN"


class NotFound(JackError):
    """Not found"""

    status = 404
    code = "NOT_FOUND"


class MethodNotAllowed(JackError):
    """Method Not Allowed"""

    status = 405
    code = "METHOD_NOT_ALLOWED"


class Conflict(JackError):
    """That is not possible in the present state."""

    status = 409
    code = "CONFLICT"


class TooLarge(JackError):
    """The request's body is too large."""

    status = 413
    code = "TOO_LARGE"


class UnsupportedMedia(JackError):
    """The file is not one that jack understands."""

    status = 415
    code = "UNSUPPORTED_MEDIA"


class Unavailable(JackError):
    """It can't be done just now; try again later."""

    status = 503
    code = "UNAVAILABLE"

    def __init__(self, message: str = "", *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class TooManyTries(Unavailable):
    """Too many wrong keys came from this address; try again later, with the right one."""

    status = 429
    code = "TOO_MANY_TRIES"


class UpstreamError(JackError):
    """Another server did not do as it should."""

    status = 502
    code = "UPSTREAM_ERROR"


class LibraryUnavailable(UpstreamError):
    """The library's server can't be reached or gave no usable answer."""


class PeerError(UpstreamError):
    """
    A friend's jack failed us.

    :ivar temporary: whether trying again later can help; ``False`` fails a download for good.
    :ivar retry_after: seconds that the peer asked us to wait, if it did.
    """

    def __init__(self, message: str = "", *, temporary: bool = True, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.temporary = temporary
        self.retry_after = retry_after


class PeerRefused(PeerError):
    """The friend's jack does not accept our key."""


class PeerBusy(PeerError):
    """All of the friend's slots are taken, and we have a place in his queue."""


class PeerAway(PeerError):
    """The friend can't be reached, but is expected back; what was grabbed waits for him."""


class AnotherFile(PeerError):
    """The friend has another file now."""


class ItemGone(PeerError):
    """The friend does not share this any more."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message, temporary=False)


class ConfigError(JackError):
    """The configuration is not usable."""
