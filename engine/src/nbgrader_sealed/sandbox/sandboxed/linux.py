"""The system calls that Python's own library does not offer."""

import ctypes
import os
import signal

_libc = ctypes.CDLL(None, use_errno=True)

CLONE_NEWNS = 0x00020000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000

MS_RDONLY = 0x1
MS_NOSUID = 0x2
MS_NODEV = 0x4
MS_BIND = 0x1000
MS_REC = 0x4000
MS_PRIVATE = 0x40000

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_SECCOMP = 22
PR_CAPBSET_DROP = 24
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_CLEAR_ALL = 4

_CAPABILITY_VERSION_3 = 0x20080522


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def syscall(number: int, *arguments: object, name: str) -> int:
    """Make a system call by its number, and raise OSError (which names it) where it fails."""
    return _checked(_libc.syscall(ctypes.c_long(number), *arguments), name)


def prctl(option: int, *arguments: int) -> int:
    """Change something about this process; unused arguments are zero, as the kernel wants them."""
    padded = [*arguments, 0, 0, 0, 0][:4]
    return _checked(_libc.prctl(option, *map(ctypes.c_ulong, padded)), f"prctl {option}")


def clone(number: int, flags: int) -> int:
    """Fork a process with one thread, with more `flags` than `os.fork` knows; return 0 in the child.

    `number` is this system call's own: the C library's function does not fork.
    """
    words = [ctypes.c_ulong(word) for word in (flags | signal.SIGCHLD, 0, 0, 0, 0)]
    return syscall(number, *words, name="clone")


def mount(source: str, target: str, kind: str = "", flags: int = 0, options: str = "") -> None:
    """Mount `source` at `target`."""
    words = [word.encode() or None for word in (source, target, kind, options)]
    _checked(_libc.mount(*words[:3], ctypes.c_ulong(flags), words[3]), f"mount {target}")


def drop_capabilities() -> None:
    """Give up every capability for good, those a set-uid program could bring back included."""
    for capability in range(64):
        try:
            prctl(PR_CAPBSET_DROP, capability)
        except OSError:
            break  # the first number that this kernel does not know, or no right to drop (nor to gain) any
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    nothing = (ctypes.c_uint32 * 6)()
    _checked(_libc.capset(ctypes.byref(header), ctypes.byref(nothing)), "capset")
