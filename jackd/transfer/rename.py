"""Give a file a name that nothing has yet."""

from __future__ import annotations

import ctypes
import errno
import os
from contextlib import suppress

_NO_REPLACE = 1
_UNSUPPORTED = (errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP)
_renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)


def rename_new(source: str, target: str, *, source_folder: int, target_folder: int) -> None:
    """
    Rename without ever replacing (F12). Raises ``FileExistsError`` when ``target`` is taken.

    Linux does it in one step (``renameat2``, ``RENAME_NOREPLACE``); file systems that can't are looked at first.
    """
    if _renameat2 is not None:
        if _renameat2(source_folder, os.fsencode(source), target_folder, os.fsencode(target), _NO_REPLACE) == 0:
            return
        number = ctypes.get_errno()
        if number not in _UNSUPPORTED:
            raise OSError(number, os.strerror(number), target)
    with suppress(FileNotFoundError):
        os.stat(target, dir_fd=target_folder, follow_symlinks=False)
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), target)
    os.rename(source, target, src_dir_fd=source_folder, dst_dir_fd=target_folder)
