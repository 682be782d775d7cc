"""
From a friend's disk to the completed folder.

:class:`~jackd.transfer.queue.DownloadQueue` keeps the rows and gives out the slots. For each slot a
:class:`~jackd.transfer.job.Job` makes one attempt, file by file: it asks the friend for what is missing
(:mod:`~jackd.transfer.source`), and once it is known what the bytes must be, others who have the same
(:mod:`~jackd.transfer.joining`). Each of them gives a part of it over a :class:`~jackd.transfer.lane.Lane`
(:mod:`~jackd.transfer.lanes`), from which it flows to the disk (:mod:`~jackd.transfer.sink`). Progress becomes durable
now and then (:mod:`~jackd.transfer.checkpoint`) and, when every byte is there, right and synced, the file gets its
final name (:mod:`~jackd.transfer.completed`). What goes wrong becomes a decision in :mod:`~jackd.transfer.retry`.

A name under which a finished file is expected never holds anything else: bytes arrive in
``<completed>/.jack/<hash>/part`` (``1.part`` for the second file, and so on) and are renamed when they are all there
and safe. Each file is, as soon as it is whole; a download is complete when all of its files are.
"""
