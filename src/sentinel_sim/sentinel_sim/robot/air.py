"""Emulated radio: Bluetooth controllers that hear each other, served as HCI over TCP.

bumble's own link delivers everything at once and never loses anybody. This one adds what a driver
must survive: a device out of range, the supervision timeout after which either side notices, and
the connection interval at which packets really travel.
"""

import asyncio
import contextlib
import itertools
import logging
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

from bumble import hci
from bumble.controller import Connection, Controller
from bumble.core import PhysicalTransport
from bumble.link import LocalLink
from bumble.ll import AdvertisingPdu, ControlPdu
from bumble.transport.common import StreamPacketSink, StreamPacketSource
from sentinel_common.errors import SentinelError

_T = TypeVar('_T')

HOST = '127.0.0.1'

# A link is lost after this silence, s. Central systems commonly ask for 0.42 to 2 s.
SUPERVISION_TIMEOUT = 0.72

# Packets travel once in this time, s: a common choice of phones and of BlueZ lies at 15 to 50 ms.
CONNECTION_INTERVAL = 0.015

_THREAD_TIMEOUT = 30.0  # s until starting or stopping counts as failed


class AirError(SentinelError):
    """The emulated radio could not start."""


class RadioController(Controller):
    """A Bluetooth controller whose host may die and whose connecting can be given up."""

    link: 'RadioLink'

    def on_hci_reset_command(self, command: Any) -> Any:
        """Also end what the reset of a real controller ends; bumble leaves it running."""
        self.switch_off()
        return super().on_hci_reset_command(command)

    def switch_off(self) -> None:
        """Stop advertising and scanning; the peers notice after the supervision timeout."""
        for connection in list(self.le_connections.values()):
            self.link.lose_peer(connection)
        self.le_connections.clear()
        self.pending_le_connection = None
        self.le_scan_enable = False
        self.le_legacy_advertiser.stop()
        for advertising in self.advertising_sets.values():
            advertising.stop()
        self.advertising_sets.clear()

    def on_hci_le_create_connection_cancel_command(self, command: Any) -> Any:
        """Give up connecting; bumble has only a stub here, which waits for ever."""
        pending, self.pending_le_connection = self.pending_le_connection, None
        if pending is None:
            return hci.HCI_StatusReturnParameters(hci.HCI_ErrorCode.COMMAND_DISALLOWED_ERROR)
        given_up = hci.HCI_LE_Connection_Complete_Event(
            status=hci.HCI_ErrorCode.UNKNOWN_CONNECTION_IDENTIFIER_ERROR,
            connection_handle=0,
            role=hci.Role.CENTRAL,
            peer_address_type=pending.peer_address.address_type,
            peer_address=pending.peer_address,
            connection_interval=0,
            peripheral_latency=0,
            supervision_timeout=0,
            central_clock_accuracy=0,
        )
        asyncio.get_running_loop().call_soon(self.send_hci_packet, given_up)
        return super().on_hci_le_create_connection_cancel_command(command)

    def on_le_disconnected(self, connection: Connection, reason: int) -> None:
        """Take a loss once, however many timers report it."""
        if self.le_connections.get(connection.peer_address) is connection:
            super().on_le_disconnected(connection, reason)


class RadioLink(LocalLink):
    """The air between controllers.

    ``supervision`` is the silence in s after which a link counts as lost, ``interval`` the
    connection interval in s (0: packets travel at once).
    """

    controllers: set[Controller]

    def __init__(self, *, supervision: float, interval: float) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.supervision = supervision
        self.interval = interval
        # Who is out of range, and what will end the connections that this cut.
        self._out_of_range: dict[Controller, list[tuple[Connection, asyncio.TimerHandle]]] = {}
        # Packets that wait for the next connection event, per direction. A list, as timers with
        # equal deadlines are not first come, first served.
        self._waiting: dict[tuple[Controller, Controller], list[Any]] = {}

    def vanish(self, controller: Controller) -> None:
        """Take ``controller`` out of range: nobody hears it and it hears nobody."""
        ends = self._out_of_range.setdefault(controller, [])
        for connection in list(controller.le_connections.values()):
            own = self._time_out(controller, connection)
            ends += [(connection, timer) for timer in (*self.lose_peer(connection), own)]

    def appear(self, controller: Controller) -> None:
        """Bring ``controller`` back into range: connections that both ends still hold go on."""
        for connection, timer in self._out_of_range.pop(controller, []):
            if connection in controller.le_connections.values() and self._others(connection):
                timer.cancel()

    def forget(self, controller: Controller) -> None:
        """Take ``controller`` away for good, as when its computer died."""
        self.vanish(controller)
        self.controllers.discard(controller)
        self._out_of_range.pop(controller)
        for pair in [pair for pair in self._waiting if controller in pair]:
            del self._waiting[pair]

    def lose_peer(self, connection: Connection) -> list[asyncio.TimerHandle]:
        """Let the other end of ``connection`` notice its loss after the supervision timeout."""
        return [self._time_out(peer, other) for peer, other in self._others(connection)]

    def _others(self, connection: Connection) -> list[tuple[Controller, Connection]]:
        """Return who holds the other end of ``connection``, and that end."""
        return [
            (peer, other)
            for peer in self.controllers
            for other in peer.le_connections.values()
            if other.peer_address == connection.self_address
            and other.self_address == connection.peer_address
        ]

    def _time_out(self, controller: Controller, connection: Connection) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(
            self.supervision,
            controller.on_le_disconnected,
            connection,
            hci.HCI_ErrorCode.CONNECTION_TIMEOUT_ERROR,
        )

    def _reachable(self, controller: Controller | None) -> bool:
        return controller in self.controllers and controller not in self._out_of_range

    # What controllers call.

    def send_acl_data(
        self,
        sender_controller: Controller,
        destination_address: hci.Address,
        transport: PhysicalTransport,
        data: bytes,
    ) -> None:
        """Carry data at the next connection event."""
        receiver = self.find_le_controller(destination_address)
        if receiver is None or not (
            self._reachable(sender_controller) and self._reachable(receiver)
        ):
            return
        if not self.interval:
            super().send_acl_data(sender_controller, destination_address, transport, data)
            return
        waiting = self._waiting.setdefault((sender_controller, receiver), [])
        waiting.append((sender_controller.random_address, transport, data))
        if len(waiting) == 1:
            loop = asyncio.get_running_loop()
            event = (int(loop.time() / self.interval) + 1) * self.interval
            loop.call_at(event, self._connection_event, waiting, receiver)

    def _connection_event(self, waiting: list[Any], receiver: Controller) -> None:
        packets, waiting[:] = waiting[:], []
        if self._reachable(receiver):
            for packet in packets:
                receiver.on_link_acl_data(*packet)

    def send_advertising_pdu(self, sender_controller: Controller, packet: AdvertisingPdu) -> None:
        """Let everybody in range hear an advertisement."""
        if not self._reachable(sender_controller):
            return
        for controller in self.controllers:
            if controller is not sender_controller and self._reachable(controller):
                asyncio.get_running_loop().call_soon(controller.on_ll_advertising_pdu, packet)

    def send_ll_control_pdu(
        self, sender_address: hci.Address, receiver_address: hci.Address, packet: ControlPdu
    ) -> None:
        """Carry link control between two that reach each other; otherwise it is lost."""
        sender = self.find_le_controller(sender_address)
        receiver = self.find_le_controller(receiver_address)
        if self._reachable(receiver) and (sender is None or self._reachable(sender)):
            super().send_ll_control_pdu(sender_address, receiver_address, packet)


class _HciClient(StreamPacketSource):
    """One TCP client of the HCI server: it owns a controller as long as it lives."""

    _numbers = itertools.count(1)

    def __init__(self, link: RadioLink, open_transports: set[Any]) -> None:
        super().__init__()
        self._link = link
        self._open = open_transports

    def connection_made(self, transport: Any) -> None:
        """Give the client a fresh controller."""
        self._transport = transport
        self._open.add(transport)
        self._controller = RadioController(
            f'client {next(self._numbers)}',
            host_source=self,
            host_sink=StreamPacketSink(transport),
            link=self._link,
        )

    def connection_lost(self, error: Exception | None) -> None:
        """Treat the end of the client as out of range, whatever its connections were doing."""
        self._open.discard(self._transport)
        self._controller.host = None
        self._link.forget(self._controller)
        self._controller.switch_off()


class Air:
    """The radio link in a thread of its own, and its door for other processes.

    ``port`` is the TCP port on 127.0.0.1 that serves HCI (0 until ``start`` unless given). Nothing
    here blocks the simulator's thread.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        supervision: float = SUPERVISION_TIMEOUT,
        interval: float = CONNECTION_INTERVAL,
    ) -> None:
        self.port = port
        self.link = RadioLink(supervision=supervision, interval=interval)
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name='air', daemon=True)
        self._server: asyncio.Server | None = None
        self._clients: set[Any] = set()  # transports

    def start(self) -> None:
        """Open the port and run; raise AirError where the port is taken."""
        # bumble warns about every packet to a peer that has just gone, which is what this radio is
        # for.
        for name in ('bumble.controller', 'bumble.host'):
            logging.getLogger(name).setLevel(logging.ERROR)
        self._thread.start()
        try:
            self._server = self.run(self._open())
        except OSError as error:
            self.stop()
            raise AirError(
                f'Port {self.port} on {HOST} cannot be opened: {error.strerror}.',
                'Choose another hci_port, or 0 for a free one.',
            ) from error
        self.port = self._server.sockets[0].getsockname()[1]

    def stop(self) -> None:
        """Close the port and end the thread."""
        if not self._thread.is_alive():
            return
        with contextlib.suppress(TimeoutError):
            self.run(self._close())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(_THREAD_TIMEOUT)

    def run(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Run ``work`` in the radio's thread and return its result; TimeoutError after 30 s."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(_THREAD_TIMEOUT)

    def _serve(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()
        self.loop.close()

    async def _open(self) -> asyncio.Server:
        return await self.loop.create_server(
            lambda: _HciClient(self.link, self._clients), HOST, self.port
        )

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
        for transport in self._clients:
            transport.abort()
        for task in asyncio.all_tasks():
            if task is not asyncio.current_task():
                task.cancel()
        # One turn of the loop, so that cancelled tasks end and transports close.
        await asyncio.sleep(0)
