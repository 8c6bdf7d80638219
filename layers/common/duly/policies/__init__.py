"""The shipped credit policy as a file (``default.toml``); every other policy is filled up from it."""
