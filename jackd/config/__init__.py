"""
Settings: one file of YAML or JSONC and a few environment variables, checked whole, every error at once.

:mod:`~jackd.config.load` reads the file with :mod:`~jackd.config.yamltree` or :mod:`~jackd.config.jsonc` into one kind
of tree that knows its lines (:mod:`~jackd.config.node`); the blocks (:mod:`~jackd.config.blocks`,
:mod:`~jackd.config.servers`, :mod:`~jackd.config.limits`) walk over it and make
:class:`~jackd.config.settings.Settings` of it.
"""

from jackd.config.default import write_default
from jackd.config.load import find_config, load
from jackd.config.problem import ConfigErrors, Problem
from jackd.config.settings import (
    AutoRegister,
    DownloadSettings,
    Environment,
    ExtraSettings,
    JackSettings,
    LimitSettings,
    SearchSettings,
    ServerSettings,
    Settings,
    TlsSettings,
)

__all__ = [
    "AutoRegister",
    "ConfigErrors",
    "DownloadSettings",
    "Environment",
    "ExtraSettings",
    "JackSettings",
    "LimitSettings",
    "Problem",
    "SearchSettings",
    "ServerSettings",
    "Settings",
    "TlsSettings",
    "find_config",
    "load",
    "write_default",
]
