"""Settings that come from environment variables. An empty variable is one that is not set."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from ipaddress import ip_address
from typing import TypeVar, get_args

from jackd.config.problem import Problem
from jackd.config.reading import Wrong
from jackd.config.settings import Environment, EnvironmentName, LogLevel

T = TypeVar("T")

MAX_TIMEOUT_MS = 600_000

_WORDS = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}


def read_environment(environ: Mapping[str, str], problems: list[Problem]) -> Environment:
    """What ``environ`` says; what is wrong in it is added to ``problems``."""

    def take(variable: str, check: Callable[[str], T], default: T) -> T:
        text = environ.get(variable, "").strip()
        try:
            return check(text) if text else default
        except Wrong as error:
            problems.append(Problem(file="environment", path=variable, message=str(error)))
            return default

    unset = Environment()
    return Environment(
        port=take("PORT", _integer(1, 65535), unset.port),
        host=take("HOST", _address, unset.host),
        log_level=take("LOG_LEVEL", _one_of(get_args(LogLevel)), unset.log_level),
        environment=take("ENVIRONMENT", _one_of(get_args(EnvironmentName)), unset.environment),
        http_timeout_ms=take("HTTP_TIMEOUT_MS", _integer(1, MAX_TIMEOUT_MS), unset.http_timeout_ms),
        enable_logs=take("ENABLE_LOGS", _boolean, unset.enable_logs),
    )


def _integer(least: int, most: int) -> Callable[[str], int]:
    def check(text: str) -> int:
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else least - 1
        if not least <= number <= most:
            raise Wrong(f"must be a whole number from {least} to {most}")
        return number

    return check


def _one_of(choices: tuple[T, ...]) -> Callable[[str], T]:
    words = {str(choice): choice for choice in choices}

    def check(text: str) -> T:
        if text.lower() not in words:
            raise Wrong(f"must be one of {', '.join(words)}")
        return words[text.lower()]

    return check


def _boolean(text: str) -> bool:
    if text.lower() not in _WORDS:
        raise Wrong("must be true or false")
    return _WORDS[text.lower()]


def _address(text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError:
        raise Wrong("must be the IP address to listen on; without it jack listens on all") from None
