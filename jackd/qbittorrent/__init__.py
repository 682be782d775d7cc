"""The download client that Radarr and Sonarr grab with (qBittorrent WebUI API 2.9.3)."""
