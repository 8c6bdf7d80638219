"""Secrets Manager: the key that signs reply tokens."""

from __future__ import annotations


def read_secret(arn: str) -> str:
    """Return the secret's present text."""
    import boto3
    from botocore.config import Config

    config = Config(connect_timeout=2, read_timeout=10, retries={"total_max_attempts": 4})
    return str(boto3.client("secretsmanager", config=config).get_secret_value(SecretId=arn)["SecretString"])
