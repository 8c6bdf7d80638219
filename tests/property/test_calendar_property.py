"""The contact window over all IANA time zones, clock changes and year ends, against a slow reading of the rule."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import given, settings
from hypothesis import strategies as st

from duly.domain import calendar

ZONES = sorted(available_timezones() - {"localtime", "posixrules", "Factory"})
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
FIRST, LAST = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 3, tzinfo=UTC)


def slowly_open(
    instant: datetime, zone: str, window: tuple[int, int], days: frozenset[int], holidays: frozenset[date]
) -> bool:
    """The rule in words: the wall clock shows an allowed day and at least a minute from both ends of the window, or no
    moment of any day is outside."""
    if window == (0, 1440) and len(days) == 7 and not holidays:
        return True
    wall = instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    midnight = datetime(wall.year, wall.month, wall.day)
    start, end = midnight + window[0] * MINUTE + MINUTE, midnight + window[1] * MINUTE - MINUTE
    return start <= wall <= end and wall.weekday() in days and wall.date() not in holidays


def clock_changes(zone: str) -> list[datetime]:
    """Hours of the year after which the offset of a zone differs."""
    tz, changes, instant = ZoneInfo(zone), [], FIRST
    while instant < LAST:
        later = instant + DAY
        if instant.astimezone(tz).utcoffset() != later.astimezone(tz).utcoffset():
            changes.append(instant)
        instant = later
    return changes


windows = st.tuples(st.integers(0, 1320), st.integers(120, 1440)).map(
    lambda pair: (pair[0], min(1440, pair[0] + pair[1]))
)
day_sets = st.frozensets(st.integers(0, 6), min_size=1)
instants = st.datetimes(datetime(2026, 1, 1), datetime(2030, 12, 31)).map(lambda moment: moment.replace(tzinfo=UTC))
near_days = st.frozensets(st.integers(0, 6))


@settings(max_examples=300)
@given(zone=st.sampled_from(ZONES), now=instants, window=windows, days=day_sets, off=near_days)
def test_next_opening_is_open_and_nothing_before_it_is(
    zone: str, now: datetime, window: tuple[int, int], days: frozenset[int], off: frozenset[int]
) -> None:
    today = now.astimezone(ZoneInfo(zone)).date()
    holidays = frozenset(today + timedelta(days=ahead) for ahead in off)
    check_opening(now, zone, window, days, holidays)


def check_opening(
    now: datetime,
    zone: str,
    window: tuple[int, int],
    days: frozenset[int],
    holidays: frozenset[date],
    step: timedelta = HOUR,
) -> None:
    opening = calendar.next_contact_opening(now, zone, window, days, holidays)
    assert opening >= now
    assert opening.tzinfo is UTC
    assert slowly_open(opening, zone, window, days, holidays)
    before = opening - timedelta(microseconds=1)
    while before >= now:
        assert not slowly_open(before, zone, window, days, holidays), (zone, now, opening, before)
        before -= step


def test_every_zone_around_every_clock_change_of_a_year() -> None:
    every_day: frozenset[int] = frozenset(range(7))
    changed_zones = 0
    for zone in ZONES:
        changes = clock_changes(zone)
        changed_zones += bool(changes)
        for change in changes:
            for window in ((0, 150), (90, 240), (135, 300), (1260, 1440), (480, 1080)):
                for ahead_hours in (-6, 0, 7, 19):
                    check_opening(change + ahead_hours * HOUR, zone, window, every_day, frozenset(), 10 * MINUTE)
    assert changed_zones > 100


def test_every_zone_over_the_turn_of_the_year() -> None:
    weekdays = frozenset(range(5))
    holidays = frozenset({date(2027, 1, 1)})
    for zone in ZONES:
        for hour in (0, 11, 23):
            now = datetime(2026, 12, 31, hour, tzinfo=UTC)
            check_opening(now, zone, (480, 1080), weekdays, holidays)


@given(zone=st.sampled_from(ZONES), now=instants, window=windows, days=day_sets)
def test_open_is_the_rule_in_words(zone: str, now: datetime, window: tuple[int, int], days: frozenset[int]) -> None:
    assert calendar.contact_open(now, zone, window, days, frozenset()) == slowly_open(
        now, zone, window, days, frozenset()
    )


dates = st.dates(date(2020, 1, 1), date(2040, 12, 31))


@given(start=dates, span=st.integers(-30, 400), days=day_sets, off=st.frozensets(st.integers(-30, 400), max_size=20))
def test_business_days_between_counts_them(start: date, span: int, days: frozenset[int], off: frozenset[int]) -> None:
    holidays = frozenset(start + timedelta(days=ahead) for ahead in off)
    end = start + timedelta(days=span)
    counted = sum(
        calendar.is_business_day(start + timedelta(days=ahead), days, holidays) for ahead in range(1, span + 1)
    )
    assert calendar.business_days_between(start, end, days, holidays) == counted


@given(start=dates, count=st.integers(1, 60), days=day_sets)
def test_added_business_days_lie_between(start: date, count: int, days: frozenset[int]) -> None:
    later = calendar.add_business_days(start, count, days, frozenset())
    assert calendar.is_business_day(later, days, frozenset())
    assert calendar.business_days_between(start, later, days, frozenset()) == count


@given(day=st.dates())
def test_end_of_month_is_the_last_day_of_the_same_month(day: date) -> None:
    last = calendar.end_of_month(day)
    assert (last.year, last.month) == (day.year, day.month)
    assert last == date.max or (last + timedelta(days=1)).day == 1
