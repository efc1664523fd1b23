"""What ``./sentinel arm`` and ``estop`` share: a word to the guards that run."""

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from sentinel_common.errors import SentinelError
from sentinel_common.joining import PATIENCE, domain_in_force, nobody

# After a guard was found others of its domain get as long as this to be found too, s: on a busy
# computer the first words of DDS are missed, and it says them again every 3 s.
_SETTLED = 4.0
# One that is found late, too, is told, and gets this long to answer, s.
_ANSWER = 2.0
_LOOK_PERIOD = 0.05  # s
_SERVICE = 'std_srvs/srv/SetBool'
# What only a guard of ours says: other robots, too, have services called ``arm``.
_STATE, _STATE_TYPE = 'safety_state', 'sentinel_msgs/msg/SafetyState'


@dataclass(frozen=True)
class Answer:
    """What a guard said; '' from one that was found and stayed silent."""

    domain: int
    namespace: str
    text: str


def tell_guards(
    service: str, value: bool, *, domains: Sequence[int], namespace: str, several: bool
) -> Iterator[Answer]:
    """Call ``arm`` or ``emergency_stop`` of the guards in ``domains``; yield what they answer.

    Without a ``namespace`` those of every one are meant; '/' is the guard that has none. Each is
    called as soon as it is found, and none waits for another. Where not ``several`` are meant and
    there are, SentinelError is raised and none is called. It ends when all have answered, or when
    patience does; then those that were found and did not answer are yielded, too.
    """
    with ExitStack() as stack:
        places = [
            stack.enter_context(_Place(domain, service, value, namespace)) for domain in domains
        ]
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and not all(place.done for place in places):
            for place in places:
                place.look()
                if several:
                    place.call()
                yield from place.answers()
            if not several:
                _call_the_only_one(places)
            deadline = max(deadline, *(place.due for place in places))
        for place in places:
            yield from place.silent()


def tell_one(service: str, value: bool, namespace: str, domains: Sequence[int] = ()) -> str:
    """Tell the one guard of ``domains``, see ``tell_guards``; return what it answers.

    Without ``domains`` that in force is meant; of several the answer names the guard's. Raises
    NobodyError where none answers, SentinelError where several could be meant.
    """
    domains = domains or [domain_in_force()]
    for answer in tell_guards(service, value, domains=domains, namespace=namespace, several=False):
        if answer.text:
            where = f'ROS domain {answer.domain}: ' if len(domains) > 1 else ''
            return where + answer.text
    raise nobody('guard', namespace)


class _Place:
    """One domain in which guards are looked for; a context manager."""

    def __init__(self, domain: int, service: str, value: bool, namespace: str) -> None:
        import rclpy
        from rclpy.executors import SingleThreadedExecutor

        self.domain, self._service, self._value = domain, service, value
        self._meant = {namespace.strip('/')} if namespace else None
        self._context = rclpy.Context()
        rclpy.init(args=[], context=self._context, domain_id=domain)
        self._node = rclpy.create_node(
            f'{service}_caller', context=self._context, enable_rosout=False
        )
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self._node)
        self._clients: dict[str, Any] = {}
        self._calls: dict[str, Any] = {}
        self._told: set[str] = set()
        self._newest = 0.0

    def __enter__(self) -> '_Place':
        return self

    def __exit__(self, *_: object) -> None:
        self._executor.shutdown(timeout_sec=1.0)
        self._node.destroy_node()
        self._context.try_shutdown()

    @property
    def found(self) -> bool:
        """Whether a guard that is meant is here."""
        return bool(self._clients)

    @property
    def settled(self) -> bool:
        """Whether all guards that are meant are found, as far as one can know."""
        return self.found and (bool(self._meant) or self.waited)

    @property
    def waited(self) -> bool:
        """Whether a guard of another place would have been found, too, since the last one here."""
        return time.monotonic() > self._newest + _SETTLED

    @property
    def done(self) -> bool:
        """Whether nothing more is to come from here."""
        return self.settled and self._told == set(self._clients)

    @property
    def due(self) -> float:
        """Until when the last one found can be told and answer."""
        return self._newest + _SETTLED + _ANSWER

    def look(self) -> None:
        """Take in for a moment what comes."""
        from std_srvs.srv import SetBool

        topics = _namespaces(self._node.get_topic_names_and_types(), _STATE, _STATE_TYPE)
        services = _namespaces(self._node.get_service_names_and_types(), self._service, _SERVICE)
        for namespace in (services & (self._meant or topics)) - set(self._clients):
            name = f'/{namespace}/{self._service}'.replace('//', '/')
            self._clients[namespace] = self._node.create_client(SetBool, name)
            self._newest = time.monotonic()
        self._executor.spin_once(timeout_sec=_LOOK_PERIOD)

    def call(self) -> None:
        """Tell those who were not told yet and are ready to listen."""
        from std_srvs.srv import SetBool

        for namespace, client in self._clients.items():
            if namespace not in self._calls and client.service_is_ready():
                self._calls[namespace] = client.call_async(SetBool.Request(data=self._value))

    def call_the_only_one(self) -> None:
        """See ``call``; raise SentinelError where one cannot know who is meant."""
        if len(self._clients) > 1:
            names = sorted(name or '/' for name in self._clients)
            raise SentinelError(
                f'Guards of several namespaces are there: {", ".join(names)}.',
                f'Name one, as in --namespace {names[0]}.',
            )
        self.call()

    def answers(self) -> Iterator[Answer]:
        """Yield the answers that have come since the last call."""
        for namespace, future in self._calls.items():
            if future.done() and namespace not in self._told:
                self._told.add(namespace)
                yield Answer(self.domain, namespace, str(future.result().message))

    def silent(self) -> Iterator[Answer]:
        """Yield an empty answer for each guard that has not answered."""
        for namespace in sorted(set(self._clients) - self._told):
            yield Answer(self.domain, namespace, '')


def _call_the_only_one(places: Sequence[_Place]) -> None:
    """Tell the only guard, once it is; raise SentinelError where several could be meant."""
    found = [place for place in places if place.found]
    if not all(place.settled and (len(places) == 1 or place.waited) for place in found):
        return
    if len(found) > 1:
        raise SentinelError(
            'Guards are there in several ROS domains: '
            f'{", ".join(str(place.domain) for place in found)}.',
            f'Name one, as in --domain {found[0].domain}.',
        )
    for place in found:
        place.call_the_only_one()


def _namespaces(found: list[tuple[str, list[str]]], name: str, kind: str) -> set[str]:
    """Return the namespaces in which ``found`` (name, types) has a ``name`` of that ``kind``."""
    split = [(full.strip('/').rpartition('/'), kinds) for full, kinds in found]
    return {namespace for (namespace, _, last), kinds in split if last == name and kind in kinds}
