"""Notices: templates per language, MIME, sending through SES."""
