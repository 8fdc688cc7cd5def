"""An example plugin with a model and a task: small drawings of shapes are told apart."""
