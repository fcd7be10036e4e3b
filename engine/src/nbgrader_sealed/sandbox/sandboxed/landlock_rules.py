"""Landlock: which files this process, and all that it starts, may still reach."""

import ctypes
import errno
import os
import stat
from collections.abc import Iterable

from nbgrader_sealed.sandbox.sandboxed import linux

# Linux's include/uapi/linux/landlock.h; the numbers are the same on every architecture.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION = 1
_PATH_BENEATH = 1

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_TRUNCATE, _IOCTL = 1 << 14, 1 << 15
_READ = _EXECUTE | _READ_FILE | _READ_DIR
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL

# The rights to files that each version of Landlock knows, and the scopes and network rights beside them.
_ALL_FILES = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
_TCP = {4: 0b11}
_SCOPES = {6: 0b11}  # abstract Unix sockets, signals


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("tcp", ctypes.c_uint64), ("scopes", ctypes.c_uint64))


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32))


def version() -> int:
    """Return the version of Landlock's interface, 0 if this kernel has none."""
    try:
        return linux.syscall(_CREATE_RULESET, None, 0, _VERSION, name="landlock_create_ruleset")
    except OSError as error:
        if error.errno in (errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM):
            return 0
        raise


def _known_to(abi: int, table: dict[int, int]) -> int:
    return max((rights for since, rights in table.items() if since <= abi), default=0)


def restrict(read: Iterable[str], write: Iterable[str], abi: int | None = None) -> None:
    """Close every file to this thread but those beneath `read` and `write`; TCP, too, from version 4 on.

    Parameters
    ----------
    read, write
        Files and folders that may be read, and those in which all is allowed; what is not there is left out.
    abi
        The version to use; by default the newest that this kernel has.

    Raises
    ------
    OSError
        If this kernel has no Landlock.
    """
    abi = version() if abi is None else abi
    files = _known_to(abi, _ALL_FILES)
    rights = _Ruleset(files, _known_to(abi, _TCP), _known_to(abi, _SCOPES))
    size = 24 if abi >= 6 else 16 if abi >= 4 else 8
    ruleset = linux.syscall(
        _CREATE_RULESET, ctypes.byref(rights), ctypes.c_size_t(size), 0, name="landlock_create_ruleset"
    )
    try:
        for path in read:
            _allow(ruleset, path, files & _READ)
        for path in write:
            _allow(ruleset, path, files)
        linux.syscall(_RESTRICT_SELF, ruleset, 0, name="landlock_restrict_self")
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        folder = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(folder).st_mode):
            rights &= _OF_FILES
        rule = _Beneath(rights, folder)
        linux.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.byref(rule), 0, name="landlock_add_rule")
    finally:
        os.close(folder)
