"""Days of the warm tier that are over: each symbol's rows in one place."""

from wickstream.candle import window_end
from wickstream.events import DAY_MS
from wickstream.operate.lifecycle.calendar import day_name, days_over, is_old, month_of_day, part_end_ms
from wickstream.operate.lifecycle.report import Done, Outcome
from wickstream.operate.lifecycle.step import Progress, Warm
from wickstream.store.warm.day_order import dead_share, free_space, put_in_order, scattered_symbols
from wickstream.store.warm.months import attached_months, symbols_of
from wickstream.store.warm.partitions import name_of

MOST_DEAD = 0.2  # so much larger a partition becomes while many of its days are moved
WORTH_CLEARING = 0.02  # about a day of a month


class WarmInOrder:
    """Day by day, of each partition that stays."""

    name = "warm candles in order"

    def __init__(self, warm: Warm, now_ms: int, *, days: int) -> None:
        self._warm = warm
        self._now_ms = now_ms
        self._days = days
        self._symbols: dict[int, list[str]] = {}

    def subjects(self) -> list[str]:
        """All days that are over; which of them are in order is asked of them one by one."""
        with self._warm.used() as conn:
            months = attached_months(conn)
            self._symbols = {month_ms: symbols_of(conn, month_ms) for month_ms in months}
        stay = [month for month in months if not is_old(window_end(month, "1M"), self._now_ms, days=self._days)]
        return [day_name(day_ms) for day_ms in days_over(stay, self._now_ms)]

    def do(self, subject: str, *, dry_run: bool, progress: Progress) -> Done | None:
        """One day."""
        day_ms = part_end_ms(subject) - DAY_MS
        month_ms = month_of_day(day_ms)
        with self._warm.used() as conn:
            scattered = scattered_symbols(conn, self._symbols[month_ms], day_ms)
            if not scattered:
                return None
            facts = {"symbols": len(scattered)}
            if not dry_run:
                facts |= {"rows": 0}
                for number, symbol in enumerate(scattered):
                    progress(number, len(scattered))
                    facts["rows"] += put_in_order(conn, symbol, day_ms)
                if dead_share(conn, name_of("candles", month_ms)) > MOST_DEAD:
                    free_space(conn, name_of("candles", month_ms))
        outcome = Outcome.WOULD_BE if dry_run else Outcome.DONE
        return Done(step=self.name, subject=subject, outcome=outcome, facts=facts)


class WarmCleared:
    """Room of rows that were moved away, of partitions with much of it: new rows may come there."""

    name = "warm candles cleared"

    def __init__(self, warm: Warm) -> None:
        self._warm = warm

    def subjects(self) -> list[str]:
        """Partitions by their names."""
        with self._warm.used() as conn:
            names = [name_of("candles", month_ms) for month_ms in attached_months(conn)]
            return [name for name in names if dead_share(conn, name) > WORTH_CLEARING]

    def do(self, subject: str, *, dry_run: bool, progress: Progress) -> Done | None:
        """One of them."""
        if not dry_run:
            with self._warm.used() as conn:
                free_space(conn, subject)
        return Done(step=self.name, subject=subject, outcome=Outcome.WOULD_BE if dry_run else Outcome.DONE)
