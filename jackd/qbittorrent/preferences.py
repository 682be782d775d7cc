"""``app/*``: what a client asks about the program itself, and the settings it believes to see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from jackd.model.errors import Forbidden
from jackd.qbittorrent.calls import Actions, Answer, Call

VERSION = "v4.6.7"
WEBAPI_VERSION = "2.9.3"
"""Below 2.11 the states are ``paused…``; from 2.6.1 on the *arrs import from ``content_path``."""

BUILD: Mapping[str, Any] = {
    "bitness": 64,
    "boost": "1.86.0",
    "libtorrent": "1.2.19.0",
    "openssl": "3.0.15",
    "qt": "6.7.3",
    "zlib": "1.3.1",
}

_OFF = """
    add_trackers_enabled alternative_webui_enabled announce_to_all_trackers anonymous_mode auto_tmm_enabled
    autorun_enabled autorun_on_torrent_added_enabled block_peers_on_privileged_ports
    bypass_auth_subnet_whitelist_enabled bypass_local_auth category_changed_tmm_enabled dont_count_slow_torrents
    dyndns_enabled embedded_tracker_port_forwarding enable_coalesce_read_write enable_embedded_tracker
    enable_multi_connections_from_same_ip enable_piece_extent_affinity enable_upload_suggestions
    excluded_file_names_enabled idn_support_enabled incomplete_files_ext ip_filter_enabled ip_filter_trackers
    limit_tcp_overhead lsd mail_notification_auth_enabled mail_notification_enabled mail_notification_ssl_enabled
    max_ratio_enabled max_seeding_time_enabled performance_warning pex preallocate_all proxy_auth_enabled
    proxy_peer_connections proxy_torrents_only random_port reannounce_when_address_changed
    recheck_completed_torrents resolve_peer_countries rss_auto_downloading_enabled rss_processing_enabled
    save_path_changed_tmm_enabled scheduler_enabled start_paused_enabled temp_path_enabled
    torrent_changed_tmm_enabled upnp use_category_paths_in_manual_mode use_https web_ui_reverse_proxy_enabled
    web_ui_secure_cookie_enabled web_ui_upnp web_ui_use_custom_http_headers_enabled
"""

_ON = """
    announce_to_all_tiers dht limit_lan_peers limit_utp_rate proxy_hostname_lookup queueing_enabled
    rss_download_repack_proper_episodes ssrf_mitigation validate_https_tracker_certificate
    web_ui_clickjacking_protection_enabled web_ui_csrf_protection_enabled web_ui_host_header_validation_enabled
"""

_EMPTY = """
    add_trackers alternative_webui_path announce_ip autorun_on_torrent_added_program autorun_program banned_IPs
    bypass_auth_subnet_whitelist current_interface_address current_network_interface dyndns_domain dyndns_password
    dyndns_username excluded_file_names export_dir export_dir_fin ip_filter_path mail_notification_email
    mail_notification_password mail_notification_sender mail_notification_smtp mail_notification_username
    proxy_password proxy_username rss_smart_episode_filters save_path temp_path web_ui_custom_http_headers
    web_ui_https_cert_path web_ui_https_key_path web_ui_reverse_proxies_list web_ui_username
"""

_NUMBERS = """
    alt_dl_limit=10240 alt_up_limit=10240 async_io_threads=10 auto_delete_mode=0 bittorrent_protocol=0
    checking_memory_use=32 connection_speed=30 disk_cache=-1 disk_cache_ttl=60 disk_io_read_mode=1 disk_io_type=0
    disk_io_write_mode=1 disk_queue_size=1048576 dl_limit=0 dyndns_service=0 embedded_tracker_port=9000
    encryption=0 file_pool_size=5000 hashing_threads=1 listen_port=0 max_active_checking_torrents=1
    max_active_downloads=3 max_active_torrents=-1 max_active_uploads=0 max_concurrent_http_announces=50
    max_connec=500 max_connec_per_torrent=100 max_ratio=-1 max_ratio_act=0 max_seeding_time=-1 max_uploads=20
    max_uploads_per_torrent=4 memory_working_set_limit=512 outgoing_ports_max=0 outgoing_ports_min=0 peer_tos=4
    peer_turnover=4 peer_turnover_cutoff=90 peer_turnover_interval=300 proxy_port=8080 proxy_type=0
    refresh_interval=1500 request_queue_size=500 rss_max_articles_per_feed=50 rss_refresh_interval=30
    save_resume_data_interval=60 schedule_from_hour=8 schedule_from_min=0 schedule_to_hour=20 schedule_to_min=0
    scheduler_days=0 send_buffer_low_watermark=10 send_buffer_watermark=500 send_buffer_watermark_factor=50
    slow_torrent_dl_rate_threshold=2 slow_torrent_inactive_timer=60 slow_torrent_ul_rate_threshold=2
    socket_backlog_size=30 stop_tracker_timeout=5 up_limit=0 upload_choking_algorithm=1 upload_slots_behavior=0
    upnp_lease_duration=0 utp_tcp_mixed_mode=0 web_ui_ban_duration=3600 web_ui_max_auth_fail_count=5
    web_ui_port=5225 web_ui_session_timeout=604800
"""

_OTHERS: Mapping[str, Any] = {
    "locale": "en",
    "proxy_ip": "",
    "resume_data_storage_type": "SQLite",
    "scan_dirs": {},
    "torrent_content_layout": "Original",
    "torrent_stop_condition": "None",
    "web_ui_address": "*",
    "web_ui_domain_list": "*",
}


def _defaults() -> dict[str, Any]:
    numbers = (pair.partition("=") for pair in _NUMBERS.split())
    return {
        **dict.fromkeys(_OFF.split(), False),
        **dict.fromkeys(_ON.split(), True),
        **dict.fromkeys(_EMPTY.split(), ""),
        **{name: int(value) for name, _, value in numbers},
        **_OTHERS,
    }


DEFAULTS: Mapping[str, Any] = dict(sorted(_defaults().items()))
"""
All settings of qBittorrent 4.5. Those that the *arrs judge a client by are safe (F64): no limit whose end removes a
torrent, queueing and DHT on. ``save_path`` is filled in for each account.
"""


class Program:
    """``app/*``."""

    actions: ClassVar[Actions] = Actions()

    def __init__(self, completed_path: str) -> None:
        self._completed_path = completed_path

    @actions.read("app/version")
    async def version(self, call: Call) -> Answer:
        """The qBittorrent that jack behaves like."""
        return VERSION

    @actions.read("app/webapiVersion")
    async def api_version(self, call: Call) -> Answer:
        """What the *arrs choose their ways by."""
        return WEBAPI_VERSION

    @actions.read("app/buildInfo")
    async def build(self, call: Call) -> Answer:
        """Of that qBittorrent."""
        return BUILD

    @actions.read("app/preferences")
    async def preferences(self, call: Call) -> Answer:
        """:data:`DEFAULTS` with the folder as the account names it."""
        return {**DEFAULTS, "save_path": call.view.path(self._completed_path)}

    @actions.change("app/setPreferences")
    async def set_preferences(self, call: Call) -> Answer:
        """Taken and forgotten, also when ``json`` is none: jack's settings are in its own configuration."""
        call.need("json")
        return ""

    @actions.read("app/defaultSavePath")
    async def save_path(self, call: Call) -> Answer:
        """As the account names it."""
        return call.view.path(self._completed_path)

    @actions.read("app/networkInterfaceList", "app/networkInterfaceAddressList")
    async def interfaces(self, call: Call) -> Answer:
        """None of a client's business."""
        return []

    @actions.change("app/shutdown")
    async def shutdown(self, call: Call) -> Answer:
        """Refused."""
        raise Forbidden("jack is stopped where it was started, not from here.")
