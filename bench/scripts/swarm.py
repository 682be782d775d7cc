"""
BitTorrent between two, run by the Python that has libtorrent:

swarm.py make FILE TORRENT; swarm.py seed PORT TORRENT FOLDER [TORRENT FOLDER …]; swarm.py fetch TORRENT FOLDER PORT
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import libtorrent

ALONE = {
    "enable_dht": False,
    "enable_lsd": False,
    "enable_natpmp": False,
    "enable_upnp": False,
    "allow_multiple_connections_per_ip": True,
    "enable_outgoing_utp": False,
    "enable_incoming_utp": False,
    "in_enc_policy": 2,
    "out_enc_policy": 2,
    "alert_mask": 0,
}
"""No search for others, no encryption, TCP only: the fastest that it has between two."""


def make(file: str, torrent: str) -> None:
    """Hash ``file``."""
    files = libtorrent.file_storage()
    libtorrent.add_files(files, file)
    maker = libtorrent.create_torrent(files, 4 * 1024 * 1024, libtorrent.create_torrent.v1_only)
    libtorrent.set_piece_hashes(maker, str(Path(file).parent))
    Path(torrent).write_bytes(libtorrent.bencode(maker.generate()))


def session(port: int) -> libtorrent.session:
    """One that listens on ``port``."""
    return libtorrent.session({**ALONE, "listen_interfaces": f"127.0.0.1:{port}"})


def torrent_in(torrent: str, folder: str) -> libtorrent.add_torrent_params:
    """What to add to a session."""
    params = libtorrent.add_torrent_params()
    params.ti = libtorrent.torrent_info(torrent)
    params.save_path = folder
    return params


def seed(port: str, *known: str) -> None:
    """Until it is stopped."""
    ours = session(int(port))
    for torrent, folder in zip(known[::2], known[1::2], strict=True):
        params = torrent_in(torrent, folder)
        params.flags |= libtorrent.torrent_flags.seed_mode
        ours.add_torrent(params)
    while True:
        time.sleep(60)


def fetch(torrent: str, folder: str, port: str) -> None:
    """From the seed on ``port``."""
    ours = session(0)
    handle = ours.add_torrent(torrent_in(torrent, folder))
    handle.connect_peer(("127.0.0.1", int(port)))
    while not handle.status().is_seeding:
        time.sleep(0.02)


if __name__ == "__main__":
    {"make": make, "seed": seed, "fetch": fetch}[sys.argv[1]](*sys.argv[2:])
