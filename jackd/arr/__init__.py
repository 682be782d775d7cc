"""Radarr and Sonarr as libraries and as destinations: API v3, registration, failed grabs."""
