"""Training: one function for every domain, on `transformers.Trainer`.

In the order that things happen: config, options, plan, record, resuming, repeatable, parameters,
schedules, averaging, callbacks, progress, trainer, assembly, running; batches, measuring. What
needs torch is imported by `fit` and `evaluate` when they are called.
"""

from tk.training.api import Fitted, evaluate, fit
from tk.training.config import FitConfig
from tk.training.options import configured

__all__ = ["FitConfig", "Fitted", "configured", "evaluate", "fit"]
