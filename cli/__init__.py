"""The duly command."""
