"""
F4: the power fails at any moment, and of what was not made durable any part is lost, out of order or torn. Then P1 (a
path under its final name is complete), P2 (what was answered is there) and P3 (what the database says is on the disk
is there; progress goes back one pair of checkpoints at most) hold. And each step of the protocol is needed: without
it, the same tests find a loss.
"""

from __future__ import annotations

import errno
from random import Random

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from jackd.storage.downloads import DownloadStore
from jackd.transfer import beneath, checkpoint, inbox
from jackd.transfer.checkpoint import Checkpoints
from jackd.transfer.completed import CompletedFolder
from jackd.transfer.part import Part
from tests.fakes.disk import Disk, replace_os
from tests.transfer.frail import CHECKPOINT, PIECE, VERSIONS, FrailWorld
from tests.transfer.world import FakeFile, a_grab


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Many checkpoints in a small file."""
    monkeypatch.setattr(inbox, "TAKE", 1)
    monkeypatch.setattr(checkpoint, "CHECKPOINT_BYTES", CHECKPOINT)


def a_world(monkeypatch) -> FrailWorld:
    """Its disk stands for :mod:`os` from now on."""
    world = FrailWorld.__new__(FrailWorld)
    raise NotImplementedError
