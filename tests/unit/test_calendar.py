"""Business days, due dates, step days and the contact window, with the awkward days named."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from duly.domain import calendar
from duly.runtime.holidays import holidays_for

WEEKDAYS = frozenset(range(5))
EVERY_DAY = frozenset(range(7))
NONE: frozenset[date] = frozenset()
OFFICE = (8 * 60, 18 * 60)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_business_days_skip_weekends_and_holidays() -> None:
    good_friday, easter_monday = date(2026, 4, 3), date(2026, 4, 6)
    holidays = frozenset({good_friday, easter_monday})
    assert not calendar.is_business_day(good_friday, WEEKDAYS, holidays)
    assert not calendar.is_business_day(date(2026, 4, 4), WEEKDAYS, holidays)
    assert calendar.is_business_day(date(2026, 4, 7), WEEKDAYS, holidays)
    assert calendar.add_business_days(date(2026, 4, 2), 1, WEEKDAYS, holidays) == date(2026, 4, 7)
    assert calendar.add_business_days(date(2026, 4, 7), -1, WEEKDAYS, holidays) == date(2026, 4, 2)
    assert calendar.add_business_days(date(2026, 4, 4), 0, WEEKDAYS, holidays) == date(2026, 4, 4)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (date(2026, 1, 2), date(2026, 1, 5), 1),  # Friday to Monday
        (date(2026, 1, 2), date(2026, 1, 4), 0),  # Friday to Sunday
        (date(2026, 1, 5), date(2026, 1, 5), 0),
        (date(2026, 1, 6), date(2026, 1, 5), 0),  # bank data dated ahead is not old
        (date(2025, 12, 31), date(2026, 1, 31), 21),  # New Year's Day is a holiday
    ],
)
def test_business_days_between(start: date, end: date, expected: int) -> None:
    holidays = frozenset({date(2026, 1, 1), date(2026, 1, 3)})  # the second is a Saturday and changes nothing
    assert calendar.business_days_between(start, end, WEEKDAYS, holidays) == expected


def test_no_business_day_is_an_error_and_not_an_endless_loop() -> None:
    with pytest.raises(calendar.CalendarError) as error:
        calendar.add_business_days(date(2026, 1, 1), 1, frozenset(), NONE)
    assert error.value.code == "no_business_day"


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2024, 2, 3), date(2024, 2, 29)),
        (date(2026, 2, 28), date(2026, 2, 28)),
        (date(2026, 12, 1), date(2026, 12, 31)),
        (date(2026, 4, 30), date(2026, 4, 30)),
        (date(9999, 12, 5), date(9999, 12, 31)),
    ],
)
def test_end_of_month(day: date, expected: date) -> None:
    assert calendar.end_of_month(day) == expected


def test_due_date_counts_calendar_days_and_refuses_to_leave_the_calendar() -> None:
    assert calendar.due_date(date(2024, 1, 30), 30) == date(2024, 2, 29)
    assert calendar.due_date(date(2026, 1, 31), 0) == date(2026, 1, 31)
    with pytest.raises(calendar.CalendarError) as error:
        calendar.due_date(date(9999, 12, 31), 1)
    assert error.value.code == "date_out_of_range"


@pytest.mark.parametrize(
    ("basis", "days", "boundary", "expected"),
    [
        ("due", 3, "on_or_after", date(2026, 2, 7)),
        ("due", -5, "on_or_after", date(2026, 1, 30)),
        ("due", 3, "after", date(2026, 2, 8)),
        ("due_end_of_month", 0, "on_or_after", date(2026, 2, 28)),
        ("due_end_of_month", 30, "on_or_after", date(2026, 3, 31)),
        ("invoice", 10, "on_or_after", date(2026, 1, 15)),
        ("previous", 10, "on_or_after", date(2026, 2, 20)),
        ("oldest", 1, "on_or_after", date(2026, 1, 3)),
    ],
)
def test_step_day_by_basis(basis: str, days: int, boundary: str, expected: date) -> None:
    day = calendar.step_day(
        basis,
        days,
        boundary,
        due=date(2026, 2, 4),
        issued=date(2026, 1, 5),
        previous_sent=date(2026, 2, 10),
        oldest_due=date(2026, 1, 2),
    )
    assert day == expected


def test_step_after_a_previous_one_that_was_not_sent_has_no_day() -> None:
    assert calendar.step_day("previous", 10, due=date(2026, 2, 4)) is None


def test_local_date_differs_from_the_date_in_utc() -> None:
    assert calendar.local_date(at("2026-01-01T10:30"), "Pacific/Kiritimati") == date(2026, 1, 2)
    assert calendar.local_date(at("2026-01-01T03:00"), "America/Los_Angeles") == date(2025, 12, 31)


@pytest.mark.parametrize(
    "name", ["", "Europe", "Mars/Olympus", "../etc/passwd", "/etc/passwd", "Europe/Berlin ", "a" * 5000]
)
def test_unknown_time_zone_has_its_own_error(name: str) -> None:
    with pytest.raises(calendar.UnknownTimeZone):
        calendar.contact_open(at("2026-01-05T12:00"), name, OFFICE, WEEKDAYS, NONE)


def test_naive_time_is_refused() -> None:
    with pytest.raises(TypeError):
        calendar.local_date(datetime(2026, 1, 1), "UTC")


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-01-05T07:00:00", False),  # 08:00 in Berlin, inside the margin
        ("2026-01-05T07:00:59.999999", False),
        ("2026-01-05T07:01:00", True),
        ("2026-01-05T16:59:00", True),
        ("2026-01-05T16:59:00.000001", False),
        ("2026-01-05T17:00:00", False),
        ("2026-01-04T12:00:00", False),  # Sunday
        ("2026-01-06T12:00:00", False),  # told to be a holiday
        ("2026-07-06T06:01:00", True),  # summer time
    ],
)
def test_contact_window_with_its_margin(moment: str, is_open: bool) -> None:
    holidays = frozenset({date(2026, 1, 6)})
    assert calendar.contact_open(at(moment), "Europe/Berlin", OFFICE, WEEKDAYS, holidays) is is_open


def test_a_window_without_bounds_is_always_open_and_keeps_away_from_a_day_off_alone() -> None:
    whole_day, midnight = (0, 1440), at("2026-01-05T00:00:00")
    assert calendar.contact_open(midnight, "UTC", whole_day, EVERY_DAY, NONE)
    assert calendar.contact_open(at("2026-01-05T23:59:30"), "UTC", whole_day, EVERY_DAY, NONE)
    weekdays = frozenset(range(5))
    assert calendar.contact_open(at("2026-01-05T23:59:00"), "UTC", whole_day, weekdays, NONE)
    assert not calendar.contact_open(at("2026-01-05T23:59:30"), "UTC", whole_day, weekdays, NONE)
    assert not calendar.contact_open(midnight, "UTC", whole_day, EVERY_DAY, frozenset({date(2026, 1, 6)}))
    assert calendar.contact_open(midnight, "UTC", whole_day, weekdays, NONE, margin_s=0)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-01-05T12:00:00", "2026-01-05T12:00:00"),  # open now
        ("2026-01-05T03:00:00", "2026-01-05T07:01:00"),
        ("2026-01-09T17:30:00", "2026-01-12T07:01:00"),  # over a weekend
        ("2026-03-27T18:00:00", "2026-03-30T06:01:00"),  # and into summer time
        ("2026-12-31T17:00:00", "2027-01-04T07:01:00"),  # over the turn of the year, 1 January a holiday
    ],
)
def test_next_opening_in_berlin(now: str, expected: str) -> None:
    holidays = frozenset({date(2027, 1, 1)})
    assert calendar.next_contact_opening(at(now), "Europe/Berlin", OFFICE, WEEKDAYS, holidays) == at(expected)


def test_opening_that_the_clocks_jump_over_is_right_after_the_jump() -> None:
    night = (2 * 60 + 15, 5 * 60)  # 02:15 does not exist in Berlin on 29 March 2026
    opening = calendar.next_contact_opening(at("2026-03-29T00:00"), "Europe/Berlin", night, EVERY_DAY, NONE)
    assert opening == at("2026-03-29T01:00")


def test_window_that_the_clocks_go_back_into_opens_again() -> None:
    night = (30, 2 * 60 + 30)  # 02:30 comes twice in Berlin on 25 October 2026; the clocks go back at 01:00 UTC
    opening = calendar.next_contact_opening(at("2026-10-25T00:45"), "Europe/Berlin", night, EVERY_DAY, NONE)
    assert opening == at("2026-10-25T01:00")


def test_a_day_that_comes_back_after_its_midnight() -> None:
    # Until 2011 the clocks of Newfoundland went back at 00:01 (on 7 November 2010 at 02:31 UTC) to the day before.
    first_minutes = (0, 120)
    sunday = frozenset({6})
    opening = calendar.next_contact_opening(
        at("2010-11-07T00:00"), "America/St_Johns", first_minutes, sunday, NONE, margin_s=0
    )
    assert opening == at("2010-11-07T02:30")
    late = (23 * 60, 1440)
    opening = calendar.next_contact_opening(at("2010-11-07T02:30"), "America/St_Johns", late, EVERY_DAY, NONE)
    assert opening == at("2010-11-07T02:31")
    half_past = (23 * 60 + 29, 1440)
    opening = calendar.next_contact_opening(at("2010-11-07T02:30"), "America/St_Johns", half_past, EVERY_DAY, NONE)
    assert opening == at("2010-11-07T03:00")  # 23:30 for the second time


def test_a_day_that_never_was_is_passed_over() -> None:
    opening = calendar.next_contact_opening(at("2011-12-30T06:00"), "Pacific/Apia", OFFICE, EVERY_DAY, NONE)
    assert opening == at("2011-12-30T18:01")  # 31 December there: 30 December 2011 was left out
    assert calendar.local_date(opening, "Pacific/Apia") == date(2011, 12, 31)


def test_other_time_zones_of_now_are_understood() -> None:
    now = datetime(2026, 1, 5, 5, 0, tzinfo=timezone(timedelta(hours=5)))
    assert calendar.next_contact_opening(now, "UTC", OFFICE, WEEKDAYS, NONE) == at("2026-01-05T08:01")


def test_a_window_that_never_opens_is_an_error() -> None:
    with pytest.raises(calendar.NoContactOpening):
        calendar.next_contact_opening(at("2026-01-05T00:00"), "UTC", OFFICE, frozenset(), NONE)


def test_holidays_by_country() -> None:
    german = holidays_for("DE", [2026, 2027])
    assert german is not None
    assert {date(2026, 1, 1), date(2026, 4, 3), date(2027, 12, 25)} <= german
    assert date(2026, 1, 7) not in german


@pytest.mark.parametrize(("country", "year"), [("XX", 2026), ("", 2026), ("de", 2026), ("ECB", 2026), ("DE", 2500)])
def test_a_missing_holiday_table_is_none_and_not_empty(country: str, year: int) -> None:
    assert holidays_for(country, [year]) is None


def test_one_missing_year_makes_the_table_missing() -> None:
    assert holidays_for("DE", [2026, 2500]) is None


def test_too_many_years_of_holidays_are_refused() -> None:
    with pytest.raises(ValueError, match="at most"):
        holidays_for("DE", range(2000, 2050))
