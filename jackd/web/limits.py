"""Every limit on what comes in by HTTP, by name. Bytes, seconds, counts."""

MAX_URI = 8192
MAX_HEADERS = 100
MAX_ARGUMENTS = 100
DISCARDED_BODY = 65_536
"""A refused request's body up to this length is read and thrown away; beyond it the connection is closed."""

MAX_BODY = 65_536
MAX_UPLOAD = 262_144
MAX_PARTS = 32

HEADER_SECONDS = 10.0
"""From a request's first line (or a connection's start) to its last header (slowloris)."""

BODY_SECONDS = 30.0
KEEP_ALIVE_SECONDS = 60
MAX_CONNECTIONS = 512
MAX_STRANGERS = 32
"""Connections from one public address on which nobody was let in yet (F19)."""

SLOW_SECONDS = 2.0
"""So long the answer to one wrong key too many is kept back (S6)."""
