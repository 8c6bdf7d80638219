"""What Duly relies on in DynamoDB, checked on the emulator: it is young, so its pinned version must keep these.

Plain boto3 calls; each expectation is AWS's documented behaviour, not the emulator's.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.emulator import Emulator, new_account

TABLE = "accounts"
KILOBYTE = 1024


@pytest.fixture(scope="module")
def dynamodb(emulator: Emulator) -> Iterator[Any]:
    client = emulator.client("dynamodb", new_account())
    client.create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": "S"}
            for name in ("pk", "sk", "due_shard", "due_at", "header_shard")
        ],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "agenda",
                "KeySchema": [
                    {"AttributeName": "due_shard", "KeyType": "HASH"},
                    {"AttributeName": "due_at", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["type"]},
            },
            {
                "IndexName": "headers",
                "KeySchema": [
                    {"AttributeName": "header_shard", "KeyType": "HASH"},
                    {"AttributeName": "pk", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            },
        ],
    )
    yield client


@pytest.fixture
def pk(request: pytest.FixtureRequest) -> str:
    """A partition of the test's own."""
    return f"A#{request.node.name}"


def text(value: str) -> dict[str, str]:
    return {"S": value}


def item(pk: str, sk: str, **attributes: Any) -> dict[str, Any]:
    return {"pk": text(pk), "sk": text(sk), **attributes}


def put(pk: str, sk: str, *, new: bool = False, **attributes: Any) -> dict[str, Any]:
    """One Put of a transaction; `new` is the store's put-if-absent."""
    request: dict[str, Any] = {"TableName": TABLE, "Item": item(pk, sk, **attributes)}
    if new:
        request["ConditionExpression"] = "attribute_not_exists(pk)"
    return {"Put": request}


def get(dynamodb: Any, pk: str, sk: str) -> dict[str, Any] | None:
    found: dict[str, Any] | None = dynamodb.get_item(TableName=TABLE, Key=item(pk, sk), ConsistentRead=True).get("Item")
    return found


def query(dynamodb: Any, pk: str, prefix: str = "", **options: Any) -> dict[str, Any]:
    condition, values = "pk = :pk", {":pk": text(pk)}
    if prefix:
        condition, values = condition + " AND begins_with(sk, :prefix)", {**values, ":prefix": text(prefix)}
    answer: dict[str, Any] = dynamodb.query(
        TableName=TABLE,
        KeyConditionExpression=condition,
        ExpressionAttributeValues=values,
        ConsistentRead=True,
        **options,
    )
    return answer


def sort_keys(answer: dict[str, Any]) -> list[str]:
    return [found["sk"]["S"] for found in answer["Items"]]


def code_of(caught: pytest.ExceptionInfo[ClientError]) -> str:
    return str(caught.value.response["Error"]["Code"])


def reasons_of(caught: pytest.ExceptionInfo[ClientError]) -> list[str]:
    return [reason["Code"] for reason in caught.value.response["CancellationReasons"]]


# --- put-if-absent


def test_put_if_absent_takes_a_free_key_once(dynamodb: Any, pk: str) -> None:
    dynamodb.put_item(
        TableName=TABLE, Item=item(pk, "J#1", by=text("a")), ConditionExpression="attribute_not_exists(pk)"
    )
    with pytest.raises(ClientError) as caught:
        dynamodb.put_item(
            TableName=TABLE, Item=item(pk, "J#1", by=text("b")), ConditionExpression="attribute_not_exists(pk)"
        )
    assert code_of(caught) == "ConditionalCheckFailedException"
    assert get(dynamodb, pk, "J#1") == item(pk, "J#1", by=text("a"))


def test_a_lost_put_can_return_the_winner(dynamodb: Any, pk: str) -> None:
    dynamodb.put_item(TableName=TABLE, Item=item(pk, "J#1", by=text("a")))
    with pytest.raises(ClientError) as caught:
        dynamodb.put_item(
            TableName=TABLE,
            Item=item(pk, "J#1", by=text("b")),
            ConditionExpression="attribute_not_exists(pk)",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    assert caught.value.response["Item"] == item(pk, "J#1", by=text("a"))


def test_twenty_writers_of_one_key_have_one_winner(dynamodb: Any, pk: str) -> None:
    def attempt(number: int) -> int | None:
        try:
            dynamodb.put_item(
                TableName=TABLE,
                Item=item(pk, "J#1", by={"N": str(number)}),
                ConditionExpression="attribute_not_exists(pk)",
            )
        except ClientError as error:
            assert error.response["Error"]["Code"] == "ConditionalCheckFailedException"
            return None
        return number

    with ThreadPoolExecutor(20) as pool:
        winners = [number for number in pool.map(attempt, range(20)) if number is not None]
    assert len(winners) == 1
    assert get(dynamodb, pk, "J#1") == item(pk, "J#1", by={"N": str(winners[0])})


# --- transactions


def test_a_transaction_writes_all(dynamodb: Any, pk: str) -> None:
    dynamodb.transact_write_items(TransactItems=[put(pk, "J#1", new=True), put(pk, "H"), put(pk, "L#1")])
    assert sort_keys(query(dynamodb, pk)) == ["H", "J#1", "L#1"]


def test_a_transaction_that_loses_writes_nothing_and_names_the_item(dynamodb: Any, pk: str) -> None:
    dynamodb.transact_write_items(TransactItems=[put(pk, "J#1", new=True), put(pk, "H", by=text("a"))])
    with pytest.raises(ClientError) as caught:
        dynamodb.transact_write_items(
            TransactItems=[put(pk, "H", by=text("b")), put(pk, "J#1", new=True), put(pk, "L#1")]
        )
    assert code_of(caught) == "TransactionCanceledException"
    assert reasons_of(caught) == ["None", "ConditionalCheckFailed", "None"]
    assert query(dynamodb, pk)["Items"] == [item(pk, "H", by=text("a")), item(pk, "J#1")]


def test_a_condition_check_guards_without_writing(dynamodb: Any, pk: str) -> None:
    dynamodb.put_item(TableName=TABLE, Item=item(pk, "H", version={"N": "4"}))
    check = {
        "ConditionCheck": {
            "TableName": TABLE,
            "Key": item(pk, "H"),
            "ConditionExpression": "version = :v",
            "ExpressionAttributeValues": {":v": {"N": "5"}},
        }
    }
    with pytest.raises(ClientError) as caught:
        dynamodb.transact_write_items(TransactItems=[check, put(pk, "L#1")])
    assert reasons_of(caught) == ["ConditionalCheckFailed", "None"]
    assert get(dynamodb, pk, "L#1") is None


def test_a_transaction_deletes_and_ignores_what_is_not_there(dynamodb: Any, pk: str) -> None:
    dynamodb.put_item(TableName=TABLE, Item=item(pk, "L#1"))
    deletes = [{"Delete": {"TableName": TABLE, "Key": item(pk, sk)}} for sk in ("L#1", "L#2")]
    dynamodb.transact_write_items(TransactItems=[*deletes, put(pk, "C#1")])
    assert sort_keys(query(dynamodb, pk)) == ["C#1"]


def test_a_transaction_spans_partitions(dynamodb: Any, pk: str) -> None:
    dynamodb.transact_write_items(TransactItems=[put(pk, "J#1", new=True), put(f"lookup#{pk}", "A#1", new=True)])
    with pytest.raises(ClientError):
        dynamodb.transact_write_items(TransactItems=[put(f"{pk}#other", "J#1"), put(f"lookup#{pk}", "A#1", new=True)])
    assert get(dynamodb, f"{pk}#other", "J#1") is None


def test_a_transaction_refuses_one_item_twice(dynamodb: Any, pk: str) -> None:
    with pytest.raises(ClientError) as caught:
        dynamodb.transact_write_items(TransactItems=[put(pk, "H"), put(pk, "H")])
    assert code_of(caught) == "ValidationException"


@pytest.mark.parametrize(("count", "accepted"), [(100, True), (101, False)])
def test_a_transaction_holds_a_hundred_items(dynamodb: Any, pk: str, count: int, accepted: bool) -> None:
    writes = [put(pk, f"L#{number:03d}") for number in range(count)]
    if accepted:
        dynamodb.transact_write_items(TransactItems=writes)
    else:
        with pytest.raises(ClientError) as caught:
            dynamodb.transact_write_items(TransactItems=writes)
        assert code_of(caught) == "ValidationException"
    assert query(dynamodb, pk, Select="COUNT")["Count"] == (count if accepted else 0)


def test_the_same_token_and_content_again_is_harmless(dynamodb: Any, pk: str) -> None:
    for _ in range(2):
        dynamodb.transact_write_items(TransactItems=[put(pk, "J#1", new=True)], ClientRequestToken=f"t-{len(pk)}-same")
    assert sort_keys(query(dynamodb, pk)) == ["J#1"]


def test_the_same_token_with_other_content_is_refused(dynamodb: Any, pk: str) -> None:
    token = f"t-{len(pk)}-other"
    dynamodb.transact_write_items(TransactItems=[put(pk, "J#1", new=True)], ClientRequestToken=token)
    with pytest.raises(ClientError) as caught:
        dynamodb.transact_write_items(TransactItems=[put(pk, "J#2", new=True)], ClientRequestToken=token)
    assert code_of(caught) == "IdempotentParameterMismatchException"


def test_racing_transactions_make_one_history(dynamodb: Any, pk: str) -> None:
    def append(writer: int) -> int:
        """Appends one entry, trying again until it wins; returns the version it got."""
        while True:
            version = query(dynamodb, pk, "J#", Select="COUNT")["Count"] + 1
            try:
                dynamodb.transact_write_items(
                    TransactItems=[
                        put(pk, f"J#{version:06d}", new=True, by={"N": str(writer)}),
                        put(pk, "H", version={"N": str(version)}),
                    ]
                )
            except ClientError as error:
                lost = {reason["Code"] for reason in error.response["CancellationReasons"]}
                assert lost & {"ConditionalCheckFailed", "TransactionConflict"}
                continue
            return version

    with ThreadPoolExecutor(8) as pool:
        versions = sorted(pool.map(append, range(24)))
    assert versions == list(range(1, 25))
    entries = query(dynamodb, pk, "J#")["Items"]
    assert sorted(int(entry["by"]["N"]) for entry in entries) == list(range(24))
    header = get(dynamodb, pk, "H")
    assert header is not None
    assert header["version"] == {"N": "24"}


# --- queries


def test_a_query_reads_one_partition_in_order_of_sort_keys(dynamodb: Any, pk: str) -> None:
    for sk in ("b", "a#10", "a#2", "ä", "Z"):
        dynamodb.put_item(TableName=TABLE, Item=item(pk, sk))
    dynamodb.put_item(TableName=TABLE, Item=item(f"{pk}x", "a"))
    assert sort_keys(query(dynamodb, pk)) == ["Z", "a#10", "a#2", "b", "ä"]  # bytes of UTF-8
    assert sort_keys(query(dynamodb, pk, ScanIndexForward=False)) == ["ä", "b", "a#2", "a#10", "Z"]


def test_a_query_by_prefix_takes_the_prefix_literally(dynamodb: Any, pk: str) -> None:
    for sk in ("L#1", "L#2", "L", "M#1", "L%"):
        dynamodb.put_item(TableName=TABLE, Item=item(pk, sk))
    assert sort_keys(query(dynamodb, pk, "L#")) == ["L#1", "L#2"]


def test_a_consistent_query_sees_the_write_before_it(dynamodb: Any, pk: str) -> None:
    for number in range(25):
        dynamodb.put_item(TableName=TABLE, Item=item(pk, f"L#{number:02d}"))
        assert len(query(dynamodb, pk)["Items"]) == number + 1


def test_a_query_pages_at_one_megabyte(dynamodb: Any, pk: str) -> None:
    block = "x" * (300 * KILOBYTE)
    for number in range(8):
        dynamodb.put_item(TableName=TABLE, Item=item(pk, f"L#{number}", block=text(block)))
    pages = []
    answer = query(dynamodb, pk)
    pages.append(sort_keys(answer))
    while "LastEvaluatedKey" in answer:
        answer = query(dynamodb, pk, ExclusiveStartKey=answer["LastEvaluatedKey"])
        pages.append(sort_keys(answer))
    assert [sk for page in pages for sk in page] == [f"L#{number}" for number in range(8)]
    assert all(len(page) <= 4 for page in pages)
    assert len(pages) >= 2


def test_a_limit_pages_and_the_last_page_says_so(dynamodb: Any, pk: str) -> None:
    for number in range(3):
        dynamodb.put_item(TableName=TABLE, Item=item(pk, f"L#{number}"))
    first = query(dynamodb, pk, Limit=2)
    second = query(dynamodb, pk, Limit=2, ExclusiveStartKey=first["LastEvaluatedKey"])
    assert (sort_keys(first), sort_keys(second)) == (["L#0", "L#1"], ["L#2"])
    assert "LastEvaluatedKey" not in second


def test_a_range_of_sort_keys_is_inclusive(dynamodb: Any, pk: str) -> None:
    for number in range(5):
        dynamodb.put_item(TableName=TABLE, Item=item(pk, f"J#{number}"))
    answer = dynamodb.query(
        TableName=TABLE,
        KeyConditionExpression="pk = :pk AND sk BETWEEN :a AND :b",
        ExpressionAttributeValues={":pk": text(pk), ":a": text("J#1"), ":b": text("J#3")},
    )
    assert sort_keys(answer) == ["J#1", "J#2", "J#3"]


# --- indexes


def agenda(dynamodb: Any, shard: str, until: str, **options: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = dynamodb.query(
        TableName=TABLE,
        IndexName="agenda",
        KeyConditionExpression="due_shard = :s AND due_at <= :t",
        ExpressionAttributeValues={":s": text(shard), ":t": text(until)},
        **options,
    )["Items"]
    return found


def test_an_index_is_sparse(dynamodb: Any, pk: str) -> None:
    dynamodb.put_item(TableName=TABLE, Item=item(pk, "H", due_shard=text(pk), due_at=text("2026-03-01T09:00Z")))
    dynamodb.put_item(TableName=TABLE, Item=item(pk, "L#1", due_shard=text(pk)))
    dynamodb.put_item(TableName=TABLE, Item=item(pk, "L#2"))
    assert [found["sk"]["S"] for found in agenda(dynamodb, pk, "2027")] == ["H"]


def test_an_item_leaves_the_index_with_its_key(dynamodb: Any, pk: str) -> None:
    header = item(pk, "H", due_shard=text(pk), due_at=text("2026-03-01"))
    dynamodb.put_item(TableName=TABLE, Item=header)
    dynamodb.put_item(TableName=TABLE, Item={**header, "due_at": text("2026-04-01")})
    assert [found["due_at"]["S"] for found in agenda(dynamodb, pk, "2027")] == ["2026-04-01"]
    dynamodb.put_item(TableName=TABLE, Item=item(pk, "H"))
    assert agenda(dynamodb, pk, "2027") == []


def test_an_index_reads_what_is_due_oldest_first_in_pages(dynamodb: Any, pk: str) -> None:
    for day in (3, 1, 2, 2):
        key = f"{pk}#{day}-{len(agenda(dynamodb, pk, '2027'))}"
        dynamodb.put_item(TableName=TABLE, Item=item(key, "H", due_shard=text(pk), due_at=text(f"2026-03-0{day}")))
    found = agenda(dynamodb, pk, "2026-03-02")
    assert [entry["due_at"]["S"] for entry in found] == ["2026-03-01", "2026-03-02", "2026-03-02"]
    assert len(agenda(dynamodb, pk, "2026-03-02", Limit=2)) == 2


def test_equal_index_keys_page_without_loss(dynamodb: Any, pk: str) -> None:
    for number in range(5):
        key = f"{pk}#{number}"
        dynamodb.put_item(TableName=TABLE, Item=item(key, "H", due_shard=text(pk), due_at=text("2026-03-01")))
    paginator = dynamodb.get_paginator("query").paginate(
        TableName=TABLE,
        IndexName="agenda",
        KeyConditionExpression="due_shard = :s",
        ExpressionAttributeValues={":s": text(pk)},
        PaginationConfig={"PageSize": 2},
    )
    found = [entry["pk"]["S"] for page in paginator for entry in page["Items"]]
    assert sorted(found) == [f"{pk}#{number}" for number in range(5)]


def test_an_index_projects_what_it_was_told_to(dynamodb: Any, pk: str) -> None:
    header = item(
        pk,
        "H",
        due_shard=text(pk),
        due_at=text("2026-03-01"),
        header_shard=text(pk),
        type=text("header"),
        amount={"N": "5"},
    )
    dynamodb.put_item(TableName=TABLE, Item=header)
    (narrow,) = agenda(dynamodb, pk, "2027")
    assert sorted(narrow) == ["due_at", "due_shard", "pk", "sk", "type"]
    answer = dynamodb.query(
        TableName=TABLE,
        IndexName="headers",
        KeyConditionExpression="header_shard = :s",
        ExpressionAttributeValues={":s": text(pk)},
    )
    assert answer["Items"] == [header]


def test_an_index_has_no_consistent_reads(dynamodb: Any, pk: str) -> None:
    with pytest.raises(ClientError) as caught:
        agenda(dynamodb, pk, "2027", ConsistentRead=True)
    assert code_of(caught) == "ValidationException"


# --- items


@pytest.mark.parametrize(("block_bytes", "accepted"), [(400 * KILOBYTE - 200, True), (400 * KILOBYTE, False)])
def test_an_item_holds_400_kilobytes_with_its_keys(dynamodb: Any, pk: str, block_bytes: int, accepted: bool) -> None:
    big = item(pk, "L#1", block=text("x" * block_bytes))
    if accepted:
        dynamodb.put_item(TableName=TABLE, Item=big)
        return
    with pytest.raises(ClientError) as caught:
        dynamodb.put_item(TableName=TABLE, Item=big)
    assert code_of(caught) == "ValidationException"


def test_a_too_large_item_cancels_the_whole_transaction(dynamodb: Any, pk: str) -> None:
    with pytest.raises(ClientError) as caught:
        dynamodb.transact_write_items(TransactItems=[put(pk, "H"), put(pk, "L", block=text("x" * 410 * KILOBYTE))])
    assert code_of(caught) in {"ValidationException", "TransactionCanceledException"}
    assert query(dynamodb, pk)["Items"] == []


@pytest.mark.parametrize("number", ["0", "-1", "9007199254740993", "99999999999999999999999999999999999999"])
def test_integers_come_back_as_they_went(dynamodb: Any, pk: str, number: str) -> None:
    dynamodb.put_item(TableName=TABLE, Item=item(pk, "L", amount={"N": number}))
    found = get(dynamodb, pk, "L")
    assert found is not None
    assert found["amount"] == {"N": number}


def test_a_number_of_more_than_38_digits_is_refused(dynamodb: Any, pk: str) -> None:
    with pytest.raises(ClientError) as caught:
        dynamodb.put_item(TableName=TABLE, Item=item(pk, "L", amount={"N": "1" * 39}))
    assert code_of(caught) == "ValidationException"


@pytest.mark.parametrize("value", ["", "Grüße ✓ \u0000 \U0001f600", " leading and trailing "])
def test_text_comes_back_as_it_went(dynamodb: Any, pk: str, value: str) -> None:
    dynamodb.put_item(TableName=TABLE, Item=item(pk[:20], "L", note=text(value)))
    found = get(dynamodb, pk[:20], "L")
    assert found is not None
    assert found["note"] == text(value)


@pytest.mark.parametrize("key", ["pk", "sk", "due_at"])
def test_an_empty_key_is_refused(dynamodb: Any, pk: str, key: str) -> None:
    with pytest.raises(ClientError) as caught:
        dynamodb.put_item(
            TableName=TABLE, Item={**item(pk, "H", due_shard=text(pk), due_at=text("2026")), key: text("")}
        )
    assert code_of(caught) == "ValidationException"


def test_a_missing_item_and_a_missing_delete_are_no_errors(dynamodb: Any, pk: str) -> None:
    assert get(dynamodb, pk, "nothing") is None
    dynamodb.delete_item(TableName=TABLE, Key=item(pk, "nothing"))


def test_a_missing_table_is_named_as_such(dynamodb: Any) -> None:
    with pytest.raises(ClientError) as caught:
        dynamodb.get_item(TableName="nothing", Key=item("a", "b"))
    assert code_of(caught) == "ResourceNotFoundException"
