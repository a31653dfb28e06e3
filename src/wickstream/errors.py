"""The error tree: what went wrong, and whether to retry, dead-letter or stop.

* WickstreamError
    * Mistake               the operator's to mend: one clear line, exit code 2
    * StartFailed           a process of the stack does not come up: stop all, exit code 1
    * ExchangeError
        * MalformedFrame    one bad message: dead-letter it, go on
        * FeedLost          retryable: reconnect with backoff
        * RateLimited       retryable after `retry_after_s`
        * Refused           this host will not answer this: take the next rung of the ladder
        * Corrupted         a file is not what its checksum says: take the next rung, ask again another day
    * StoreBusy             retryable after `retry_after_s`
        * SinkBusy          retryable, not before `retry_after_s`
    * Unknowable            nobody can tell what was known then: ask for another time or range
    * TooMuch               a question that no answer is made for: ask for less
    * Unpublishable         one record that no store or sink will ever take: dead-letter it
    * Fenced                another process took over: stop, and stay down (exit code 75)
    * Held                  another process does it already: nothing is to be done, and that is well (exit code 0)
"""

from collections.abc import Mapping

EXIT_MISTAKE = 2
EXIT_FENCED = 75


class WickstreamError(Exception):
    """The root: every error this package raises on purpose."""


class Mistake(WickstreamError):
    """Something the operator can mend; `str()` is the one line that says what and how."""


class StartFailed(WickstreamError):
    """Something of the stack keeps dying or is not ready in time; `str()` says what, and where its log is."""


class ExchangeError(WickstreamError):
    """The exchange said, or failed to say, something."""


class MalformedFrame(ExchangeError):
    """One message that is not what the protocol promises."""

    def __init__(self, reason: str, frame: bytes = b"") -> None:
        super().__init__(reason)
        self.reason = reason
        self.frame = frame


class FeedLost(ExchangeError):
    """A socket is gone or silent."""


class RateLimited(ExchangeError):
    """429 or 418: nothing may be asked for `retry_after_s` seconds."""

    def __init__(self, message: str, *, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Refused(ExchangeError):
    """The host answers, but not this question (400, 403, 404, 451, unknown symbol)."""

    def __init__(self, message: str, *, status: int, code: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class Corrupted(ExchangeError):
    """A file of the archive that is not what its CHECKSUM says, or holds something else than it should."""


class StoreBusy(WickstreamError):
    """A tier cannot take or give data now."""

    def __init__(self, message: str, *, retry_after_s: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class SinkBusy(StoreBusy):
    """A sink does not take alerts now; 0: it does not say how long."""

    def __init__(self, message: str, *, retry_after_s: float = 0.0) -> None:
        super().__init__(message, retry_after_s=retry_after_s)


class Unknowable(WickstreamError):
    """Nobody can tell what was known at that moment: not any more, or not yet; `str()` says what can be asked."""


class TooMuch(WickstreamError):
    """A question whose answer would take too long, however often it is asked; `str()` says what to ask instead."""


class Unpublishable(WickstreamError):
    """A record that will never be accepted, however often it is tried."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Fenced(WickstreamError):
    """A twin with the same transactional id, or on the same seat, is alive."""


class Held(WickstreamError):
    """What was to be ensured is so already; `holders`: who sees to it, by the name of its seat."""

    def __init__(self, holders: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{seat} is kept by {who}" for seat, who in holders.items()))
        self.holders = dict(holders)
