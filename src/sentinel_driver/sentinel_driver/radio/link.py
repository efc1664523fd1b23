"""One robot: find it, connect, shake hands, write what the outbox says, come back after a loss."""

import asyncio
import contextlib
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from bleak.exc import BleakBluetoothNotAvailableError, BleakDBusError, BleakError

from ..errors import LinkError, LinkReason, RejectReason
from ..hermes import (
    ACKNOWLEDGES,
    NUS_RX,
    NUS_SERVICE,
    NUS_TX,
    Codec,
    Command,
    ConnectionEstablished,
    Decoder,
    GameState,
    KinematicStance,
    Reply,
    SetupHeartbeat,
)
from .outbox import Item, Outbox
from .status import ANY_ROBOT, State, Status, matches
from .transport import Transport

# A robot advertises several times a second; whoever is not heard for so long is not here, s.
SCAN_TIMEOUT = 3.0

# BlueZ starts and stops a scan within a moment; one that hangs never does, s.
_SCANNER_TIMEOUT = 5.0

# Connecting and discovering takes 0.1 s emulated and 1 to 3 s over the air, s.
CONNECT_TIMEOUT = 10.0

# How long one handshake message waits for its acknowledgement before the next goes out anyway:
# known drivers leave 0.05 to 0.5 s and wait for none, s.
HANDSHAKE_WAIT = 0.5

# Pauses between attempts: short at first, as most losses are short, then bounded, s.
BACKOFF_FIRST = 0.2
BACKOFF_MAX = 8.0
_DOUBLINGS = 10  # more of them than BACKOFF_MAX has room for; 2.0**1024 is no number any more

# A link that held this long was a good one: the next loss starts with the short pause again, s.
_GOOD_LINK = 0.3

# A write that does not return by then will not; the link is given up, s.
_WRITE_TIMEOUT = 1.0

# Heartbeats, once heard, may fail for this long before the link counts as lost, s.
_HEARTBEAT_SILENCE = 3.0

# The last frames have left the controller by then: some connection intervals of 7.5 to 50 ms, s.
_FLUSH_TIME = 0.15

# Nothing at the end of the process may take longer, s.
_END_TIMEOUT = 1.5

# What to do where an operation of the radio fails.
_CURES = {
    LinkReason.ADAPTER: (
        'Switch the adapter on (bluetoothctl power on), plug one in, or restart bluetoothd.'
    ),
    LinkReason.CONNECT_FAILED: 'Bring the robot nearer; switch it off and on.',
    LinkReason.WRITE_FAILED: 'Bring the robot nearer or charge it; reconnecting goes on by itself.',
}


class Listener(Protocol):
    """Who wants to know what the link does."""

    def status(self, status: Status) -> None:
        """Hear of a change of state."""

    def written(self, item: Item) -> None:
        """Hear that a payload was handed to the radio."""

    def received(self, payload: bytes) -> None:
        """Hear a payload of the robot."""

    def dropped(self, item: Item, reason: RejectReason) -> None:
        """Hear that a command will not be written."""


@dataclass
class Settings:
    """How a link behaves."""

    robot: str = ANY_ROBOT
    codec: Codec = field(default_factory=Codec)
    heartbeat: bool = False
    may_walk: bool = False  # the robot may walk already when it is found
    still: bool = False  # see ``Outbox``
    scan_timeout: float = SCAN_TIMEOUT
    connect_timeout: float = CONNECT_TIMEOUT


class Link:
    """Keeps the connection to one robot until ``end``; all writes go through one task."""

    def __init__(
        self,
        transport: Transport,
        settings: Settings,
        listener: Listener,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._transport = transport
        self._settings = settings
        self._listener = listener
        self._clock = clock
        self.outbox = Outbox(settings.codec, still=settings.still)
        self.decoder = Decoder()
        self.connected = False
        self.ending = False
        self._wake = asyncio.Event()
        self._gone = asyncio.Event()
        self._acknowledged: dict[int, asyncio.Event] = {}
        self._heartbeat_at: float | None = None
        self._attempt = 0
        self._connected_at = math.inf  # of this attempt: not yet
        # The robot may still walk as it did when the link was lost.
        self._lost_moving = settings.may_walk
        self._name = self._address = ''

    def offer(self, item: Item) -> None:
        """Queue a command; raise CommandRejectedError where it may not be sent."""
        if self.ending:
            # The last stop is under way; nothing may disturb it.
            self._listener.dropped(item, RejectReason.NOT_CONNECTED)
            return
        self.outbox.offer(item)
        if self.connected:
            self._report_dropped(RejectReason.EXPIRED)
        else:
            self._forget()
        self._wake.set()

    def stop(self) -> None:
        """Send neutral now."""
        if self.connected:
            self.outbox.stop()
            self._report_dropped(RejectReason.EXPIRED)
            self._wake.set()

    def end(self) -> None:
        """Ask ``run`` to stop the robot, disconnect and return."""
        self.ending = True
        self._wake.set()

    async def run(self) -> None:
        """Find, connect and serve, again and again, until ``end``."""
        while not self.ending:
            self._connected_at = math.inf
            try:
                await self._transport.ready()
                device = await self._find()
                if device is not None:
                    await self._serve(device)
            except LinkError as error:
                if self._clock() - self._connected_at > _GOOD_LINK:
                    self._attempt = 0
                await self._wait(error)
        self._say(State.ENDED, LinkReason.ENDED)

    async def _wait(self, error: LinkError) -> None:
        pause = min(BACKOFF_FIRST * 2.0 ** min(self._attempt, _DOUBLINGS), BACKOFF_MAX)
        self._attempt += 1
        self._say(State.WAITING, error.kind, error.reason, error.cure, retry_in=pause)
        until = self._clock() + pause
        while not self.ending and self._clock() < until:
            await self._sleep_until(until)

    async def _find(self) -> Any:
        """Return the first matching device, or None where the end was asked for."""
        self._say(State.SEARCHING)
        found: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

        def meet(device: Any, name: str, services: list[str]) -> None:
            if not found.done() and matches(self._settings.robot, name, device.address, services):
                self._name, self._address = name, device.address
                found.set_result(device)

        def heard(device: Any, advertisement: Any) -> None:
            name = advertisement.local_name or device.name or ''
            meet(device, name, advertisement.service_uuids)

        limit = self._settings.scan_timeout + _SCANNER_TIMEOUT
        with radio_errors(LinkReason.ADAPTER):
            async with asyncio.timeout(limit):
                for device in await self._transport.abandoned():
                    meet(device, device.name or '', [NUS_SERVICE])
                if found.done():
                    self._lost_moving = True  # whoever died may have left it walking
                    return found.result()
                await self._scan(heard, found)
        if self._transport.lost:
            raise LinkError(LinkReason.ADAPTER, 'The Bluetooth controller is gone.')
        return found.result() if found.done() and not self.ending else None

    async def _scan(self, heard: Any, found: 'asyncio.Future[Any]') -> None:
        """Scan until ``found``, a lost controller or the end; raise LinkError where none comes."""
        deadline = self._clock() + self._settings.scan_timeout
        async with self._transport.scanner(heard):
            while not found.done() and not self.ending and not self._transport.lost:
                if self._clock() >= deadline:
                    raise LinkError(
                        LinkReason.NOT_FOUND,
                        f'No robot matching {self._settings.robot!r} is in range.',
                        'Switch it on, bring it near, and close the app that may hold it; '
                        './sentinel scan lists what is there.',
                    )
                await self._sleep_until(deadline, found)

    async def _serve(self, device: Any) -> None:
        self._say(State.CONNECTING)
        gone = self._gone = asyncio.Event()

        def lost(_: Any) -> None:
            gone.set()
            if gone is self._gone:  # not a late word of an earlier session
                self.connected = False
                self._wake.set()

        client = self._transport.client(device, lost, self._settings.connect_timeout)
        with radio_errors(LinkReason.CONNECT_FAILED):
            await client.connect()
        try:
            uart = client.services.get_characteristic(NUS_RX)
            if uart is None or client.services.get_characteristic(NUS_TX) is None:
                raise LinkError(
                    LinkReason.NO_UART,
                    f'{self._name or self._address} has no Nordic UART service: it is no MekaMon.',
                    'Give the address or the name of the robot.',
                )
            response = 'write-without-response' not in uart.properties

            async def write(payload: bytes) -> None:
                with radio_errors(LinkReason.WRITE_FAILED):
                    async with asyncio.timeout(_WRITE_TIMEOUT):
                        wire = self._settings.codec.wire(payload)
                        await client.write_gatt_char(uart, wire, response=response)

            self.decoder.reset()
            self._heartbeat_at = None
            with radio_errors(LinkReason.CONNECT_FAILED):
                await client.start_notify(NUS_TX, self._notified)
            await self._handshake(write)
            await self._pump(write)
        finally:
            self.connected = False
            self._forget()
            with contextlib.suppress(BleakError, TimeoutError, EOFError, OSError):
                async with asyncio.timeout(_END_TIMEOUT):
                    await client.disconnect()

    async def _handshake(self, write: Any) -> None:
        self._say(State.HANDSHAKE)
        codec = self._settings.codec
        greeting = [codec.payload(ConnectionEstablished()), codec.payload(GameState())]
        if not self._settings.still:
            # Whoever had the robot before may have left it under joint control, where it does not
            # walk; and a drive command that it ignored there may come into force.
            greeting += [codec.neutral, codec.payload(KinematicStance()), codec.neutral]
            # Acknowledgements may take a second: too long for a robot that walks.
            greeting = [codec.neutral] * self._lost_moving + greeting
        for payload in greeting:
            answer = self._acknowledged[payload[0]] = asyncio.Event()
            self._check_link()
            await write(payload)
            self._listener.written(Item(payload, 0.0))
            if Command(payload[0]) in ACKNOWLEDGES:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(HANDSHAKE_WAIT):
                        await answer.wait()
        if self._settings.heartbeat:
            payload = codec.payload(SetupHeartbeat())
            await write(payload)
            self._listener.written(Item(payload, 0.0))

    async def _pump(self, write: Any) -> None:
        """Write until the link is lost or the end is asked for (which ends with a stop)."""
        self.outbox.clear()
        self._lost_moving = False
        self.connected = True
        self._say(State.CONNECTED)
        self._connected_at = self._clock()
        while True:
            self._check_link()
            now = self._clock()
            if self.ending and self.connected:
                self.connected = False  # takes no more commands
                self.outbox.end()
            item = self.outbox.next(now)
            self._report_dropped(RejectReason.EXPIRED)
            if item is not None:
                await write(item.payload)
                self._listener.written(item)
                continue
            wake = self.outbox.wake(now)
            if wake is None and self.ending:
                # A disconnection overtakes what still waits in the controller.
                await asyncio.sleep(_FLUSH_TIME)
                return
            await self._sleep_until(wake if wake is not None else now + 1.0)

    def _check_link(self) -> None:
        if self._gone.is_set():
            raise LinkError(
                LinkReason.LINK_LOST,
                f'The link to {self._name or self._address} was lost.',
                'Bring the robot nearer or charge it; reconnecting goes on by itself.',
            )
        if self._heartbeat_at is not None:
            silence = self._clock() - self._heartbeat_at
            if silence > _HEARTBEAT_SILENCE:
                raise LinkError(
                    LinkReason.HEARTBEAT_LOST, f'No heartbeat of the robot for {silence:.1f} s.'
                )

    async def _sleep_until(self, moment: float, also: 'asyncio.Future[Any] | None' = None) -> None:
        """Sleep until ``moment``, an offer, a loss or the end."""
        waits: list[asyncio.Future[Any]] = [asyncio.ensure_future(self._wake.wait())]
        try:
            await asyncio.wait(
                [*waits, *([also] if also else [])],
                timeout=max(0.0, moment - self._clock()),
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            waits[0].cancel()
            self._wake.clear()

    def _notified(self, _: Any, data: bytearray) -> None:
        for payload in self.decoder.feed(bytes(data)):
            if payload[0] == Reply.STREAM_HEARTBEAT:
                self._heartbeat_at = self._clock()
            for command, reply in ACKNOWLEDGES.items():
                if payload[0] == reply and command in self._acknowledged:
                    self._acknowledged[command].set()
            self._listener.received(payload)

    def _forget(self) -> None:
        """Drop what waits: nothing old may reach the robot when the link is back."""
        self._lost_moving |= self.outbox.moving
        self.outbox.clear()
        self._report_dropped(RejectReason.NOT_CONNECTED)

    def _report_dropped(self, reason: RejectReason) -> None:
        for item in self.outbox.dropped:
            self._listener.dropped(item, reason)
        self.outbox.dropped.clear()

    def _say(
        self, state: State, reason: str = '', text: str = '', cure: str = '', retry_in: float = 0.0
    ) -> None:
        known = state not in (State.SEARCHING, State.WAITING)
        self._listener.status(
            Status(
                state,
                reason,
                text,
                cure,
                self._name if known else '',
                self._address if known else '',
                self._attempt,
                retry_in,
            )
        )


@contextlib.contextmanager
def radio_errors(otherwise: LinkReason) -> Any:
    """Turn what bleak and its backends raise into LinkError."""
    try:
        yield
    except BleakBluetoothNotAvailableError as error:
        raise LinkError(
            LinkReason.ADAPTER,
            f'Bluetooth is not available: {error.args[0].rstrip(".")}.',
            _CURES[LinkReason.ADAPTER],
        ) from error
    except (BleakError, TimeoutError, EOFError, OSError) as error:
        if _unanswered(error):
            raise LinkError(
                LinkReason.ADAPTER if isinstance(error, FileNotFoundError) else otherwise,
                f'The Bluetooth service does not answer: {error}.',
                'Start bluetoothd, or use a dongle directly with transport hci:usb:0.',
            ) from error
        reason = f'{otherwise[0].upper()}{otherwise[1:]}: {str(error) or "no answer"}.'
        raise LinkError(otherwise, reason, _CURES[otherwise]) from error


def _unanswered(error: Exception) -> bool:
    """Whether bluetoothd is not there, rather than the one who says no."""
    if not isinstance(error, BleakDBusError):
        return isinstance(error, FileNotFoundError)
    # UnknownObject and its like are bluetoothd's own words: the device is gone.
    name = error.dbus_error.removeprefix('org.freedesktop.DBus.Error.')
    return name != error.dbus_error and not name.startswith('Unknown')
