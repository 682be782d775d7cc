"""The values that everything else talks about: items, releases, queries, peers, downloads, errors. No I/O here."""
