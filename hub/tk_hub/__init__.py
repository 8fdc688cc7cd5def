"""Plugin hubs: folders of static files, signed with TUF, that plugins are installed from.

Files in the order of use. Owner: names, release, wheel, checks, keys, repository, pages,
publishing, serving. User: home, fetching, trust, choosing, pip, planning, trial, journal,
installing, verifying.
"""

from tk_hub.environment import Environment
from tk_hub.home import Home, Hub
from tk_hub.installing import Setting, install, open_hubs, upgrade
from tk_hub.publishing import create_hub, publish, renew, rotate_key, yank
from tk_hub.uninstalling import uninstall
from tk_hub.verifying import verify

__all__ = [
    "Environment",
    "Home",
    "Hub",
    "Setting",
    "create_hub",
    "install",
    "open_hubs",
    "publish",
    "renew",
    "rotate_key",
    "uninstall",
    "upgrade",
    "verify",
    "yank",
]
