"""One-record lookup: an index of one table, asked from the command line, Python or HTTP."""
