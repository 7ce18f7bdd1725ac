"""PostgreSQL without an installation: the server from a wheel, one cluster per checkout.

    cluster = locate(checkout)      # works out where everything is, starts nothing
    cluster.hold()                  # running from here until this process ends

The lock that every holder shares is the reference count: the kernel drops it however a process ends,
so nothing has to be counted and nothing can be miscounted. See docs/decisions/0002.
"""

from config.embedded.cluster import Cluster, locate
from config.embedded.places import EmbeddedError

__all__ = ["Cluster", "EmbeddedError", "locate"]
