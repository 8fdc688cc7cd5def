"""Offers a hook that is never reached: importing the package fails first."""
