"""One visitor's minute, as one of several workers knows it. Pure.

A worker spends what it holds. What it holds it leased in blocks that shrink with what is left, so that little of a
limit lies about unused, and most requests ask nobody. Without the common count a worker has its own share of what it
last knew to be left.
"""

from dataclasses import dataclass

WINDOW_S = 60.0
LARGEST_BLOCK = 500
_BLOCKS = 8  # of what is left, over all workers


@dataclass(slots=True)
class Window:
    """Tokens are what requests cost.

    Attributes:
        ends_at: of a monotonic clock, in seconds.
        id: of the common count; "": nobody has been asked.
        used: what all workers were given, as of the last lease.
        held: leased and not spent.
        spent: accepted here.
        owed: of that, what the common count does not know.
        waiting: what those cost who wait for a block, so that one answer is enough for all of them.
    """

    limit: int
    workers: int
    ends_at: float
    id: str = ""
    used: int = 0
    held: int = 0
    spent: int = 0
    owed: int = 0
    waiting: int = 0

    def spend(self, cost: int) -> bool:
        """Accept what the block in hand covers."""
        if self.held < cost:
            return False
        self.held -= cost
        self.spent += cost
        return True

    def spend_alone(self, cost: int) -> bool:
        """Accept without the common count: of the limit this worker's share, and of what was left its share.

        What was left is less two blocks for each other worker, which it may have leased since.
        """
        share = max(1, self.limit // self.workers)
        left = (self.limit - self.used - 2 * self._block * (self.workers - 1)) // self.workers if self.id else share
        if self.spent + cost > share or self.owed + cost > left:
            return False
        self.owed += cost
        self.spent += cost
        return True

    def note(self, cost: int) -> None:
        """Count what is accepted in any case."""
        self.used += cost
        self.spent += cost

    @property
    def is_given_away(self) -> bool:
        """No worker gets any more before it ends."""
        return self.used >= self.limit

    @property
    def is_low(self) -> bool:
        """Half a block is left, and there is more to be had."""
        return 2 * self.held < LARGEST_BLOCK and 2 * self.held < self._block and not self.is_given_away

    @property
    def wanted(self) -> int:
        """How large the next block should be."""
        return max(self.waiting - self.held, self._block)

    @property
    def _block(self) -> int:
        return max(1, min((self.limit - self.used) // (_BLOCKS * self.workers), LARGEST_BLOCK))

    def take(self, *, granted: int, used: int, window: str, ends_at: float, told: int) -> None:
        """A block came; `told` of what was owed is counted now."""
        self.held += granted
        self.used = used
        self.owed -= told
        self.id = window
        self.ends_at = ends_at

    @property
    def in_use(self) -> int:
        """What is spent, for all that is known here; what other workers hold counts as spent."""
        return self.used + self.owed - self.held
