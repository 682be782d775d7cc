"""
Radarr and Sonarr, over their API v3: their libraries are shared, and jack registers itself in them as an indexer and a
download client, and as a webhook that is told of changes. :mod:`~jackd.arr.client` calls, :mod:`~jackd.arr.wire`
understands the answers, and :mod:`~jackd.arr.radarr` and :mod:`~jackd.arr.sonarr` make a :class:`jackd.ports.Library`
of that; :mod:`~jackd.arr.registration` keeps what :mod:`~jackd.arr.provider` describes in place;
:mod:`~jackd.arr.webhook` listens, and :mod:`~jackd.arr.failures` tells of grabs that failed for good.
"""
