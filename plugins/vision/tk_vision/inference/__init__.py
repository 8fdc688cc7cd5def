"""Run a trained model on many pictures: hardware, batch size, running."""
