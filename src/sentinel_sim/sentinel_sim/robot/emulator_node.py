"""The emulated MekaMon on its own: a Bluetooth peripheral without garden and physics."""

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rclpy.node import Node
from sentinel_common.files import replace_file
from sentinel_common.parameters import Parameter, Parameters
from sentinel_driver.hermes import DriveForm
from std_srvs.srv import SetBool

from sentinel_common import node

if TYPE_CHECKING:
    from .peripheral import Fault

PARAMETERS = (
    Parameter(
        'hci_port',
        0,
        'TCP port on 127.0.0.1 that serves the emulated radio as HCI, 0 = a free one',
        minimum=0,
        maximum=65535,
        read_only=True,
    ),
    Parameter('hci_port_file', '', 'file to write the port to, empty = none', read_only=True),
    Parameter('address', 'F0:F0:F0:4D:4D:01', 'random static Bluetooth address', read_only=True),
    Parameter('advertised_name', 'MekaMon', 'name in the advertisement', read_only=True),
    Parameter(
        'generation',
        'walking5',
        'firmware generation: form of the drive command it reads',
        choices=tuple(form.value for form in DriveForm),
        read_only=True,
    ),
    Parameter(
        'connection_interval',
        0.015,
        's between the moments at which packets travel, 0 = at once',
        minimum=0.0,
        maximum=4.0,
        read_only=True,
    ),
    Parameter('mtu', 23, 'largest ATT MTU, bytes', minimum=23, maximum=517, read_only=True),
    Parameter(
        'packing',
        'whole',
        'how frames lie in notifications',
        choices=('whole', 'split', 'merged'),
        read_only=True,
    ),
    Parameter(
        'body',
        'none',
        'none: the gait is followed perfectly; gazebo: joint commands go to the servos of gz sim',
        choices=('none', 'gazebo'),
        read_only=True,
    ),
    Parameter('seed', 0, 'of everything random', minimum=0, read_only=True),
    Parameter(
        'rate',
        50.0,
        'control cycles per second, Hz',
        minimum=34.0,
        maximum=500.0,
        read_only=True,
    ),
    Parameter(
        'fault_duration',
        0.0,
        's that a fault lasts, 0 = until its service is called with false',
        minimum=0.0,
    ),
)


class MekaMonEmulator(Node):
    """A MekaMon without a garden: a body that follows perfectly, or that of Gazebo (``bodies``).

    Logs frames that differ from the one before, and connections. The services
    ``~/vanish``, ``~/refuse``, ``~/corrupt``, ``~/stall`` and ``~/reboot`` (std_srvs/SetBool) let
    something go wrong, for ``fault_duration`` seconds or until they are called with false.
    """

    def __init__(self) -> None:
        super().__init__('mekamon_emulator')
        from .air import Air
        from .bodies import BODIES
        from .mekamon import MekaMon
        from .peripheral import EmulatedRobot, Fault

        self.parameters = Parameters(self, PARAMETERS)
        p = self.parameters
        self._air = Air(port=p['hci_port'], interval=p['connection_interval'])
        self._mekamon = MekaMon(form=p['generation'], seed=p['seed'])
        self._robot = EmulatedRobot(
            self._mekamon,
            air=self._air,
            address=p['address'],
            name=p['advertised_name'],
            mtu=p['mtu'],
            packing=p['packing'],
            seed=p['seed'],
        )
        self._robot.on_payload = self._log_payload
        self._connected = False
        self._last_payload = b''
        self._body = BODIES[p['body']](self, self._mekamon)
        self._air.start()
        self._robot.start()
        self.get_logger().info(f'emulated radio: hci:tcp-client:127.0.0.1:{self._air.port}')
        if p['hci_port_file']:
            # Whoever waits for the file must never read half a number.
            replace_file(Path(p['hci_port_file']), f'{self._air.port}\n')
        for fault in Fault:
            if fault is not Fault.NONE:
                self.create_service(SetBool, f'~/{fault}', partial(self._on_fault, fault))
        self._last = self.get_clock().now()
        self.create_timer(1.0 / p['rate'], self._step)

    def stop(self) -> None:
        """Go silent."""
        self._robot.stop()
        self._air.stop()

    def _on_fault(self, fault: 'Fault', request: Any, response: Any) -> Any:
        from .peripheral import Fault

        seconds = self.parameters['fault_duration'] or None
        self._robot.cause(fault if request.data else Fault.NONE, seconds)
        response.success = True
        response.message = self._robot.fault
        self.get_logger().info(f'fault: {response.message}')
        return response

    def _log_payload(self, stamp: float, payload: bytes) -> None:
        if payload != self._last_payload:
            self._last_payload = payload
            self.get_logger().info(f'frame {payload.hex(" ")}')

    def _step(self) -> None:
        now = self.get_clock().now()
        # A pause (a busy machine, a clock that was set) must not become one giant step.
        dt = min(0.03, max(0.0, (now - self._last).nanoseconds * 1e-9))
        self._last = now
        targets = self._mekamon.step(dt)
        if self._robot.connected != self._connected:
            self._connected = self._robot.connected
            self.get_logger().info('connected' if self._connected else 'disconnected')
        self._body.follow(targets, dt, now.to_msg())


def main() -> int:
    """Run the node."""
    return node.run(MekaMonEmulator)


if __name__ == '__main__':
    sys.exit(main())
