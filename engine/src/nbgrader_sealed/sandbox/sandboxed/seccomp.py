"""The system calls that a student's kernel cannot make, as a filter that the Linux kernel checks."""

import ctypes
import errno
import os
import platform
import struct
from dataclasses import dataclass

from nbgrader_sealed.sandbox.sandboxed import linux

# Numbers from Linux's arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h;
# None: the architecture has no such call. From 424 on they are the same everywhere.
ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
NUMBERS: dict[str, tuple[int, int | None]] = {
    "open": (2, None),
    "ioctl": (16, 29),
    "shmget": (29, 194),
    "socket": (41, 198),
    "connect": (42, 203),
    "bind": (49, 200),
    "listen": (50, 201),
    "sendmsg": (46, 211),
    "socketpair": (53, 199),
    "clone": (56, 220),
    "fork": (57, None),
    "vfork": (58, None),
    "execve": (59, 221),
    "kill": (62, 129),
    "semget": (64, 190),
    "msgget": (68, 186),
    "fcntl": (72, 25),
    "truncate": (76, 45),
    "chmod": (90, None),
    "fchmod": (91, 52),
    "chown": (92, None),
    "fchown": (93, 55),
    "lchown": (94, None),
    "ptrace": (101, 117),
    "syslog": (103, 116),
    "rt_sigqueueinfo": (129, 138),
    "utime": (132, None),
    "mknod": (133, None),
    "personality": (135, 92),
    "setpriority": (141, 140),
    "sched_setparam": (142, 118),
    "sched_setscheduler": (144, 119),
    "vhangup": (153, 58),
    "modify_ldt": (154, None),
    "pivot_root": (155, 41),
    "prctl": (157, 167),
    "adjtimex": (159, 171),
    "chroot": (161, 51),
    "acct": (163, 89),
    "settimeofday": (164, 170),
    "mount": (165, 40),
    "umount2": (166, 39),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "reboot": (169, 142),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "iopl": (172, None),
    "ioperm": (173, None),
    "init_module": (175, 105),
    "delete_module": (176, 106),
    "quotactl": (179, 60),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
    "tkill": (200, 130),
    "sched_setaffinity": (203, 122),
    "clock_settime": (227, 112),
    "tgkill": (234, 131),
    "utimes": (235, None),
    "mq_open": (240, 180),
    "kexec_load": (246, 104),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "ioprio_set": (251, 30),
    "inotify_add_watch": (254, 27),
    "migrate_pages": (256, 238),
    "openat": (257, 56),
    "mknodat": (259, 33),
    "fchownat": (260, 54),
    "futimesat": (261, None),
    "fchmodat": (268, 53),
    "unshare": (272, 97),
    "move_pages": (279, 239),
    "utimensat": (280, 88),
    "rt_tgsigqueueinfo": (297, 240),
    "perf_event_open": (298, 241),
    "fanotify_init": (300, 262),
    "prlimit64": (302, 261),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "clock_adjtime": (305, 266),
    "setns": (308, 268),
    "sendmmsg": (307, 269),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kcmp": (312, 272),
    "finit_module": (313, 273),
    "sched_setattr": (314, 274),
    "seccomp": (317, 277),
    "memfd_create": (319, 279),
    "kexec_file_load": (320, 294),
    "bpf": (321, 280),
    "execveat": (322, 281),
    "userfaultfd": (323, 282),
    "pidfd_send_signal": (424, 424),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "pidfd_open": (434, 434),
    "clone3": (435, 435),
    "close_range": (436, 436),
    "openat2": (437, 437),
    "pidfd_getfd": (438, 438),
    "process_madvise": (440, 440),
    "mount_setattr": (442, 442),
    "memfd_secret": (447, 447),
    "process_mrelease": (448, 448),
    "fchmodat2": (452, 452),
    "setxattrat": (463, 463),
    "removexattrat": (466, 466),
}

NOT_ALLOWED = errno.EPERM
PRETEND = 0  # the call does nothing and says that it worked


@dataclass(frozen=True)
class Rule:
    """One call, and what it answers instead of being made.

    Where `argument` is given, the rule holds only if that argument, under `mask`, equals `value`
    (`unless`: only if it does not).
    """

    call: str
    answer: int = NOT_ALLOWED
    argument: int | None = None
    mask: int = 0xFFFFFFFF
    value: int = 0
    unless: bool = False


def _words(text: str) -> list[str]:
    return text.split()


# Ways to the network and to other processes, to new namespaces, to the kernel's keys, clocks and modules.
NEVER = _words(
    "socket connect bind listen ptrace process_vm_readv process_vm_writev process_madvise "
    "process_mrelease kcmp pidfd_open pidfd_getfd pidfd_send_signal rt_sigqueueinfo rt_tgsigqueueinfo "
    "tkill unshare setns mount umount2 pivot_root chroot open_tree move_mount fsopen fsconfig fsmount "
    "fspick mount_setattr mknod mknodat name_to_handle_at open_by_handle_at fanotify_init "
    "inotify_add_watch add_key request_key keyctl shmget semget msgget mq_open memfd_create memfd_secret "
    "bpf perf_event_open userfaultfd io_uring_setup io_uring_enter io_uring_register init_module "
    "finit_module delete_module kexec_load kexec_file_load reboot swapon swapoff acct quotactl "
    "settimeofday clock_settime clock_adjtime adjtimex sethostname setdomainname iopl ioperm syslog "
    "vhangup personality setpriority sched_setattr ioprio_set migrate_pages move_pages modify_ldt"
)

# Mode 3 asks for neither reading nor writing: Landlock and read-only mounts let it by, and with O_TRUNC it
# empties the file on older versions of Linux. The descriptor then takes leases and attributes.
_MODE, _NEITHER = 0b11, 0b11

_AF_UNIX, _SOCK_STREAM = 1, 1
_STREAM_OR_SEQPACKET = 0xF & ~4  # 1 and 5 are one number under it, and no other type is

# Leases hold up whoever opens the file, in other processes too; the owner of a descriptor is sent any signal.
_FCNTL_REFUSED = {
    "F_SETOWN": 8,
    "F_SETSIG": 10,
    "F_SETOWN_EX": 15,
    "F_SETLEASE": 1024,
    "F_NOTIFY": 1026,
}
# The same by ioctl, and attributes of files that are open for reading.
_IOCTL_REFUSED = {
    "FIOASYNC": 0x5452,
    "FIOSETOWN": 0x8901,
    "SIOCSPGRP": 0x8902,
    "FS_IOC_SETFLAGS": 0x40086602,
    "FS_IOC_SETVERSION": 0x40087602,
    "FS_IOC_FSSETXATTR": 0x401C5820,
    "FS_IOC_ENABLE_VERITY": 0x40806685,
}

_CLONE_THREAD, _CLONE_NEW_ANYTHING = 0x00010000, 0x7E020080
_CLONE_FILES, _CLOSE_RANGE_UNSHARE = 0x00000400, 0b10

EVERYWHERE = [
    *(Rule(call) for call in NEVER),
    Rule("clone3", errno.ENOSYS),  # its flags lie in memory, out of a filter's reach; libc then uses clone
    Rule("open", argument=1, mask=_MODE, value=_NEITHER),
    Rule("openat", argument=2, mask=_MODE, value=_NEITHER),
    Rule("openat2", errno.ENOSYS),  # its flags lie in memory; libc then uses openat
    *(Rule("fcntl", argument=1, value=command) for command in _FCNTL_REFUSED.values()),
    *(Rule("ioctl", argument=1, value=command) for command in _IOCTL_REFUSED.values()),
    # Datagrams could go to any Unix socket, and what is made as SOCK_RAW sends datagrams.
    Rule("socketpair", argument=0, value=_AF_UNIX, unless=True),
    Rule("socketpair", argument=1, mask=_STREAM_OR_SEQPACKET, value=_SOCK_STREAM, unless=True),
    Rule("prctl", argument=0, value=linux.PR_SET_PDEATHSIG),  # it ends with its supervisor
    Rule("prlimit64", argument=0, value=0, unless=True),  # its own limits only
    Rule("sched_setscheduler", PRETEND),  # libzmq gives up where it cannot say that its threads are ordinary
    Rule("sched_setparam", PRETEND),
    Rule("sched_setaffinity", argument=0, value=0, unless=True),
]

NO_NEW_PROCESSES = [
    Rule("fork"),
    Rule("vfork"),
    Rule("clone", argument=0, mask=_CLONE_THREAD, value=0),
    Rule("execve"),
    Rule("execveat"),
]

# Namespaces are refused one by one, since a filter can hold one bit against another only by not being set.
NO_NEW_NAMESPACES = [
    Rule("clone", argument=0, mask=1 << bit, value=1 << bit)
    for bit in range(32)
    if _CLONE_NEW_ANYTHING & (1 << bit)
]

# What Landlock leaves open: attributes of files that can be reached by their path or that are open for
# reading, truncating (before Linux 6.2), and signals (before 6.12).
_METADATA = _words(
    "chmod fchmod fchmodat fchmodat2 chown fchown lchown fchownat utime utimes futimesat utimensat"
)
_XATTR = _words("setxattr lsetxattr fsetxattr removexattr lremovexattr fremovexattr setxattrat removexattrat")


def beside_landlock() -> list[Rule]:
    """Return the rules for what Landlock does not cover; to be called in the process they are for."""
    mine = os.getpid()
    return [
        *(Rule(call, PRETEND) for call in _METADATA),
        *(Rule(call) for call in (*_XATTR, "truncate")),
        Rule("open", argument=1, mask=os.O_ACCMODE | os.O_TRUNC, value=os.O_TRUNC),
        Rule("openat", argument=2, mask=os.O_ACCMODE | os.O_TRUNC, value=os.O_TRUNC),
        # What would hide open files from the supervisor, who counts those without a name: a table of files
        # for one thread alone, files on their way through a socket, a folder in /proc that it cannot read.
        Rule("clone", argument=0, mask=_CLONE_FILES, value=0),
        Rule("close_range", argument=2, mask=_CLOSE_RANGE_UNSHARE, value=_CLOSE_RANGE_UNSHARE),
        Rule("sendmsg"),
        Rule("sendmmsg"),
        Rule("prctl", argument=0, value=linux.PR_SET_DUMPABLE),
        Rule("kill", argument=0, value=mine, unless=True),
        Rule("tgkill", argument=0, value=mine, unless=True),
    ]


# Classic BPF, as in linux/bpf_common.h: load a word of the call's description, compare, return.
_LOAD, _AND, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x54, 0x15, 0x35, 0x06
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_X32 = 0x40000000


def _instruction(code: int, k: int, true: int = 0, false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, true, false, k)


def _lines(rule: Rule, number: int) -> list[bytes]:
    answer = _instruction(_RETURN, _ERRNO | rule.answer)
    if rule.argument is None:
        return [_instruction(_EQUAL, number, 0, 1), answer]
    skip = (1, 0) if rule.unless else (0, 1)
    return [
        _instruction(_EQUAL, number, 0, 5),
        _instruction(
            _LOAD, _ARGUMENTS + 8 * rule.argument
        ),  # the low half: both architectures are little-endian
        _instruction(_AND, rule.mask),
        _instruction(_EQUAL, rule.value, *skip),
        answer,
        _instruction(_LOAD, _NUMBER),
    ]


def number_of(call: str, machine: str) -> int | None:
    """Return the number of a system call; None where the architecture has no such call.

    Raises
    ------
    OSError
        Where the architecture is not in the table.
    """
    return NUMBERS[call][_architecture(machine)[0]]


def _architecture(machine: str) -> tuple[int, int]:
    if machine not in ARCHITECTURES:
        raise OSError(errno.ENOSYS, f"seccomp: no table of system calls for machine {machine!r}")
    return ARCHITECTURES[machine]


def program(rules: list[Rule], machine: str) -> bytes:
    """Return the filter's instructions for one architecture.

    Raises
    ------
    OSError
        Where the architecture is not in the table.
    """
    _, audit = _architecture(machine)
    lines = [
        _instruction(_LOAD, _ARCHITECTURE),
        _instruction(_EQUAL, audit, 1, 0),
        _instruction(_RETURN, _KILL),
        _instruction(_LOAD, _NUMBER),
        _instruction(_AT_LEAST, _X32, 0, 1),
        _instruction(_RETURN, _ERRNO | errno.ENOSYS),
    ]
    for rule in rules:
        number = number_of(rule.call, machine)
        if number is not None:
            lines += _lines(rule, number)
    lines.append(_instruction(_RETURN, _ALLOW))
    return b"".join(lines)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("lines", ctypes.c_char_p))


def apply(rules: list[Rule]) -> None:
    """Put this thread, and all that it starts, under `rules` for good (after `PR_SET_NO_NEW_PRIVS`)."""
    lines = program(rules, platform.machine())
    compiled = _Program(len(lines) // 8, lines)
    mode_filter = 2
    linux.prctl(linux.PR_SET_SECCOMP, mode_filter, ctypes.addressof(compiled))
