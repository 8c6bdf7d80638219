"""Duly: credit control that runs itself."""
