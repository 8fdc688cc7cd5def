"""How good a run is, from some judged pairs: population -> sample -> judgements -> estimate."""
