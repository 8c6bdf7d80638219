"""Days and times: business days, due dates, and when a debtor may be contacted. Pure; the standard library's zoneinfo.

Instants are aware datetimes and come back in UTC. Weekday numbers start with Monday as 0. A contact window is a pair of
minutes since midnight, read on the wall clock of the debtor's time zone, so a change of the clocks moves nothing.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

MAX_SEARCH_DAYS: Final = 400
CONTACT_MARGIN_SECONDS: Final = 60
WHOLE_DAY: Final = (0, 24 * 60)
DAYS_OF_WEEK: Final = 7

_ZONE_NAME: Final = re.compile(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+){0,2}")


class CalendarError(ValueError):
    """A date or time that cannot be worked out. ``code`` is for programs; the message holds no personal data."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class UnknownTimeZone(CalendarError):
    """A time zone that this machine does not know. Nobody in it is contacted."""

    def __init__(self) -> None:
        super().__init__("unknown_time_zone", "the time zone is not in the IANA table of this machine")


class NoContactOpening(CalendarError):
    """No contact window opens within the days that are searched."""

    def __init__(self, searched_days: int) -> None:
        super().__init__("no_contact_opening", f"no contact window opens within {searched_days} days")


@lru_cache(maxsize=512)
def zone(timezone: str) -> ZoneInfo:
    """The time zone of this IANA name. Raises UnknownTimeZone."""
    if _ZONE_NAME.fullmatch(timezone) is None:
        raise UnknownTimeZone
    try:
        return ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # ValueError: not a zone file; OSError: a directory
        raise UnknownTimeZone from error


def local_date(now: datetime, timezone: str) -> date:
    """The date of an instant on the wall calendar of a time zone."""
    return _aware(now).astimezone(zone(timezone)).date()


# --- days -----------------------------------------------------------------------------------------------------------
def is_business_day(day: date, weekdays: frozenset[int], holidays: frozenset[date]) -> bool:
    """Whether ``day`` is one of the weekdays and no holiday."""
    return day.weekday() in weekdays and day not in holidays


def add_business_days(day: date, count: int, weekdays: frozenset[int], holidays: frozenset[date]) -> date:
    """The ``count``-th business day after ``day`` (before it when negative); ``day`` itself when zero.

    Raises CalendarError when none is found within MAX_SEARCH_DAYS per business day asked for.
    """
    step = 1 if count >= 0 else -1
    left, silent_days = abs(count), 0
    while left:
        day = add_days(day, step)
        if is_business_day(day, weekdays, holidays):
            left, silent_days = left - 1, 0
        elif (silent_days := silent_days + 1) > MAX_SEARCH_DAYS:
            raise CalendarError("no_business_day", f"no business day within {MAX_SEARCH_DAYS} days")
    return day


def business_days_between(start: date, end: date, weekdays: frozenset[int], holidays: frozenset[date]) -> int:
    """How many business days lie after ``start`` up to and including ``end``; zero when ``end`` is not later.

    This is the age of bank data in business days: data of Friday is one business day old on Monday.
    """
    total_days = (end - start).days
    if total_days <= 0:
        return 0
    whole_weeks, rest = divmod(total_days, 7)
    count = whole_weeks * len(weekdays) + sum((end.weekday() - back) % 7 in weekdays for back in range(rest))
    return count - sum(start < day <= end and day.weekday() in weekdays for day in holidays)


def add_days(day: date, days: int) -> date:
    """``day`` plus calendar days. Raises CalendarError outside the years 1 to 9999."""
    try:
        return day + timedelta(days=days)
    except OverflowError as error:
        raise CalendarError("date_out_of_range", "a date outside the years 1 to 9999") from error


def end_of_month(day: date) -> date:
    """The last day of the month of ``day``."""
    return day.replace(day=monthrange(day.year, day.month)[1])


def due_date(issued: date, terms_days: int) -> date:
    """The due date of an invoice that states none. Terms are calendar days: weekends and holidays do not move it."""
    return add_days(issued, terms_days)


def step_day(
    basis: str,
    days: int,
    boundary: str = "on_or_after",
    *,
    due: date,
    issued: date | None = None,
    previous_sent: date | None = None,
    oldest_due: date | None = None,
) -> date | None:
    """The first local day on which a step of a scenario may go out, or None while its basis is not there.

    Bases: ``due`` (date), ``due_end_of_month`` (the end of the month of due date plus days), ``previous`` (the day on
    which the item's previous step was sent), ``invoice`` (issue date), ``oldest`` (due date of the customer's oldest
    collectable item). Boundary ``after`` moves the step to the day after.
    """
    if basis == "due_end_of_month":
        day = end_of_month(add_days(due, days))
    else:
        start = {"due": due, "previous": previous_sent, "invoice": issued, "oldest": oldest_due}[basis]
        if start is None:
            return None
        day = add_days(start, days)
    return add_days(day, 1) if boundary == "after" else day


# --- the contact window ---------------------------------------------------------------------------------------------
def contact_open(
    now: datetime,
    timezone: str,
    window: tuple[int, int],
    days: frozenset[int],
    holidays: frozenset[date],
    margin_s: int = CONTACT_MARGIN_SECONDS,
) -> bool:
    """Whether a debtor may be contacted at ``now``: an allowed local day, and at least the margin inside the window.

    The margin keeps a notice that takes some seconds to send inside the window: where no moment of any day is outside,
    there is none. Raises UnknownTimeZone.
    """
    local = _aware(now).astimezone(zone(timezone))
    if window == WHOLE_DAY and len(days) == DAYS_OF_WEEK and not holidays:
        return True
    if not is_business_day(local.date(), days, holidays):
        return False
    since_midnight = timedelta(
        hours=local.hour, minutes=local.minute, seconds=local.second, microseconds=local.microsecond
    )
    opens, closes = _open_span(window, margin_s)
    return opens <= since_midnight <= closes


def next_contact_opening(
    now: datetime,
    timezone: str,
    window: tuple[int, int],
    days: frozenset[int],
    holidays: frozenset[date],
    margin_s: int = CONTACT_MARGIN_SECONDS,
) -> datetime:
    """The first instant (UTC) from ``now`` on at which ``contact_open`` holds; ``now`` itself when it does already.

    When the clocks jump over the opening, it is the first instant after the jump; when they go back into the window,
    the instant of that. Raises UnknownTimeZone, and NoContactOpening after MAX_SEARCH_DAYS days.
    """
    now_utc, tz = _aware(now).astimezone(UTC), zone(timezone)
    if contact_open(now_utc, timezone, window, days, holidays, margin_s):
        return now_utc
    opens, _ = _open_span(window, margin_s)
    today = now_utc.astimezone(tz).date()
    found: datetime | None = None
    for ahead in range(-1, MAX_SEARCH_DAYS + 1):  # -1: clocks going back at midnight return to the day before
        day = add_days(today, ahead)
        fitting = (
            instant
            for instant in set(_candidates(day, opens, tz))
            if instant >= now_utc and contact_open(instant, timezone, window, days, holidays, margin_s)
        )
        first = min(fitting, default=None)
        if found is not None:  # a change of the clocks found for one day may lie on the next, behind its opening
            return found if first is None else min(found, first)
        found = first
    if found is None:
        raise NoContactOpening(MAX_SEARCH_DAYS)
    return found


def _open_span(window: tuple[int, int], margin_s: int) -> tuple[timedelta, timedelta]:
    start, end = window
    return timedelta(minutes=start, seconds=margin_s), timedelta(minutes=end, seconds=-margin_s)


def _candidates(day: date, opens: timedelta, tz: ZoneInfo) -> Iterator[datetime]:
    """The instants at which a window can open on a local day: its opening time, told twice when the clocks go back at
    it, and every change of the clocks near the day. Not all of them lie in the window or on the day."""
    wall = datetime.combine(day, time()) + opens
    for fold in (0, 1):
        yield wall.replace(tzinfo=tz, fold=fold).astimezone(UTC)
    start = datetime.combine(day, time(), tzinfo=tz).astimezone(UTC) - timedelta(hours=1)
    end = start + timedelta(hours=28)
    if _offset(start, tz) != _offset(end, tz):
        yield _clock_change(start, end, tz)


def _clock_change(start: datetime, end: datetime, tz: ZoneInfo) -> datetime:
    """The first whole second after a change of the UTC offset between two instants, by halving."""
    offset = _offset(start, tz)
    while end - start > timedelta(seconds=1):
        middle = start + timedelta(seconds=(end - start) // timedelta(seconds=2))
        if _offset(middle, tz) == offset:
            start = middle
        else:
            end = middle
    return end


def _offset(instant: datetime, tz: ZoneInfo) -> timedelta | None:
    return instant.astimezone(tz).utcoffset()


def _aware(now: datetime) -> datetime:
    """``now``, which must carry a time zone: a naive time is a programmer's error."""
    if now.tzinfo is None:
        raise TypeError("an aware datetime is needed")
    return now
