"""
A *jack* lets friends share media libraries through the arr stack they already run.

To your Radarr and Sonarr it looks like a Torznab indexer and a qBittorrent download client; to a friend's jack
it is a peer that answers searches and serves files. Start reading at :mod:`jackd.assembly`, the wiring diagram.
"""

__version__ = "0.1.0"
