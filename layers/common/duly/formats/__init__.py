"""Bytes to typed rows and rejects: invoice files, bank statements, mail."""
