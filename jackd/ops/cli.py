"""The command ``jack``: run the daemon, check its configuration, ask it."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from io import TextIOWrapper

from jackd import __version__
from jackd.model.errors import JackError
from jackd.ops import cli_api, cli_config, cli_downloads, cli_history, cli_search, cli_verify


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code: 0 for done, 1 for failed, 2 for a command that is not understood (argparse's own)."""
    options = parser().parse_args(arguments)
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a title may have characters that the terminal has not
    try:
        code: int = options.command(options)
        sys.stdout.flush()
    except JackError as error:
        print(f"jack: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader (``| head``) has what it wanted; Python would complain once more when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code


def parser() -> ArgumentParser:
    """All commands."""
    top = ArgumentParser(prog="jack", description="Share media libraries with friends through the arrs.")
    config = ArgumentParser(add_help=False)
    config.add_argument("--config", metavar="FILE", help="the configuration (else APP_CONFIG_PATH, …)")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)

    run = commands.add_parser("run", parents=[config], help="run the daemon here; the same as twistd -n jack")
    run.set_defaults(command=run_daemon)
    version = commands.add_parser("version", help="print the version")
    version.set_defaults(command=print_version)
    cli_config.add_to(commands, config)
    cli_api.add_to(commands, config)
    cli_search.add_to(commands, config)
    cli_downloads.add_to(commands, config)
    cli_history.add_to(commands, config)
    cli_verify.add_to(commands, config)
    return top


def run_daemon(options: Namespace) -> int:
    """twistd, in this very process."""
    from twisted.scripts.twistd import run  # noqa: PLC0415 - no other command needs it

    chosen = ["--config", options.config] if options.config else []
    sys.argv = ["twistd", "--nodaemon", "--pidfile=", "jack", *chosen]
    run()
    return 0


def print_version(_: Namespace) -> int:
    """``jack 0.1.0``."""
    print(f"jack {__version__}")
    return 0
