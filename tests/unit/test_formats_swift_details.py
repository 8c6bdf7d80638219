"""Field 86 in the dialects of banks."""

from __future__ import annotations

from duly.formats.swift import read_swift
from duly.formats.swift_details import Details, read_details


def test_german_subfields_with_sepa_tags() -> None:
    told = read_details(
        [
            "166?00GUTSCHR. UEBERWEISUNG?109251?20EREF+A-1?21KREF+K-1?22SVWZ+Rechnung R-2026-0001?23 und R-",
            "2026-0002?24ABWA+Fog Holding?30GENODEF1NEB?31DE02120300000000202051?32Fog & Sons International Li?33mited",
        ]
    )
    assert told == Details(
        name="Fog & Sons International Limited",
        account="DE02120300000000202051",
        remittance="Rechnung R-2026-0001 und R-2026-0002",
        end_to_end_id="A-1",
        code="166",
    )


def test_a_tag_and_a_number_split_between_subfields() -> None:
    told = read_details(["166?20EREF+NOTPROVIDED 12345678SV?21WZ+Rechnung R-2026-000000-1?225"])
    assert (told.end_to_end_id, told.remittance) == ("NOTPROVIDED 12345678", "Rechnung R-2026-000000-15")


def test_subfields_without_tags_and_an_old_account_number() -> None:
    told = read_details(["051?00UEBERWEISUNG?20Rechnung 4711?21vom 3. Februar?3050060400?310847564700?32MUELLER"])
    assert told.remittance == "Rechnung 4711 vom 3. Februar"
    assert (told.name, told.account, told.code) == ("MUELLER", "50060400/0847564700", "051")


def test_other_separators_and_polish_accounts() -> None:
    for separator in "<~^@":
        parts = ["020", "00Przelew", "20FAKTURA 333/2026", "31109010140000071219812874", "32HUTA", "33SZKLA"]
        told = read_details([separator.join(parts), f"{separator}38PL61109010140000071219812874"])
        assert (told.name, told.account) == ("HUTA SZKLA", "PL61109010140000071219812874")
        assert told.remittance == "FAKTURA 333/2026"
    national = read_details(["020<00X<20Y<3861109010140000071219812874"])
    assert national.account == "PL61109010140000071219812874"


def test_german_returns() -> None:
    by_key = read_details(["159?00RETOURE?20EREF+A-1?21MTLG:Grund nicht spezifizie?22rt?34914"])
    assert (by_key.is_return, by_key.return_reason, by_key.remittance) == (True, "MS03", "Grund nicht spezifiziert")
    by_text = read_details(["109?20EREF+A-1?21SVWZ+RETURN/REFUND, AC04 ACCOUNT CLOSED"])
    assert (by_text.is_return, by_text.return_reason) == (True, "AC04")
    unnamed = read_details(["109?20EREF+A-1"])
    assert (unnamed.is_return, unnamed.return_reason) == (True, "")
    assert not read_details(["166?20MS03 is a word of the payer?34914"]).is_return


def test_dutch_words_between_slashes() -> None:
    abn = read_details(
        [
            "/TRTP/SEPA OVERBOEKING/IBAN/FR7630006000011234567890189/BIC/AGRIFRPP/NAME/MIS",
            "T SARL/REMI/factuur 2026-01/EREF/NOTPROVIDED",
        ]
    )
    assert (abn.name, abn.account) == ("MIST SARL", "FR7630006000011234567890189")
    assert (abn.remittance, abn.end_to_end_id) == ("factuur 2026-01", "")
    ing = read_details(["/EREF/E2E-5//CNTP/NL20INGB0001234567/INGBNL2A/ING BANK NV/AMSTERDAM/REMI/USTD//EV-5 T-9//"])
    assert (ing.account, ing.name) == ("NL20INGB0001234567", "ING BANK NV")
    assert (ing.remittance, ing.end_to_end_id) == ("EV-5 T-9", "E2E-5")
    structured = read_details(["/CNTP/NL20INGB0001234567/INGBNL2A/X//REMI/STRD/CUR/9876543210123456//"])
    assert (structured.structured_reference, structured.remittance) == ("9876543210123456", "")
    creditor = read_details(["/NAME/X/REMI/STRD/ISO/RF18539007547034//"])
    assert creditor.structured_reference == "RF18539007547034"
    returned = read_details(["/RTRN/MS03//CNTP/NL20INGB0001234567/INGBNL2A/X//REMI/USTD//back//"])
    assert (returned.is_return, returned.return_reason) == (True, "MS03")


def test_rabobank_fields() -> None:
    told = read_details(
        ["/EREF/01-01-2026/BENM//NAME/CONTRA ACCOUNT HOLDER/REMI//ISDT/2026-01-02"], ["NL70ABNA0987654321"]
    )
    assert (told.name, told.account) == ("CONTRA ACCOUNT HOLDER", "NL70ABNA0987654321")
    assert (told.remittance, told.end_to_end_id) == ("", "01-01-2026")


def test_a_wrapped_line_goes_on_without_a_space() -> None:
    line = "/REMI/" + "x" * 50 + " R-2026-0"
    assert read_details([line, "01/EREF/E-1"]).remittance.endswith("R-2026-001")


def test_asn_account_and_name_on_the_first_line() -> None:
    told = read_details(["NL47INGB0001234567 hr j paulissen", " " * 65, "Betaling factuur 7" + " " * 47, " " * 65])
    assert (told.account, told.name, told.remittance) == ("NL47INGB0001234567", "hr j paulissen", "Betaling factuur 7")


def test_mbank_labels() -> None:
    told = read_details(
        [
            "911 TRANSAKCJA COLLECT; ID IPH: XX000000000001; Z RACH.: ",
            "61109010140000071219812874; OD: JAN NOWAK  ",
            "UL. NIJAKA 1 M 2; TYT.: FAKTURA FVD-1/02/2026 ; ",
            "TNR: 179171073864111.010001",
        ]
    )
    assert (told.name, told.account) == ("JAN NOWAK", "PL61109010140000071219812874")
    assert told.remittance == "FAKTURA FVD-1/02/2026"


def test_postfinance_keeps_the_whole_text() -> None:
    told = read_details(["GIRO AUS ONLINE-SIC 80532 AUFTRAGGEBER: ANNA NEBEL 10 1234 X MITTEILUNGEN: R-9"])
    assert told.name == "ANNA NEBEL"
    assert told.remittance.endswith("MITTEILUNGEN: R-9")


def test_plain_text_keeps_its_lines() -> None:
    assert read_details(["BETALINGSKENM.  123456789   ", "FACTUUR 987654321"]).remittance == (
        "BETALINGSKENM. 123456789\nFACTUUR 987654321"
    )
    assert read_details([]).remittance == ""
    assert read_details([], ["Card transaction"]).remittance == "Card transaction"
    # a number and a mark before two digits are text, not subfields
    assert read_details(["123/45 and 6"]).remittance == "123/45 and 6"


def test_amounts_in_the_further_lines_of_field_61() -> None:
    told = read_details(["x"], ["/OCMT/CAD47,11//CHGS/EUR2,5/"])
    assert (told.instructed, told.charges) == (("CAD", "47,11"), ("EUR", "2,5"))


def test_a_subfield_that_ends_at_a_hyphen_goes_on() -> None:
    told = read_details(["166?20SVWZ+RECHNUNG 2026-?214711 VOM 1.2.?22A -?23B 1"])
    assert told.remittance == "RECHNUNG 2026-4711 VOM 1.2. A - B 1"


def test_a_party_named_right_behind_its_word() -> None:
    told = read_details(["/ORDP/NAME ROSSI SRL/REMI/FATTURA 12/EREF/X-1"])
    assert (told.name, told.remittance, told.end_to_end_id) == ("NAME ROSSI SRL", "FATTURA 12", "X-1")
    assert read_details(["/BENM//NAME/Leverancier/REMI/x"]).name == "Leverancier"


def test_a_structured_reference_without_its_issuer() -> None:
    told = read_details(["/ORDP//NAME/ASIAKAS OY/REMI/STRD/1234561/EREF/AB12"])
    assert (told.structured_reference, told.remittance, told.name) == ("1234561", "", "ASIAKAS OY")


def test_what_swift_calls_a_returned_item_is_a_reversal() -> None:
    for kind, is_reversal in (("NRTI", True), ("NTRF", False)):
        text = f":20:S\n:25:A\n:60F:C260202EUR0,\n:61:260203C5,00{kind}NONREF\n:86:text\n"
        (entry,) = read_swift(text.encode()).statements[0].entries
        assert entry.reversal is is_reversal
