"""The ways through the system: each loads accounts, decides, commits."""
