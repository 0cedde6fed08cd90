"""Optuna's studies, with the daemon proposing.

Needs the extra `hpod[optuna]`.
"""

from hpod.optuna._sampler import Sampler

__all__ = ["Sampler"]
