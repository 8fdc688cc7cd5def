"""Going on from the last run: rows, cluster ids and judgements kept in one file."""
