"""The edge in a Lambda function, or for the command line against a deployed stack."""

from __future__ import annotations

import time
from functools import cache

from duly.flows.edge import Edge, Observer
from duly.mail.sending import SesMailer
from duly.mail.texting import SnsTexter
from duly.mail.token import KeyRing
from duly.runtime.holidays import holidays_for
from duly.runtime.settings import Settings
from duly.store import queues
from duly.store.dynamodb import DynamoTable
from duly.store.objects import S3Objects
from duly.store.secrets import read_secret

KEY_SECONDS = 300  # a rotated token key is picked up within five minutes


def aws_edge(settings: Settings, observer: Observer) -> Edge:
    """Return the edge of this process. Clients are made at their first use."""
    return Edge(
        table=DynamoTable(settings.accounts_table),
        uploads_table=DynamoTable(settings.uploads_table),
        objects=S3Objects(settings.bucket),
        queues=queues.SqsQueues(
            {
                queues.CUSTOMER: settings.customer_queue_url,
                queues.CASH: settings.cash_queue_url,
                queues.ACCOUNT: settings.account_queue_url,
                queues.RISK_UPLOAD: settings.risk_upload_queue_url,
                queues.STATEMENT_UPLOAD: settings.statement_upload_queue_url,
                queues.INBOUND: settings.inbound_queue_url,
                queues.INBOUND_DLQ: settings.inbound_dlq_url,
            }
        ),
        mailer=SesMailer(),
        texter=SnsTexter(),
        observer=observer,
        key_ring=lambda: _key_ring(settings.token_secret_arn, int(time.monotonic() / KEY_SECONDS)),
        holidays=holidays_for,
        stack_name=settings.stack_name,
        configuration_set=settings.configuration_set,
        sender_address=settings.sender_address,
        inbound_domain=settings.inbound_domain,
        monotonic=time.monotonic,
        is_local=settings.is_local,
    )


@cache
def _key_ring(secret_arn: str, period: int) -> KeyRing:
    del period  # part of the cache key: the secret is read again in the next period
    return KeyRing.parse(read_secret(secret_arn))
