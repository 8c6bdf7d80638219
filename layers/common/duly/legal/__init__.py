"""Dated legal data that ships with Duly: reference rates and what a late payer owes, by jurisdiction. No code."""
