"""How right links are: columns -> stated -> cases -> resampling -> measures, curve -> report."""
