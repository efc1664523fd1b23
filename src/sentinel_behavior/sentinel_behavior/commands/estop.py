"""``./sentinel estop``: the emergency stop of every sentinel that runs."""

import argparse
import os
import sys

from sentinel_common.joining import add_domain, add_namespace, domain_in_force, nobody

from .guard import tell_guards, tell_one

SUMMARY = 'emergency stop of all that runs, until estop --release'

_SERVICE = 'emergency_stop'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument('--release', action='store_true', help='let it act again')
    add_domain(parser)
    add_namespace(parser)


def main(args: argparse.Namespace) -> int:
    """Stop all runs of this person, or what is named; return 1 where one of them did not answer.

    Raise NobodyError where none does.
    """
    if args.release:
        print(tell_one(_SERVICE, False, args.namespace, getattr(args, 'domains', ())))
        return 0
    running = set() if args.domain is not None else set(getattr(args, 'running', ()))
    # Who works with ROS sets ROS_DOMAIN_ID for good; it must not keep a stop from a run elsewhere.
    named = not running or args.domain is not None or 'ROS_DOMAIN_ID' in os.environ
    domains = sorted(running | ({domain_in_force()} if named else set()))
    told, mute = set(), False
    for answer in tell_guards(
        _SERVICE, True, domains=domains, namespace=args.namespace, several=True
    ):
        told.add(answer.domain)
        mute = mute or not answer.text
        where = [f'ROS domain {answer.domain}'] if len(domains) > 1 else []
        where += [answer.namespace] if answer.namespace and not args.namespace else []
        text = answer.text or 'the guard does not answer, not stopped.'
        line = ': '.join(filter(None, (', '.join(where), text)))
        print(line, file=None if answer.text else sys.stderr, flush=True)
    if not told:
        raise nobody('guard', args.namespace)
    silent = running - told if not args.namespace else set()
    for domain in sorted(silent):
        print(f'No guard is heard in the run in ROS domain {domain}: not stopped.', file=sys.stderr)
    return int(mute or bool(silent))
