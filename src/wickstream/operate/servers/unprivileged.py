"""Run a program that refuses to be run by root: `python -I -S unprivileged.py nobody|namespace|capable PROGRAM ARG…`.

It replaces this process, so pid and signals are the program's own. Only the standard library is there.
"""

import os
import sys

CLONE_NEWUSER = 0x10000000
PR_SET_SECUREBITS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 28, 47, 2
SECBIT_NO_SETUID_FIXUP = 1 << 2
CAPABILITY_VERSION_3 = 0x20080522
CAP_DAC_OVERRIDE = 1


def become_nobody() -> None:
    """Give up root for good. The folders used must be open to everybody."""
    import pwd

    nobody = pwd.getpwnam("nobody")
    os.setgroups([])
    os.setgid(nobody.pw_gid)
    os.setuid(nobody.pw_uid)


def enter_namespace() -> None:
    """Be oneself to everybody else, so files stay one's own, and nobody to oneself. Linux only.

    Raises:
        OSError: If this machine forbids user namespaces.
    """
    import ctypes
    import pwd

    user, group = os.geteuid(), os.getegid()
    nobody = pwd.getpwnam("nobody")  # initdb wants a user that has a name
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWUSER):
        raise OSError(ctypes.get_errno(), "user namespaces are forbidden here")
    _write("/proc/self/setgroups", "deny")  # the kernel's condition for mapping a group
    _write("/proc/self/uid_map", f"{nobody.pw_uid} {user} 1")
    _write("/proc/self/gid_map", f"{nobody.pw_gid} {group} 1")


def become_capable() -> None:
    """Be nobody, but pass closed folders as root does. Linux only; for containers, which forbid user namespaces.

    Raises:
        OSError: If we do not hold that capability ourselves.
    """
    import ctypes
    import struct

    libc = ctypes.CDLL(None, use_errno=True)
    # Else setuid() drops the capability, and access(), by which initdb looks for its programs, ignores it.
    if libc.prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "keeping a capability is forbidden here")
    become_nobody()
    bit = 1 << CAP_DAC_OVERRIDE  # effective, permitted, inheritable; then the same for the upper 32
    head, sets = struct.pack("Ii", CAPABILITY_VERSION_3, 0), struct.pack("6I", bit, bit, bit, 0, 0, 0)
    if libc.capset(head, sets) or libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0):
        raise OSError(ctypes.get_errno(), "passing closed folders is forbidden here")


def _write(path: str, text: str) -> None:
    with open(path, "w") as file:  # noqa: PTH123 - this runs before every start of PostgreSQL; pathlib takes 10 ms
        file.write(text)


WAYS = {"nobody": become_nobody, "namespace": enter_namespace, "capable": become_capable}

if __name__ == "__main__":
    WAYS[sys.argv[1]]()
    os.execv(sys.argv[2], sys.argv[2:])  # noqa: S606 - no shell is wanted
