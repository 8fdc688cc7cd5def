"""TSMixer: forecasting, pre-training and classification by MLPs over patches."""
