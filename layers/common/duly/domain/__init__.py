"""Pure rules: data and a date in, data out. Standard library only."""
