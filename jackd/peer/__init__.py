"""The protocol between jacks, both ends; specified in docs/peer-protocol.rst."""
