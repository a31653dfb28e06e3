"""Room for who listens: a connection is an open file, and the usual limit is 1,024."""

import resource

import structlog

SPARE_FILES = 1_024  # for everything else: other requests, servers, the lake

log = structlog.get_logger(__name__)


def make_room(subscribers: int) -> int:
    """Raise this process' limit of open files as far as it may; gives the limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = subscribers + SPARE_FILES
    if soft in (resource.RLIM_INFINITY, hard) or soft >= wanted:
        room = soft
    else:
        room = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (room, hard))
    if room != resource.RLIM_INFINITY and room < wanted:
        log.warning("fewer may listen than SUBSCRIBERS says", open_files=room, wanted=wanted)
    return room
