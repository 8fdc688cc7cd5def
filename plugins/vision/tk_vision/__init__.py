"""Vision backbones of published papers, as classifiers and feature pyramids."""
