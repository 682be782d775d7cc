"""The indexer that Radarr and Sonarr search (Torznab 1.3, as they speak it)."""
