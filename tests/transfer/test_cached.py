"""What only Linux has is looked for when it is used, not before."""

from __future__ import annotations

import subprocess
import sys

WITHOUT = """
import os, select
for name in ("epoll", "EPOLLIN", "EPOLLOUT"):
    delattr(select, name)
for name in ("splice", "eventfd", "EFD_CLOEXEC", "O_DIRECT"):
    delattr(os, name)
import jackd.transfer.splice, jackd.web.sendfile
"""


def test_other_systems_can_import_it():
    subprocess.run([sys.executable, "-c", WITHOUT], check=True, timeout=60)
