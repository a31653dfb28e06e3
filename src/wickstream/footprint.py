"""What a process really takes of memory, with all that it started."""

import sys

import psutil


def memory_of(pid: int, *, with_children: bool = True) -> int | None:
    """Bytes a process and its children really take: shared pages count by their share (PSS) where the system knows."""
    try:
        process = psutil.Process(pid)
        family = [process, *(process.children(recursive=True) if with_children else ())]
        return sum(filter(None, map(_own_memory, family)))
    except psutil.Error:
        return None


def _own_memory(process: psutil.Process) -> int | None:
    try:
        memory = process.memory_full_info()
    except psutil.Error:  # ended meanwhile, or another user's
        return None
    return int(memory.pss if sys.platform == "linux" else memory.uss)
