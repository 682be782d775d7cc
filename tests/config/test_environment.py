"""Environment variables."""

from __future__ import annotations

import pytest

from jackd.config import ConfigErrors, Environment, load


def environment(**environ: str) -> Environment:
    return load(None, environ).environment


def test_all_of_them():
    assert environment(
        PORT="80", HOST="::1", LOG_LEVEL="trace", ENVIRONMENT="production", HTTP_TIMEOUT_MS="1000", ENABLE_LOGS="false"
    ) == Environment(
        port=80, host="::1", log_level="trace", environment="production", http_timeout_ms=1000, enable_logs=False
    )


def test_empty_is_not_set():
    assert (
        environment(PORT="", HOST="", LOG_LEVEL=" ", ENVIRONMENT="", HTTP_TIMEOUT_MS="", ENABLE_LOGS="")
        == Environment()
    )


@pytest.mark.parametrize("level", ["trace", "debug", "info", "warn", "error", "fatal", "silent", "INFO"])
def test_levels(level):
    assert environment(LOG_LEVEL=level).log_level == level.lower()


@pytest.mark.parametrize(
    ("text", "expected"), [("true", True), ("1", True), ("TRUE", True), ("0", False), ("off", False)]
)
def test_booleans(text, expected):
    assert environment(ENABLE_LOGS=text).enable_logs is expected


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PORT", "0"), ("PORT", "65536"), ("PORT", "http"), ("PORT", "-1"), ("PORT", "5225.0"), ("PORT", "٣"),
        ("PORT", "9" * 5000), ("HOST", "localhost"), ("LOG_LEVEL", "verbose"),
        ("ENVIRONMENT", "staging"), ("HTTP_TIMEOUT_MS", "0"), ("ENABLE_LOGS", "maybe"),
    ],
)  # fmt: skip
def test_a_bad_value_is_a_problem(variable, value):
    with pytest.raises(ConfigErrors) as caught:
        load(None, {variable: value})
    assert str(caught.value).startswith(f"environment: {variable}: must be ")
