"""Duplicates within tables: stack -> within (the stages of a linkage) -> clusters -> keep."""
