"""A process that cannot start another: the kernel refuses fork, clone and exec, even for root.

RLIMIT_NPROC counts the processes of a user and does not limit root at all. A seccomp filter applies to everybody,
cannot be removed, and needs no privilege: forty bytes of the kernel's filter language, set with ctypes.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct

_KERNEL_CALLS = {  # by processor: the kernel's name for it, and the numbers of calls that start a process or a program
    "x86_64": (0xC000003E, (56, 57, 58, 59, 322, 435)),  # clone fork vfork execve execveat clone3
    "aarch64": (0xC00000B7, (220, 221, 281, 435)),  # clone execve execveat clone3
}
_OTHER_ABI = 0x40000000  # x86-64 has a second set of numbers from here on
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06  # instructions of the filter language
_NUMBER, _PROCESSOR = 0, 4  # offsets in the data that a filter is given
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | errno.EPERM
_NO_NEW_RIGHTS, _SECCOMP, _FILTER = 38, 22, 2  # constants of prctl


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_char_p))


def stay_alone() -> bool:
    """Forbid this process, for the rest of its life, to start a thread, process or program: each fails with EPERM.

    False if the kernel or the processor does not support it; nothing has changed then.
    """
    processor, calls = _KERNEL_CALLS.get(os.uname().machine, (0, ()))
    if not calls:
        return False
    steps = _steps(processor, calls)
    program = _Program(len(steps) // 8, steps)
    prctl = ctypes.CDLL(None).prctl
    prctl.argtypes = (ctypes.c_int, ctypes.c_ulong, ctypes.c_void_p, ctypes.c_ulong, ctypes.c_ulong)
    if prctl(_NO_NEW_RIGHTS, 1, None, 0, 0):
        return False
    return bool(prctl(_SECCOMP, _FILTER, ctypes.addressof(program), 0, 0) == 0)


def _steps(processor: int, calls: tuple[int, ...]) -> bytes:
    """The filter: refuse calls of another processor, of the second set of numbers, and of `calls`; allow all others."""
    left = len(calls) + 2  # steps from the first test of the number to the refusal at the end
    steps = [(_LOAD, 0, 0, _PROCESSOR), (_EQUAL, 1, 0, processor), (_RETURN, 0, 0, _REFUSE), (_LOAD, 0, 0, _NUMBER)]
    for test, number in ((_AT_LEAST, _OTHER_ABI), *((_EQUAL, call) for call in calls)):
        left -= 1
        steps.append((test, left, 0, number))
    steps += [(_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _REFUSE)]
    return b"".join(struct.pack("<HBBL", *step) for step in steps)
