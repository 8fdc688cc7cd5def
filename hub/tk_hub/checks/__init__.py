"""What a wheel must satisfy to be published, and again to be installed: one small file each."""

from tk_hub.checks.inspection import CHECKS, inspect
from tk_hub.checks.subject import Known

__all__ = ["CHECKS", "Known", "inspect"]
