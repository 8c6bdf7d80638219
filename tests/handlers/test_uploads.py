"""Files through risk_check and reconcile, by events/upload-*.json, rows.json, entries.json and lost-upload.json."""

from __future__ import annotations

import json
from typing import Any

import pytest

from duly.flows.edge import Scale
from tests.handlers.material import CUSTOMERS, INVOICES, LATER_INVOICE, statement
from tests.handlers.world import World, bodies_of, load_event, with_bodies

FINE = {"batchItemFailures": []}


def body_of(event: dict[str, Any]) -> dict[str, Any]:
    return bodies_of(event)[0]


def test_an_upload_becomes_a_plan_and_one_message_per_customer(world: World) -> None:
    event = world.upload("upload-customers", CUSTOMERS)
    assert world.invoke("risk_check", event) == FINE
    messages = world.stack.receive("CustomerQueue")
    bodies = [json.loads(one["Body"]) for one in messages]
    assert [(one["type"], one["account"], one["number"]) for one in bodies] == [
        ("rows", "C-1001", 0),
        ("rows", "C-1002", 1),
    ]
    groups = [one["Attributes"]["MessageGroupId"] for one in messages]
    assert groups == [one["attributes"]["MessageGroupId"] for one in load_event("rows")["Records"]]
    upload = world.edge.uploads.get(bodies[0]["upload"])
    assert upload is not None and (upload.state, upload.messages, upload.rows_in) == ("planned", 2, 2)
    assert len(world.stack.keys(f"parts/{upload.id}/")) == 3
    assert world.stack.keys("receipts/") == []


def test_rows_are_applied_and_the_receipt_adds_up(world: World) -> None:
    world.invoke("risk_check", world.upload("upload-customers", CUSTOMERS))
    found = [json.loads(one["Body"]) for one in world.stack.receive("CustomerQueue")]
    rows = load_event("rows")
    wanted = [{**body, "upload": one["upload"]} for body, one in zip(bodies_of(rows), found, strict=True)]
    assert wanted == [{**one, "time": body["time"]} for one, body in zip(found, wanted, strict=True)]
    assert world.invoke("risk_check", with_bodies(rows, *wanted)) == FINE
    receipt = world.stack.receipt("customers/2026-03-customers.csv")
    assert receipt["rows"] == {"in": 2, "applied": 2, "duplicate": 0, "rejected": 0} and receipt["adds_up"]
    assert world.account("C-1001").header.country == "GB"
    assert world.stack.metric("RowsApplied") == 2


def test_the_same_message_again_changes_nothing(world: World) -> None:
    world.invoke("risk_check", world.upload("upload-customers", CUSTOMERS))
    messages = [json.loads(one["Body"]) for one in world.stack.receive("CustomerQueue")]
    rows = with_bodies(load_event("rows"), *messages)
    assert world.invoke("risk_check", rows) == FINE
    before, receipt = world.versions(), world.stack.receipt("customers/2026-03-customers.csv")
    assert world.invoke("risk_check", rows) == FINE
    assert world.versions() == before
    assert world.stack.receipt("customers/2026-03-customers.csv") == receipt


def test_the_same_event_twice_is_worked_on_once(world: World) -> None:
    event = world.upload("upload-customers", CUSTOMERS)
    assert world.invoke("risk_check", event) == FINE
    reads = len([call for _, call in world.stack.calls if call[0].startswith("s3:Get")])
    assert world.invoke("risk_check", event) == FINE
    again = [call for _, call in world.stack.calls if call[0].startswith("s3:Get")]
    assert len(again) == reads, "the second event read the file again"
    assert len(world.stack.receive("CustomerQueue")) == 2


def test_a_new_version_of_a_file_is_a_new_upload(world: World) -> None:
    world.take_in("risk_check", "upload-customers", CUSTOMERS)
    world.take_in("risk_check", "upload-customers", CUSTOMERS.replace(b",GB,", b",IE,"))
    assert world.account("C-1001").header.country == "IE"


def test_without_a_version_the_content_still_counts(world: World) -> None:
    """The emulator leaves the version out: two files under one key within an hour are still two uploads."""
    for country in (b",GB,", b",IE,"):
        event = world.upload("upload-customers", CUSTOMERS.replace(b",GB,", country))
        body = body_of(event)
        del body["detail"]["object"]["version-id"]
        body["detail"]["object"]["etag"] = country.hex()
        assert world.invoke("risk_check", with_bodies(event, body)) == FINE
        world.drain("CustomerQueue")
    assert world.account("C-1001").header.country == "IE"


def test_a_file_whose_event_was_lost_is_taken_in(world: World) -> None:
    world.take_in("risk_check", "upload-customers", CUSTOMERS)
    event = load_event("lost-upload")
    body = body_of(event)
    body["version"] = world.stack.put(body["key"], INVOICES)
    assert world.invoke("risk_check", with_bodies(event, body)) == FINE
    world.drain("CustomerQueue")
    assert world.stack.receipt(body["key"])["rows"]["applied"] == 3
    # its own event comes late: nothing more
    late = load_event("upload-invoices")
    late_body = body_of(late)
    late_body["detail"]["object"] |= {"key": body["key"], "version-id": body["version"]}
    before = world.versions()
    assert world.invoke("risk_check", with_bodies(late, late_body)) == FINE
    assert world.stack.receive("CustomerQueue") == [] and world.versions() == before


@pytest.mark.parametrize(
    "key",
    [
        "invoices/2026-03/week 10+late.csv",
        "invoices/a%2Fb.csv",
        "invoices/Übersicht März.csv",
        "invoices/../../customers/escape.csv",
        "invoices/'; DROP--{jndi}$(id).csv",
        "invoices/" + "long/" * 190 + "name.csv",  # S3 allows 1,024 bytes; the receipt's own key needs room beside it
    ],
)
def test_keys_are_taken_as_they_are(world: World, key: str) -> None:
    world.take_in("risk_check", "upload-customers", CUSTOMERS)
    world.take_in("risk_check", "upload-invoices", INVOICES, key)
    uploads = [one for one in world.edge.uploads.all(world.now) if one.key == key]
    assert [one.state for one in uploads] == ["closed"]
    receipt = json.loads(world.stack.read(uploads[0].receipt))
    assert receipt["key"] == key and receipt["rows"]["applied"] == 3
    outside = [one for one in world.stack.keys("") if one.partition("/")[0] not in ("receipts", "parts")]
    assert sorted(outside) == sorted(["customers/2026-03-customers.csv", key])


def test_an_object_that_is_gone_gets_a_receipt(world: World) -> None:
    event = world.upload("upload-customers", CUSTOMERS)
    found = body_of(event)["detail"]["object"]
    world.stack.s3.delete_object(Bucket=world.stack.names["Bucket"], Key=found["key"], VersionId=found["version-id"])
    assert world.invoke("risk_check", event) == FINE
    assert world.stack.receipt(found["key"])["reasons"] == {"object_gone": 1}


def test_a_file_that_is_too_large_gets_a_receipt(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("duly.store.objects.MAX_OBJECT_BYTES", 10)
    key = world.take_in("risk_check", "upload-customers", CUSTOMERS)
    assert world.stack.receipt(key)["reasons"] == {"file_too_large": 1}


def test_a_large_file_goes_through_in_chunks_and_messages(world: World) -> None:
    small = Scale(whole_bytes=4_000, chunk_bytes=6_000, invoices_per_message=40)
    monthly = [f"L-{number:05d},C-1001,2026-01-20,2026-02-19,1.00,EUR" for number in range(500)]
    data = "\n".join(["number,customer,issued,due,amount,currency", *monthly, "L-1,C-1001,soon,,1.00,EUR", ""]).encode()
    world.stack.app("risk_check").edge().scale = small
    key = world.take_in("risk_check", "upload-invoices", data)
    receipt = world.stack.receipt(key)
    assert receipt["rows"] == {"in": 501, "applied": 500, "duplicate": 0, "rejected": 1}
    assert receipt["adds_up"] and receipt["reasons"] == {"date_format": 1}
    (upload,) = [one for one in world.edge.uploads.all(world.now) if one.key == key]
    assert upload.chunks > 1 and upload.messages > 1
    folder = upload.receipt.rpartition("/")[0]
    (name,) = receipt["reject_files"]
    assert b"502,issued,date_format" in world.stack.read(f"{folder}/{name}")
    assert world.stack.metric("RowsRead") == 501 and world.stack.metric("RowsApplied") == 500


def test_a_broken_row_is_rejected_with_its_line(world: World) -> None:
    broken = INVOICES.replace(b"1190.00", b"11x0.00")
    world.take_in("risk_check", "upload-customers", CUSTOMERS)
    key = world.take_in("risk_check", "upload-invoices", broken)
    receipt = world.stack.receipt(key)
    assert receipt["rows"] == {"in": 3, "applied": 2, "duplicate": 0, "rejected": 1} and receipt["adds_up"]
    (rejects,) = [one for one in world.stack.keys(f"receipts/{key}/") if one.endswith("rejects.csv")]
    assert b"2,amount," in world.stack.read(rejects)
    assert world.stack.metric("RowsRejected") == 1


def test_a_file_that_is_no_csv_gets_a_receipt(world: World) -> None:
    key = world.take_in("risk_check", "upload-customers", b"\x00\xff\xfe not a table")
    receipt = world.stack.receipt(key)
    assert receipt["rows"]["applied"] == 0 and receipt["rows"]["rejected"] > 0 and receipt["adds_up"]


def test_an_unknown_customer_opens_a_provisional_account(world: World) -> None:
    world.take_in("risk_check", "upload-invoices", INVOICES)
    assert world.account("C-1001").header.provisional
    world.take_in("risk_check", "upload-customers", CUSTOMERS)
    assert not world.account("C-1001").header.provisional


def test_the_same_content_under_another_key_is_duplicate(world: World) -> None:
    world.take_in("risk_check", "upload-customers", CUSTOMERS)
    world.take_in("risk_check", "upload-invoices", INVOICES)
    key = world.take_in("risk_check", "upload-invoices", INVOICES, "invoices/again.csv")
    receipt = world.stack.receipt(key)
    assert receipt["rows"] == {"in": 3, "applied": 0, "duplicate": 3, "rejected": 0} and receipt["adds_up"]


# --- policy
def test_a_policy_is_put_in_force_and_wakes_the_accounts(world: World) -> None:
    world.take_in("risk_check", "upload-customers", CUSTOMERS)
    text = b'[creditor]\nname = "Muster"\n[contact]\nmin_gap_days = 9\n'
    key = world.take_in("risk_check", "upload-policy", text)
    assert world.edge.policy().contact.min_gap_days == 9
    assert world.stack.receipt(key)["reasons"] == {}
    woken = [json.loads(one["Body"]) for one in world.stack.receive("AccountQueue")]
    assert {one["account"] for one in woken} == {"C-1001", "C-1002"}
    assert not any(one["chase"] for one in woken)


def test_a_wrong_policy_names_line_and_key_and_changes_nothing(world: World) -> None:
    text = b'[creditor]\nname = "Muster"\n\n[contact]\nmin_gap_days = "soon"\nnonsense = 1\n'
    key = world.take_in("risk_check", "upload-policy", text)
    (rejects,) = [one for one in world.stack.keys(f"receipts/{key}/") if one.endswith("rejects.csv")]
    said = world.stack.read(rejects).decode()
    assert "contact.min_gap_days" in said and "line 5" in said
    assert "contact.nonsense" in said and "line 6" in said
    assert world.edge.policy().contact.min_gap_days == 5
    assert world.stack.receive("AccountQueue") == []


def test_a_policy_that_is_not_utf_8_gets_a_receipt(world: World) -> None:
    key = world.take_in("risk_check", "upload-policy", b'[creditor]\nname = "M\xfcller"\n')
    assert world.stack.receipt(key)["reasons"] == {"not_utf8": 1}


# --- mapping profiles
SAP = b'[columns]\nnumber = "Ref"\ncustomer = "Who"\nissued = "When"\namount = "Sum"\n[constants]\ncurrency = "EUR"\n'
EXPORT = b"Ref;Who;When;Sum\nR-1;C-1001;05.01.2026;1.234,50\n"


def test_a_profile_holds_for_its_folder_and_the_nearest_one_counts(world: World) -> None:
    world.take_in("risk_check", "upload-customers", CUSTOMERS)
    below = SAP.replace(b"Ref", b"Number")
    world.take_in("risk_check", "upload-policy", SAP, "policy/profiles/invoices/sap.toml")
    world.take_in("risk_check", "upload-policy", below, "policy/profiles/invoices.toml")
    key = world.take_in("risk_check", "upload-invoices", EXPORT, "invoices/sap/2026/a.csv")
    receipt = world.stack.receipt(key)
    assert receipt["rows"]["applied"] == 1 and receipt["amounts"]["applied"] == {"EUR": "1234.50"}
    assert receipt["notes"][0].startswith("profile policy/profiles/invoices/sap.toml version ")
    key = world.take_in("risk_check", "upload-invoices", EXPORT.replace(b"Ref", b"Number"), "invoices/b.csv")
    receipt = world.stack.receipt(key)
    assert receipt["rows"]["duplicate"] == 1
    assert receipt["notes"][0].startswith("profile policy/profiles/invoices.toml version ")
    key = world.take_in("risk_check", "upload-customers", CUSTOMERS, "customers/c.csv")
    assert not any("profile" in note for note in world.stack.receipt(key)["notes"])
    assert world.edge.policy().creditor.name == "" or not world.edge.has_policy()  # a profile is no policy


def test_an_empty_profile_ends_it_and_one_that_comes_late_changes_nothing(world: World) -> None:
    place = "policy/profiles/invoices.toml"
    world.take_in("risk_check", "upload-customers", CUSTOMERS)
    world.take_in("risk_check", "upload-policy", SAP, place, "2026-03-03T09:00:00+00:00")
    world.take_in("risk_check", "upload-policy", b"# none\n", place, "2026-03-03T11:00:00+00:00")
    world.take_in("risk_check", "upload-policy", SAP, place, "2026-03-03T10:00:00+00:00")
    key = world.take_in("risk_check", "upload-invoices", EXPORT, "invoices/a.csv")
    assert world.stack.receipt(key)["reasons"] == {"header": 1}


def test_a_wrong_profile_names_line_and_key_and_the_one_in_force_stays(world: World) -> None:
    world.take_in("risk_check", "upload-customers", CUSTOMERS)
    world.take_in("risk_check", "upload-policy", SAP, "policy/profiles/invoices.toml")
    world.take_in("risk_check", "upload-policy", b'dates = "eu"\n', "policy/profiles/invoices.toml")
    said = [
        world.stack.read(one).decode()
        for one in world.stack.keys("receipts/policy/profiles/invoices.toml/")
        if one.endswith("rejects.csv")
    ]
    assert len(said) == 1 and 'dates,profile,"line 1: expected dates to be one of' in said[0]
    key = world.take_in("risk_check", "upload-invoices", EXPORT)
    assert world.stack.receipt(key)["rows"]["applied"] == 1
    for place in ("policy/profiles/mail.toml", "policy/profiles/invoices.txt", "policy/profiles/.toml"):
        world.take_in("risk_check", "upload-policy", SAP, place)
        assert world.stack.receipt(place)["reasons"] == {"profile": 1}


def test_statements_and_customers_have_profiles_too(world: World) -> None:
    mapping = b'[columns]\nid = "Who"\nname = "Called"\n'
    world.take_in("risk_check", "upload-policy", mapping, "policy/profiles/customers.toml")
    key = world.take_in("risk_check", "upload-customers", b"Who;Called\nC-1;Nebel\n")
    assert world.stack.receipt(key)["rows"]["applied"] == 1
    mapping = b'[columns]\nbooked = "Day"\namount = "Sum"\n[constants]\naccount = "A-1"\ncurrency = "EUR"\n'
    world.take_in("risk_check", "upload-policy", mapping, "policy/profiles/statements.toml")
    key = world.take_in("reconcile", "upload-statement", b"Day;Sum\n02.02.2026;5,00\n", "statements/a.csv")
    receipt = world.stack.receipt(key)
    assert receipt["rows"]["applied"] == 1 and receipt["amounts"]["in"] == {"EUR": "5.00"}


# --- statements
def test_a_statement_becomes_messages_and_money_on_accounts(world: World) -> None:
    world.take_in("risk_check", "upload-customers", CUSTOMERS)
    world.take_in("risk_check", "upload-invoices", INVOICES)
    data = statement(("B-1", "1190.00", "RE-2026-0001"), ("B-2", "77.70", "thank you"))
    assert world.invoke("reconcile", world.upload("upload-statement", data)) == FINE
    (message,) = world.stack.receive("CashQueue")
    sent = json.loads(message["Body"])
    event = load_event("entries")
    assert body_of(event).keys() == sent.keys()
    assert world.invoke("reconcile", with_bodies(event, sent)) == FINE
    receipt = world.stack.receipt("statements/2026-03-02.camt053.xml")
    assert receipt["rows"] == {"in": 2, "applied": 2, "duplicate": 0, "rejected": 0} and receipt["adds_up"]
    paid = world.account("C-1001", [("items", "RE-2026-0001")]).items["RE-2026-0001"]
    assert paid.outstanding_minor == 0
    assert (world.stack.metric("PaymentsMatched"), world.stack.metric("PaymentsProposed")) == (1, 1)
    assert world.edge.stack.get("bank_data") == {"until": "2026-03-02"}


def test_overlapping_statements_change_nothing(world: World) -> None:
    entries = (("B-1", "1190.00", "RE-2026-0001"),)
    world.take_in("risk_check", "upload-customers", CUSTOMERS)
    world.take_in("risk_check", "upload-invoices", INVOICES)
    world.take_in("reconcile", "upload-statement", statement(*entries))
    before = world.versions()
    again = statement(*entries, ("B-2", "1.00", "RE-2026-0002"))
    key = world.take_in("reconcile", "upload-statement", again, "statements/again.xml")
    assert world.stack.receipt(key)["rows"] == {"in": 2, "applied": 1, "duplicate": 1, "rejected": 0}
    assert world.versions()["C-1001"] == before["C-1001"] + 1


def test_money_in_suspense_finds_a_later_invoice(world: World) -> None:
    world.take_in("risk_check", "upload-customers", CUSTOMERS)
    world.take_in("reconcile", "upload-statement", statement(("B-9", "77.70", "for RE-2026-0777")))
    world.invoke("risk_check", world.upload("upload-invoices", LATER_INVOICE))
    world.drain("CustomerQueue")
    (message,) = world.stack.receive("CashQueue")
    event = load_event("transaction")
    sent = json.loads(message["Body"])
    assert body_of(event).keys() == sent.keys()
    assert world.invoke("reconcile", with_bodies(event, sent)) == FINE
    item = world.account("C-1002", [("items", "RE-2026-0777")]).items["RE-2026-0777"]
    assert item.outstanding_minor == 0


def test_a_statement_with_a_doctype_is_refused(world: World) -> None:
    bomb = b'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><Document>&x;</Document>'
    key = world.take_in("reconcile", "upload-statement", bomb)
    assert world.stack.receipt(key)["reasons"] and world.stack.receipt(key)["rows"]["in"] == 0


AGREED = b"id,name,parent,order_required,terms_days,credit_limit,limit_currency,external_score\n"


def test_what_is_agreed_reaches_the_account_and_an_older_file_does_not_undo_it(world: World) -> None:
    def agree(number: int, hour: int, row: bytes) -> dict[str, int]:
        time = f"2026-03-04T{hour:02}:00:00+00:00"
        key = world.take_in("risk_check", "upload-customers", AGREED + row, f"customers/{number}.csv", time)
        reasons: dict[str, int] = world.stack.receipt(key)["reasons"]
        return reasons

    world.take_in("risk_check", "upload-customers", CUSTOMERS)
    agree(1, 8, b"C-1001,Fog & Sons Ltd,C-1002,yes,45,9000,,300\n")
    account = world.account("C-1001")
    header = account.header
    assert (header.parent, header.order_required, header.terms_days) == ("C-1002", True, 45)
    assert (header.limit_minor, header.external_permille) == ({"EUR": 900000}, 300)
    assert (header.country, bool(account.personal["contacts"])) == ("GB", True)  # no column: it stays as it was
    assert agree(2, 7, b"C-1001,Fog,,no,7,1,,900\n") == {"superseded": 1}
    assert world.account("C-1001").header == header
    two_limits = b"C-1001,Fog & Sons Ltd,,,,1,EUR,\nC-1001,Fog & Sons Ltd,,,,2,EUR,\n"
    assert agree(3, 9, two_limits) == {"limits_differ": 2}
    agree(4, 9, b"C-1001,Fog & Sons Ltd,,,,1,EUR,\n")
    header = world.account("C-1001").header
    assert (header.parent, header.order_required, header.terms_days) == ("", False, None)
    assert (header.limit_minor, header.external_permille) == ({"EUR": 100}, None)


def test_a_remittance_advice_is_kept_and_the_same_again_is_a_duplicate(world: World) -> None:
    world.set_up()
    advice = b"Invoice,Paid,Currency,Reference\nI-1,12.00,EUR,ZA-4711\nI-2,30.00,EUR,ZA-4711\n"
    key = world.take_in("reconcile", "upload-statement", advice, "statements/advice.csv")
    receipt = world.stack.receipt(key)
    assert receipt["rows"] == {"in": 2, "applied": 2, "duplicate": 0, "rejected": 0} and receipt["adds_up"]
    assert receipt["format"] == "remittance csv"
    world.take_in("reconcile", "upload-statement", advice, "statements/again.csv")
    assert world.stack.receipt("statements/again.csv")["rows"]["duplicate"] == 2
