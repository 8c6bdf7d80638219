"""The credit policy: what is read, what is filled up, and every kind of mistake with its line and key."""

from __future__ import annotations

import dataclasses
import re
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from duly.domain import legal_model, policy_model
from duly.domain.policy import (
    Policy,
    PolicyErrors,
    Scenario,
    Step,
    bare_policy,
    default_policy,
    default_policy_text,
    parse_policy,
    parse_policy_data,
)
from duly.domain.policy_reader import UNCAPPED
from duly.domain.policy_rows import policy_rows
from duly.domain.policy_schema import SECTIONS
from duly.domain.policy_table import reference_page
from duly.domain.toml_lines import key_lines, line_of

ROOT = Path(__file__).parents[2]
NAMED = '[creditor]\nname = "Fog & Co"\n'
CLASSES = {
    "creditor": policy_model.Creditor,
    "terms": policy_model.Terms,
    "risk": policy_model.Risk,
    "risk.categories.NAME": policy_model.Category,
    "risk.hold": policy_model.CreditHold,
    "cash": policy_model.Cash,
    "gates": policy_model.Gates,
    "contact": policy_model.Contact,
    "charges": policy_model.Charges,
    "charges.rates.NAME": legal_model.Series,
    "charges.tables.NAME": legal_model.Table,
    "promises": policy_model.Promises,
    "disputes": policy_model.Disputes,
    "statements": policy_model.Statements,
    "scenario.NAME": policy_model.Scenario,
    "scenario.NAME.step": policy_model.Step,
}
#: Fields that are not keys: names of tables, places in lists, parts that are tables of their own.
NOT_KEYS = {
    "risk": {"categories", "hold"},
    "risk.categories.NAME": {"name"},
    "charges": {"rates", "tables"},
    "charges.rates.NAME": {"name"},
    "charges.tables.NAME": {"regime"},
    "scenario.NAME": {"name", "steps"},
    "scenario.NAME.step": {"index"},
}


def problems(text: str) -> list[tuple[int, str, str]]:
    with pytest.raises(PolicyErrors) as errors:
        parse_policy(text, "p.toml")
    return [(problem.line, problem.key, problem.code) for problem in errors.value.problems]


def steps(*levels_names: tuple[int, str], extra: str = "") -> str:
    return NAMED + "".join(
        f'[[scenario.x.step]]\nlevel = {level}\nname = "{name}"\ndays = 1\n{extra}' for level, name in levels_names
    )


# --- the shipped defaults -------------------------------------------------------------------------------------------
def test_shipped_policy_is_usable_and_sensible() -> None:
    policy = default_policy()
    assert [category.name for category in policy.risk.categories] == ["A", "B", "C", "D"]
    assert [category.max_score_permille for category in policy.risk.categories] == [150, 400, 700, 1000]
    assert policy.risk.categories[1].limit_minor == {"EUR": 2_000_000}
    assert (policy.contact.window_start_minute, policy.contact.window_end_minute) == (480, 1080)
    assert policy.contact.days == frozenset(range(5))
    standard = policy.scenarios["standard"]
    assert [(step.level, step.days, step.channel) for step in standard.steps] == [
        (0, -5, "email"),
        (1, 3, "email"),
        (2, 14, "email"),
        (3, 28, "email"),
    ]
    assert set(policy.scenarios) == {"standard", "gentle", "firm"}
    assert policy.scenarios["gentle"].threshold_minor["EUR"] == 2500
    assert policy.scenarios["firm"].threshold_minor == standard.threshold_minor
    assert policy.defaults_version == policy.version


def test_the_file_in_policies_is_the_one_in_the_layer() -> None:
    link = ROOT / "policies" / "default.toml"
    assert link.is_symlink()
    assert link.read_text(encoding="utf-8") == default_policy_text()


def test_shipped_warnings_are_only_about_credit_decisions() -> None:
    keys = {warning.split(": ")[1] for warning in default_policy().warnings}
    assert keys <= {
        "risk.hold.over_limit",
        "risk.hold.overdue_days",
        "risk.hold.broken_promises",
        "risk.categories.D.security",
    }


def test_every_key_stands_in_the_shipped_file() -> None:
    text = default_policy_text()
    data = tomllib.loads(text)
    for section, keys in SECTIONS.items():
        shown: Any = data
        for part in section.replace("categories.NAME", "categories.A").replace("NAME", "standard").split("."):
            shown = shown[0][part] if isinstance(shown, list) else shown.get(part, {})  # or as a comment
        shown = shown[0] if isinstance(shown, list) else shown
        for key in keys:
            assert key.name in shown or re.search(rf"^# {key.name} = ", text, re.MULTILINE), (section, key.name)


def test_schema_and_dataclasses_name_the_same_fields() -> None:
    assert set(CLASSES) == set(SECTIONS)
    for section, kind in CLASSES.items():
        targets = [target for key in SECTIONS[section] for target in key.targets]
        names = {field.name for field in dataclasses.fields(kind)} - NOT_KEYS.get(section, set())
        assert sorted(targets) == sorted(names), section


def test_every_line_of_the_shipped_file_says_what_it_means() -> None:
    seen: set[str] = set()
    for line in default_policy_text().splitlines():
        found = re.match(r"(?:# )?([a-z_0-9]+) = ", line)
        if found and found[1] not in seen:
            seen.add(found[1])
            assert "# " in line[2:], line


def test_reference_page_is_up_to_date() -> None:
    page = (ROOT / "docs" / "policy.md").read_text(encoding="utf-8")
    assert page == reference_page(), "make it again: python -m duly.domain.policy_table > docs/policy.md"


def test_demo_policy_is_valid_and_asks_for_nothing_later() -> None:
    policy = parse_policy((ROOT / "policies" / "demo.toml").read_text(encoding="utf-8"), "demo.toml")
    assert policy.creditor.name == "Muster Maschinen GmbH"
    assert policy.warnings == ()


# --- what is read ---------------------------------------------------------------------------------------------------
FULL = """
[creditor]
name = "Nord & Söhne"
country = "AT"
timezone = "Europe/Vienna"
language = "de"
currency = "EUR"
address = ["Gasse 1", "1010 Wien"]
email = "geld@nord.example"
iban = "DE02 1203 0000 0000 2020 51"
[cash]
tolerance = { EUR = "0.5", JPY = "50", KWD = "0.125" }
auto_confirm = 0.955
tolerance_percent = 1.5
debt_order = ["principal", "costs", "interest"]
[contact]
window = ["09:30", "24:00"]
days = ["sat", "sun"]
[charges]
regime = "none"
rate = "9.75"
[disputes]
owners = { price = "sales@nord.example", default = "creditor" }
[risk.categories.good]
max_score = 0.5
[risk.categories.bad]
max_score = 1
terms_days = 0
limit = { EUR = "0.00" }
scenario = "hard"
[scenario.hard]
stepwise = false
min_gap_days = 0
max_notices = 4
[[scenario.hard.step]]
level = 1
name = "Stufe 1"
basis = "due_end_of_month"
days = 0
boundary = "after"
minimum = { EUR = "20.00" }
approve = { EUR = "1000.00" }
[[scenario.hard.step]]
level = 1
name = "Anruf"
basis = "previous"
days = 7
channel = "call"
final = true
"""


def test_a_full_policy_is_read_exactly() -> None:
    policy = parse_policy(FULL, "full.toml")
    assert policy.creditor.iban == "DE02120300000000202051"
    assert policy.creditor.address == ("Gasse 1", "1010 Wien")
    assert policy.cash.tolerance_minor == {"EUR": 50, "JPY": 50, "KWD": 125}
    assert policy.cash.auto_confirm_permille == 955
    assert policy.cash.tolerance_percent == Decimal("1.5")
    assert policy.cash.debt_order == ("principal", "costs", "interest")
    assert (policy.contact.window_start_minute, policy.contact.window_end_minute) == (570, 1440)
    assert policy.contact.days == frozenset({5, 6})
    assert policy.charges.rate_percent == Decimal("9.75")
    good, bad = policy.risk.categories
    assert (good.max_score_permille, good.terms_days, good.limit_minor, good.scenario) == (500, 30, {}, "")
    assert (bad.terms_days, bad.limit_minor, bad.scenario) == (0, {"EUR": 0}, "hard")
    hard = policy.scenarios["hard"]
    assert (hard.stepwise, hard.min_gap_days, hard.max_notices) == (False, 0, 4)
    assert hard.steps[0] == Step(
        index=0,
        level=1,
        name="Stufe 1",
        basis="due_end_of_month",
        boundary="after",
        minimum_minor={"EUR": 2000},
        approve_above_minor={"EUR": 100_000},
    )
    assert (hard.steps[1].index, hard.steps[1].channel, hard.steps[1].final) == (1, "call", True)


def test_what_is_left_out_comes_from_the_shipped_policy() -> None:
    policy, shipped = parse_policy(NAMED, "p.toml"), default_policy()
    assert policy.creditor == dataclasses.replace(shipped.creditor, name="Fog & Co")
    assert policy.scenarios == shipped.scenarios
    assert (policy.risk, policy.contact, policy.gates, policy.cash) == (
        shipped.risk,
        shipped.contact,
        shipped.gates,
        shipped.cash,
    )
    assert policy.defaults_version == shipped.version != policy.version


def test_version_is_of_the_text_alone() -> None:
    first, same, other = (parse_policy(text, name) for text, name in ((NAMED, "a"), (NAMED, "b"), (NAMED + "#", "a")))
    assert re.fullmatch("[0-9a-f]{16}", first.version)
    assert first.version == same.version != other.version


def test_a_scenario_changed_in_one_key_keeps_its_shipped_steps() -> None:
    policy = parse_policy(NAMED + '[scenario.standard]\nthreshold = { EUR = "99.00" }\n', "p.toml")
    assert policy.scenarios["standard"].steps == default_policy().scenarios["standard"].steps
    assert policy.scenarios["standard"].threshold_minor == {"EUR": 9900}


def test_a_scenario_without_steps_chases_nobody() -> None:
    policy = parse_policy(NAMED + "[scenario.standard]\nstep = []\n[scenario.mine]\nstepwise = false\n", "p.toml")
    assert policy.scenarios["standard"].steps == ()
    assert policy.scenarios["mine"].steps == ()
    assert policy.scenarios["mine"].threshold_minor == default_policy().scenarios["standard"].threshold_minor


def test_byte_order_mark_and_windows_line_ends_are_no_matter() -> None:
    assert parse_policy("\ufeff" + NAMED.replace("\n", "\r\n"), "p.toml").creditor.name == "Fog & Co"


@pytest.mark.parametrize(
    ("own", "category", "expected"),
    [("", "", "standard"), ("", "A", "gentle"), ("firm", "A", "firm"), ("", "Z", "standard")],
)
def test_scenario_of_a_customer(own: str, category: str, expected: str) -> None:
    assert default_policy().scenario_for(own, category).name == expected


def test_a_customer_with_a_scenario_nobody_knows_is_not_chased() -> None:
    policy = default_policy()
    assert not policy.knows_scenario("nobody-knows")
    assert policy.scenario_for("nobody-knows", "A") == Scenario(name="nobody-knows")
    assert policy.scenario_for("nobody-knows", "A").steps == ()


def test_gap_of_a_scenario_goes_before_that_of_the_policy() -> None:
    policy = default_policy()
    assert policy.min_gap_days_for(Scenario("x")) == policy.contact.min_gap_days == 5
    assert policy.min_gap_days_for(Scenario("x", min_gap_days=0)) == 0


def test_dispute_owner_by_reason() -> None:
    disputes = parse_policy(FULL, "full.toml").disputes
    assert disputes.owner_for("price") == "sales@nord.example"
    assert disputes.owner_for("quantity") == "creditor"
    assert (disputes.owner_key("price"), disputes.owner_key("quantity")) == ("price", "default")


# --- plain data and bare defaults -----------------------------------------------------------------------------------
BARE: dict[str, Any] = {
    "creditor": {"name": "C", "country": "DE", "timezone": "Europe/Berlin", "language": "de", "currency": "EUR"},
    "scenario": {
        "standard": {"per": "customer", "step": [{"level": 1, "name": "Stage 1", "days": 5, "channel": "email"}]}
    },
}


def test_bare_defaults_switch_off_all_that_could_hold_a_notice_back() -> None:
    policy = parse_policy_data(BARE, "s.json", "bare")
    shipped = default_policy()
    assert policy.gates == policy_model.Gates(0, False, 0, shipped.gates.approval_days)
    rest = (shipped.contact.fallback, shipped.contact.escalation)
    assert policy.contact == policy_model.Contact(0, 1440, frozenset(range(7)), False, 0, UNCAPPED, *rest)
    assert (policy.risk.categories, policy.cash.tolerance_minor) == ((), {})
    assert list(policy.scenarios) == ["standard"]
    assert policy.scenarios["standard"].threshold_minor == {}
    assert policy.defaults_version == "bare"
    assert policy.scenario_for("", "").steps[0].name == "Stage 1"


def test_bare_without_a_scenario_of_its_own_takes_the_shipped_steps_unhindered() -> None:
    policy = parse_policy_data({"creditor": BARE["creditor"]}, "s.json", "bare")
    assert policy.scenarios["standard"].steps == default_policy().scenarios["standard"].steps
    assert policy.scenarios["standard"].threshold_minor == {}
    assert bare_policy().scenarios == {}


def test_a_policy_without_the_standard_scenario_is_valid() -> None:
    policy = parse_policy_data({"scenario": {"mine": {"step": []}}}, "s.json", "bare")
    assert policy.scenario_for("").steps == ()


def test_plain_data_with_shipped_defaults_and_numbers_of_json() -> None:
    policy = parse_policy_data({"cash": {"auto_confirm": 0.9}, "contact": {"min_gap_days": 1}}, "s.json")
    assert (policy.cash.auto_confirm_permille, policy.contact.min_gap_days) == (900, 1)
    assert policy.scenarios == default_policy().scenarios


def test_problems_of_plain_data_have_keys_and_no_lines() -> None:
    with pytest.raises(PolicyErrors) as errors:
        parse_policy_data({"scenario": {"x": {"step": [{"level": "1", "name": "a", "days": 1}]}}}, "s.json", "bare")
    (problem,) = errors.value.problems
    assert (problem.line, problem.key, problem.code) == (0, "scenario.x.step[1].level", "wrong_type")


# --- mistakes -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("creditor.country", '"Germany"', "bad_text"),
        ("creditor.country", '""', "bad_text"),
        ("creditor.timezone", '"Europe/Atlantis"', "unknown_time_zone"),
        ("creditor.timezone", "1", "unknown_time_zone"),
        ("creditor.language", '"German"', "bad_text"),
        ("creditor.currency", '"XXX"', "currency_unknown"),
        ("creditor.address", '["a", ""]', "bad_text"),
        ("creditor.phone", '"call me"', "bad_text"),
        ("creditor.payment_link", '"http://pay.firm.example/"', "bad_link"),
        ("creditor.payment_link", '"https://pay.firm.example/?a={total}"', "bad_link"),
        ("creditor.payment_link", '"https://{reference}.firm.example/"', "bad_link"),
        ("creditor.payment_link", '"https://user@firm.example/"', "bad_link"),
        ("creditor.payment_link", "7", "bad_link"),
        ("creditor.address", '"a"', "wrong_type"),
        ("creditor.email", '"a@b"', "bad_address"),
        ("creditor.email", '"a@b.example\\nBcc: c@d.example"', "bad_address"),
        ("creditor.legal_name_line", '"two\\nlines"', "bad_text"),
        ("creditor.iban", '"DE03120300000000202051"', "bad_iban"),
        ("terms.default_days", '"30"', "wrong_type"),
        ("terms.default_days", "30.0", "wrong_type"),
        ("terms.default_days", "true", "wrong_type"),
        ("terms.default_days", "-1", "out_of_range"),
        ("terms.default_days", "999999999999999999999999", "out_of_range"),
        ("risk.review_days", "0", "out_of_range"),
        ("risk.hold.over_limit", "1", "wrong_type"),
        ("cash.allocation", "[]", "bad_length"),
        ("cash.allocation", '["oldest"]', "unknown_word"),
        ("cash.allocation", '["stated", "stated"]', "repeated"),
        ("cash.debt_order", '["costs"]', "bad_length"),
        ("cash.tolerance", '"0.50"', "wrong_type"),
        ("cash.tolerance", "{ EUR = 0.50 }", "wrong_type"),
        ("cash.tolerance", '{ EUR = "0.505" }', "amount_decimals"),
        ("cash.tolerance", '{ EUR = "1e3" }', "amount_format"),
        ("cash.tolerance", '{ EUR = "-1.00" }', "negative"),
        ("cash.tolerance", '{ eur = "1.00" }', "currency_unknown"),
        ("cash.auto_confirm", "1.01", "bad_number"),
        ("cash.auto_confirm", "0.9999", "bad_number"),
        ("cash.auto_confirm", "nan", "bad_number"),
        ("cash.auto_confirm", "inf", "bad_number"),
        ("cash.auto_confirm", "true", "bad_number"),
        ("cash.tolerance_percent", '"11"', "bad_number"),
        ("contact.window", '["18:00", "08:00"]', "bad_time"),
        ("contact.window", '["08:00", "09:59"]', "bad_time"),
        ("contact.window", '["8:00", "18:00"]', "bad_time"),
        ("contact.window", '["08:00"]', "bad_time"),
        ("contact.window", '"08:00-18:00"', "wrong_type"),
        ("contact.days", '["Monday"]', "unknown_word"),
        ("contact.days", "[]", "bad_length"),
        ("contact.max_per_7_days", "8", "out_of_range"),
        ("charges.regime", '"MARS"', "unknown_word"),
        ("charges.rate", "-1", "bad_number"),
        ("disputes.owners", "{}", "missing"),
        ("disputes.owners", '{ default = "" }', "bad_owner"),
        ("disputes.owners", '{ default = "creditor", price = "nobody" }', "bad_owner"),
        ("disputes.owners", '"me"', "wrong_type"),
        ("scenario.standard.per", '"item"', "unknown_word"),
        ("scenario.standard.max_notices", "0", "out_of_range"),
        ("scenario.standard.step", '"none"', "wrong_type"),
        ("scenario.standard.step", "[1]", "wrong_type"),
    ],
)
def test_a_wrong_value_is_told_with_line_key_and_code(key: str, value: str, code: str) -> None:
    table, _, name = key.rpartition(".")
    header = "" if table == "creditor" else f"\n[{table}]\n"
    found = problems(f"{NAMED}{header}{name} = {value}\n")
    assert len(found) == 1
    line, where, what = found[0]
    assert (line, what) == ((3 if table == "creditor" else 5), code)
    assert where.startswith(key)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [(0, "creditor.name", "missing")]),
        ('[creditor]\ncountry = "DE"\n', [(1, "creditor.name", "missing")]),
        (NAMED + "[gate]\n", [(3, "gate", "unknown_key")]),
        (NAMED + "[gates]\nsuspense_block = true\n", [(4, "gates.suspense_block", "unknown_key")]),
        ("gates = 3\n" + NAMED, [(1, "gates", "wrong_type")]),
        (NAMED + "[risk]\ncategories = []\n", [(4, "risk.categories", "wrong_type")]),
        (NAMED + "[risk.categories.A]\nterms_days = 3\n", [(3, "risk.categories.A", "missing")]),
        (NAMED + "[risk.categories.A]\nmax_score = 0.9\n", [(4, "risk.categories.A.max_score", "not_one")]),
        (
            NAMED + "[risk.categories.A]\nmax_score = 1\n[risk.categories.B]\nmax_score = 1.0\n",
            [(6, "risk.categories.B.max_score", "not_rising")],
        ),
        (
            NAMED + '[risk.categories.A]\nmax_score = 1\nscenario = "harsh"\n',
            [(5, "risk.categories.A.scenario", "unknown_scenario")],
        ),
        (NAMED + '[scenario."a/b"]\n', [(3, "scenario.a/b", "bad_name")]),
        (steps((2, "a"), (1, "b")), [(8, "scenario.x.step[2].level", "decreasing")]),
        (steps((1, "a"), (1, "a")), [(9, "scenario.x.step[2].name", "repeated")]),
        (steps((1, "a"), (2, "b"), extra="final = true\n"), [(8, "scenario.x.step[2]", "after_final")]),
        (steps((1, "a"), extra='basis = "previous"\n'), [(7, "scenario.x.step[1].basis", "no_previous")]),
        (
            NAMED + "[[scenario.x.step]]\nlevel = 1\n",
            [(3, "scenario.x.step[1].name", "missing"), (3, "scenario.x.step[1].days", "missing")],
        ),
        (NAMED + "[cash\n", [(3, "", "not_toml")]),
        (NAMED + 'x = "', [(3, "", "not_toml")]),
        (NAMED + "name = 'twice'\n", [(3, "", "not_toml")]),
        ("a = " + "[" * 20_000, [(0, "", "not_toml")]),
        ("a = " + "1" * 10_000, [(0, "", "not_toml")]),
        ("#" * 300_000, [(0, "", "too_long")]),
    ],
)
def test_a_wrong_document_is_told_with_line_key_and_code(text: str, expected: list[tuple[int, str, str]]) -> None:
    assert problems(text) == expected


def test_all_problems_are_told_at_once_in_the_order_of_lines() -> None:
    found = problems(NAMED + 'countri = "DE"\n[contact]\nmin_gap_days = -1\n[cash]\nauto_confirm = 7\n[oops]\n')
    assert [line for line, _, _ in found] == [3, 5, 7, 8]


def test_a_flood_of_problems_is_cut_and_counted() -> None:
    found = problems(NAMED + "".join(f"[nonsense{number}]\n" for number in range(500)))
    assert len(found) == 101
    assert any(code == "too_many" for _, _, code in found)


@pytest.mark.parametrize(
    ("table", "most", "code"),
    [("scenario", 51, "too_many"), ("risk.categories", 21, "too_many"), ("steps", 41, "too_many")],
)
def test_sizes_have_upper_bounds(table: str, most: int, code: str) -> None:
    names = "".join(f"[{table}.n{number}]\n" for number in range(most))
    text = steps(*((1, f"n{number}") for number in range(most))) if table == "steps" else NAMED + names
    assert code in {what for _, _, what in problems(text)}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[charges]\nrounding = "totals"', "line 4: charges.rounding: expected one of total, daily, found 'totals'"),
        (
            "[contact]\nmin_gap_days = -1",
            "line 4: contact.min_gap_days: expected a whole number of days from 0 to 365, found -1",
        ),
        ("[contact]\nholidays = 'yes'", "expected true or false, found 'yes'"),
        ("[contact]\nholidays = []", "expected true or false, found a list"),
        ('[contact]\nwindow = ["18:00", "08:00"]', "found '18:00, 08:00'"),
        ("[contact]\ndays = []", "expected 1 to 7 elements, found 0 elements"),
        ("[risk]\ncategories = 3", "expected a table [risk.categories], found 3"),
        (
            '[cash]\ntolerance = { EUR = "-1.00" }',
            "cash.tolerance.EUR: expected an amount that is not negative, found '-1.00'",
        ),
        ('[cash]\ntolerance = { eur = "1.00" }', "cash.tolerance.eur: not a currency; expected a code such as EUR"),
        (
            '[[scenario.x.step]]\nname = "a"\nlevel = 1\ndays = 3\nbasis = "previous"',
            "none is before it, found 'previous'",
        ),
        (
            '[[scenario.x.step]]\nname = "a"\nlevel = 1\ndays = 3\napprove = {}',
            "expected true, false or an amount such as",
        ),
        ('[[charges.tables.X]]\nvalid_from = "2024-W24-6"', "expected a day such as 2026-07-01, found '2024-W24-6'"),
        ("[creditor]", "line 3: the file: expected TOML; a key or section stands here that is there already"),
        (
            "[charges]\nregime = DE",
            "line 4: the file: expected TOML; text stands in quotes, numbers, true and false without",
        ),
    ],
)
def test_messages_say_what_was_expected_and_found(text: str, said: str) -> None:
    with pytest.raises(PolicyErrors) as errors:
        parse_policy(f"{NAMED}{text}\n", "p.toml")
    assert said in str(errors.value)


def test_messages_never_show_what_may_be_a_name_or_an_address() -> None:
    with pytest.raises(PolicyErrors) as errors:
        parse_policy(NAMED + 'email = "someone private"\nlanguag = "de"\n', "p.toml")
    text = str(errors.value)
    assert "p.toml: line 3: creditor.email: expected a mail address" in text
    assert "did you mean language?" in text
    assert "private" not in text


def test_a_strange_key_is_escaped_in_messages() -> None:
    with pytest.raises(PolicyErrors) as errors:
        parse_policy(NAMED + '"a\\u001b[31m" = 1\n', "p.toml")
    assert "\x1b" not in str(errors.value)


# --- rows and lines -------------------------------------------------------------------------------------------------
def test_policy_as_rows() -> None:
    rows = {(row.section, row.key): row.value for row in policy_rows(parse_policy(FULL, "full.toml"))}
    assert rows["contact", "window"] == "09:30 to 24:00"
    assert rows["contact", "days"] == "sat, sun"
    assert rows["cash", "tolerance"] == "0.50 EUR, 50 JPY, 0.125 KWD"
    assert rows["cash", "auto_confirm"] == "0.955"
    assert rows["creditor", "bic"] == "none"
    assert (rows["risk", "categories"], rows["risk.categories.bad", "max_score"]) == ("good, bad", "1")
    assert rows["risk.categories.bad", "limit"] == "0.00 EUR"
    assert rows["scenario.hard", "step"] == "Stufe 1, Anruf"
    assert rows["scenario.hard.step.Stufe 1", "approve"] == "above 1000.00 EUR"
    assert rows["scenario.hard.step.Anruf", "approve"] == "no"
    assert rows["scenario.hard.step.Anruf", "final"] == "yes"


def test_lines_of_keys_survive_strings_brackets_and_comments() -> None:
    text = '''# a comment [not.a.table]
[one]
text = """
[two]
not_a_key = 1
"""
list = [ # ]
  "]", '[x]',
]
"quoted key".part = 1
[[many]]
a = "\\" [ #"
[[many]]
a = 2
[many.sub]
b = { c = 1 }
'''
    lines = key_lines(text)
    tomllib.loads(text)
    assert lines == {
        ("one",): 2,
        ("one", "text"): 3,
        ("one", "list"): 7,
        ("one", "quoted key", "part"): 10,
        ("many", 0): 11,
        ("many", 0, "a"): 12,
        ("many", 1): 13,
        ("many", 1, "a"): 14,
        ("many", 1, "sub"): 15,
        ("many", 1, "sub", "b"): 16,
    }
    assert line_of(lines, ("many", 1, "sub", "b", "c")) == 16
    assert line_of(lines, ("nowhere",)) == 0


def test_policies_are_frozen() -> None:
    policy: Policy = default_policy()
    with pytest.raises(dataclasses.FrozenInstanceError):
        policy.name = "other"  # type: ignore[misc]


def test_every_key_is_read_by_some_code() -> None:
    """Crude, by the field's name, but enough to notice a key that nothing looks at."""
    package = ROOT / "layers" / "common" / "duly"
    files = [path for path in package.rglob("*.py") if not path.name.startswith("policy_")]
    files.append(ROOT / "cli" / "charge.py")  # sources and check days are for people
    code = "\n".join(path.read_text(encoding="utf-8") for path in files)
    by_method = {"owners": "owner_key", "min_gap_days": "min_gap_days_for", "final": "steps"}
    for section, keys in SECTIONS.items():
        for key in keys:
            names = [by_method.get(target, target) for target in key.targets]
            assert any(re.search(rf"\.{name}\b", code) for name in names), (section, key.name)


# --- rates and tables of one's own ----------------------------------------------------------------------------------
OWN_RATE = """[charges.rates.de_base]
title = "Base rate"
source = "Bundesanzeiger"
checked_on = 2026-07-02
rates = [
  { from = 2026-07-01, to = 2026-12-31, percent = "1.00" },
]
"""
OWN_TABLE = """[[charges.tables.XX]]
kinds = ["business"]
valid_from = 2020-01-01
series = "house"
margin = "2.5"
indemnity = [{ currency = "EUR", sum = "10.00" }, { currency = "EUR", above = "100.00", sum = "20.00" }]
source = "Act of XX"
checked_on = 2026-01-15
"""
HOUSE = OWN_RATE.replace("de_base", "house")


def test_a_business_adds_rates_and_a_jurisdiction() -> None:
    charges = parse_policy(NAMED + '[charges]\nregime = "XX"\n' + HOUSE + OWN_TABLE, "p.toml").charges
    (series,) = charges.rates
    assert (series.name, series.checked_on.isoformat(), len(series.periods)) == ("house", "2026-07-02", 1)
    (table,) = charges.tables
    assert (table.regime, table.series, table.margin_percent, table.mode) == ("XX", "house", Decimal("2.5"), "split")
    assert [(tier.least_minor, tier.sum_minor) for tier in table.indemnity] == [(0, 1000), (10001, 2000)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[charges]\nregime = "XX"\n', (4, "charges.regime", "unknown_word")),
        (OWN_RATE.replace('source = "Bundesanzeiger"\n', ""), (3, "charges.rates.de_base.source", "missing")),
        (OWN_RATE.replace("2026-07-02", '"soon"'), (6, "charges.rates.de_base.checked_on", "bad_date")),
        (OWN_RATE.replace("2026-12-31", "2026-06-30"), (7, "charges.rates.de_base.rates", "not_rising")),
        (OWN_RATE.replace('"1.00"', '"1,00"'), (7, "charges.rates.de_base.rates[1].percent", "bad_number")),
        (OWN_RATE.replace("percent =", "rate ="), (7, "charges.rates.de_base.rates[1].percent", "missing")),
        (OWN_RATE.replace("title =", "titel ="), (4, "charges.rates.de_base.titel", "unknown_key")),
        (OWN_TABLE, (6, "charges.tables.XX[1].series", "unknown_word")),
        (HOUSE + OWN_TABLE + OWN_TABLE, (18, "charges.tables.XX[2]", "repeated")),
        (HOUSE + OWN_TABLE + 'percent = "5"\n', (18, "charges.tables.XX[1].percent", "bad_value")),
        (
            HOUSE + OWN_TABLE.replace("valid_from = 2020-01-01\n", ""),
            (10, "charges.tables.XX[1].valid_from", "missing"),
        ),
        (HOUSE + OWN_TABLE + "valid_to = 2019-12-31\n", (18, "charges.tables.XX[1].valid_to", "bad_date")),
        (HOUSE + OWN_TABLE.replace('"business"', '"firm"'), (11, "charges.tables.XX[1].kinds[1]", "unknown_word")),
        (HOUSE + OWN_TABLE.replace('"20.00"', '"x"'), (15, "charges.tables.XX[1].indemnity[2].sum", "amount_format")),
        (HOUSE + OWN_TABLE.replace("[[", "[").replace("]]", "]"), (10, "charges.tables.XX", "wrong_type")),
    ],
)
def test_a_mistake_in_them_is_named_with_line_and_key(text: str, expected: tuple[int, str, str]) -> None:
    assert expected in problems(NAMED + text)


def test_stating_charges_in_a_bare_policy_switches_interest_on() -> None:
    assert not parse_policy_data({}, "s.json", "bare").charges.interest
    assert parse_policy_data({"charges": {"rate": "10"}}, "s.json", "bare").charges.interest
    assert not parse_policy_data({"charges": {"rate": "10", "interest": False}}, "s.json", "bare").charges.interest
