"""The errors a user can mend."""


class InputError(ValueError):
    """Something given to nnbcd cannot be used; the message says what, where, and what is allowed.

    The command line prints the message as it stands, without a traceback, and exits with 2.
    """
