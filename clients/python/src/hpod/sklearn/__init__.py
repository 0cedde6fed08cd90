"""scikit-learn's searches over hyperparameters, with the daemon proposing.

Needs the extra `hpod[sklearn]`.
"""

from hpod.sklearn._search import SearchCV

__all__ = ["SearchCV"]
