"""What changed between two clusterings of the same rows: `tk diff`."""
