"""EntroPE: forecasting over patches that open where the series surprises."""
