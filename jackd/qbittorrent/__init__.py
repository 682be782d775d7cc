"""
The WebUI API of qBittorrent 4.6 (``/api/v2``): what Radarr, Sonarr and other tools speak to their download client.

A client logs in (``auth/login``, cookie ``SID``), adds torrent files (``torrents/add``), polls ``torrents/info`` or the
deltas of ``sync/maindata`` and at last deletes. Here every "torrent" is a grab of a friend's file: the torrents that
are taken are jack's own stubs, the numbers shown are those of a :class:`~jackd.model.download.Download`. Status codes,
texts and key sets are the ones that a real qBittorrent was seen to answer with.
"""
