"""Random changes of training pictures: options, crops, RandAugment, erasing; mixing in batches.

All random numbers come from torch's generator, which `tk.fit` sets for every example.
"""
