"""DynamoDB, S3 and SQS at the edge, with memory twins for tests and simulation."""
