"""How the programs that tests start react to signals, however the tests themselves were started."""

import signal

_SENT_BY_TESTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def give_children_defaults() -> None:
    """Let programs started from now on react to signals as usual.

    Below `nohup`, and in the background of a script, some signals are ignored, which children inherit. A handler is not
    inherited: so one that does nothing goes on ignoring the signal here, and leaves the default to them.
    """
    for number in _SENT_BY_TESTS:
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, lambda _number, _frame: None)
