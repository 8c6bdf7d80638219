"""`duly simulate` and `duly test`: a scenario file played on the memory twin of a stack."""
