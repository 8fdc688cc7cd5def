"""The smallest complete plugin for tk: one command, one encoder."""

from tk_hello.letters import Letters

__all__ = ["Letters"]
