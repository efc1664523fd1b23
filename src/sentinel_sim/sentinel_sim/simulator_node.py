"""The simulated garden as a node: cameras, truth, and the emulated robot behind its Bluetooth."""

import json
import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from rclpy.node import Node as RosNode
from sentinel_common.detections import to_seconds
from sentinel_common.diagnostics import Diagnostics, Level, Report
from sentinel_common.errors import ConfigurationError
from sentinel_common.files import replace_file
from sentinel_common.parameters import Parameter, Parameters, Value

from sentinel_common import node, qos

from .offscreen import choose_renderer
from .pacing import Every, Pacer
from .robot_topics import RobotTopics


def _fixed(name: str, default: Value, description: str, **bounds: Any) -> Parameter:
    return Parameter(name, default, description, read_only=True, **bounds)


PARAMETERS: tuple[Parameter, ...] = (
    _fixed('scenario', 'raccoon_night', 'name in config/scenarios, or a YAML file'),
    _fixed('seed', 1, 'the same seed gives the same night', minimum=0),
    _fixed('robots', [''], "namespaces of the robots, relative to the node's; two at the most"),
    _fixed('eye', 'onboard', 'what the sentinel looks through', choices=('onboard', 'fixed')),
    _fixed('camera_rate', 10.0, 'pictures of the camera per s', minimum=0.5, maximum=60.0),
    _fixed('spectator_rate', 4.0, 'pictures of the onlooker per s; 0: none', minimum=0, maximum=30),
    _fixed('lens', [0.0, 0.0], 'radial distortion k1, k2 of the camera'),
    _fixed('speed', 1.0, 'simulated per real seconds', minimum=0.05, maximum=50.0),
    _fixed('publish_clock', False, 'publish /clock and stamp with simulated time'),
    _fixed('wait_for', ['detections'], 'topics that somebody must publish before animals come'),
    _fixed('wait_limit', 20.0, 's; animals come after this even so', minimum=0.0),
    _fixed('hci_port', 0, 'TCP port of the emulated radio; 0: any', minimum=0, maximum=65535),
    _fixed('hci_port_file', '', 'file to write the chosen port to; empty: none'),
    _fixed('result_file', '', 'file for the truth about the night, JSON; empty: none'),
)

_MOST_ROBOTS = 2

# How often the clock is looked at, s: half a control step, so that none is late by a whole one.
_TICK = 0.01


def preflight(values: Mapping[str, Any]) -> None:
    """Raise ConfigurationError where there is no such scenario, or where it does not fit."""
    from . import scenarios  # MuJoCo comes with it; a look at PARAMETERS must not need that

    scenarios.load(values['scenario'])
    _check_robots(values['robots'])


def _check_robots(names: Any) -> None:
    if not 1 <= len(names) <= _MOST_ROBOTS or len(set(names)) < len(names):
        raise ConfigurationError(
            f'Parameter robots is {list(names)}: the garden has room for one or two robots.',
            'Give each a name of its own.',
        )


class Simulator(RosNode):
    """Runs one scenario in real time and ends the process when it is over.

    Publishes ``camera/image_raw``, ``camera/camera_info``, ``spectator/image_raw``,
    ``joint_states``, ``imu``, ``pose_fix``, ``ground_truth/detections``, ``ground_truth/odom``,
    ``ground_truth/animals``; reads ``sound_state``. The robot itself is reached over emulated
    Bluetooth, see ``hci_port``. Where there are two robots, each has its topics in its namespace
    (all but those of spectator and animals), and ``peripheral.ADDRESSES`` on the one radio.
    """

    def __init__(self) -> None:
        super().__init__('simulator')
        choose_renderer()
        from . import scenarios
        from .camera_model import Lens
        from .robot.air import Air
        from .robot.peripheral import ADDRESSES, EmulatedRobot
        from .world import World

        p = self._parameters_in_force = Parameters(self, PARAMETERS)
        lens = p['lens']
        if len(lens) != 2:
            raise ConfigurationError(f'Parameter lens takes two numbers, not {len(lens)}.')
        scenario = scenarios.load(p['scenario'])
        _check_robots(p['robots'])
        self._world = World(
            scenario, p['seed'], robots=len(p['robots']), lens=Lens(*lens), eye=p['eye']
        )
        self._world.night_runs = False
        self._air = Air(port=p['hci_port'])
        self._air.start()
        self._radios = [
            EmulatedRobot(body.mekamon, air=self._air, address=address)
            for body, address in zip(self._world.bodies, ADDRESSES, strict=False)
        ]
        for radio in self._radios:
            radio.start()
        self._announce_port(p['hci_port_file'])
        self._sizes = {
            n: (q.anatomy.length, q.anatomy.width, q.anatomy.height)
            for n, q in self._world.puppets.items()
        }
        self._make_publishers(p)
        self._pacer = Pacer(self._world.control_step, p['speed'])
        self._started_waiting = time.monotonic()
        self._started_at: float | None = None
        self._time = 0.0
        self._finished = False
        diagnostics = Diagnostics(self)
        diagnostics.add('pace', self._report)
        self.create_timer(_TICK, self._tick)
        self.get_logger().info(f'{scenario.name}, seed {p["seed"]}: {scenario.about}')

    def _announce_port(self, file: str) -> None:
        self.get_logger().info(f'emulated radio on 127.0.0.1:{self._air.port}')
        if file:
            # Whoever waits for the file must never read half a number.
            replace_file(Path(file), f'{self._air.port}\n')

    def _make_publishers(self, p: Any) -> None:
        from rosgraph_msgs.msg import Clock
        from sensor_msgs.msg import Image
        from vision_msgs.msg import Detection3DArray

        self._robots = [
            RobotTopics(
                self, self._world, number, name, np.random.default_rng([p['seed'], 31 + number])
            )
            for number, name in enumerate(p['robots'])
        ]
        publish = self.create_publisher
        self._spectator = publish(Image, 'spectator/image_raw', qos.IMAGE_WRITER)
        self._true_animals = publish(Detection3DArray, 'ground_truth/animals', qos.RELIABLE)
        self._clock_topic = publish(Clock, '/clock', qos.RELIABLE) if p['publish_clock'] else None
        self._due = {
            'camera': Every(p['camera_rate']),
            'spectator': Every(p['spectator_rate']),
            'joints': Every(25.0),
            'imu': Every(50.0),
            'truth': Every(10.0),
            'fix': Every(2.0),
        }

    def _now(self) -> Any:
        if self._clock_topic is None:
            return self.get_clock().now().to_msg()
        from sentinel_common.detections import to_stamp

        return to_stamp(self._time)

    def _tick(self) -> None:
        if not self._world.night_runs:
            self._maybe_begin()
        for _ in range(self._pacer.due(time.monotonic())):
            self._world.step()
            self._time += self._world.control_step
            self._publish_motion()
            if self._world.night.over and not self._finished:
                self._finish()
                return
        self._publish_pictures()

    def _maybe_begin(self) -> None:
        p = self._parameters_in_force
        ready = all(self.count_publishers(topic) for topic in p['wait_for'] if topic)
        if ready or time.monotonic() - self._started_waiting > p['wait_limit']:
            self._world.night_runs = True
            self._started_at = to_seconds(self._now())
            self.get_logger().info(
                'the night begins' if ready else 'the night begins, nobody watches'
            )

    def _publish_motion(self) -> None:
        from . import truth

        stamp = self._now()
        if self._clock_topic is not None:
            from rosgraph_msgs.msg import Clock

            self._clock_topic.publish(Clock(clock=stamp))
        due = {
            name for name in ('joints', 'imu', 'truth', 'fix') if self._due[name].due(self._time)
        }
        for robot in self._robots:
            robot.publish_motion(stamp, due)
        if 'truth' in due:
            agents = self._world.night.agents
            self._true_animals.publish(
                truth.animals(stamp, agents, self._sizes, self._world.ground)
            )

    def _publish_pictures(self) -> None:
        from sentinel_common.images import image_from_array
        from std_msgs.msg import Header

        # Pictures are taken of the newest state only: a late machine drops them and keeps its
        # physics.
        if self._due['camera'].due(self._time):
            for robot in self._robots:
                robot.publish_picture(self._now())
        if self._due['spectator'].due(self._time):
            header = Header(stamp=self._now(), frame_id='map')
            self._spectator.publish(image_from_array(self._world.spectator(), 'rgb8', header))

    def _report(self) -> Report:
        lost = self._pacer.lost
        level = Level.OK if lost < 0.1 * max(self._time, 1.0) else Level.WARN
        text = 'in real time' if level is Level.OK else 'this machine is too slow for real time'
        return Report(level, text, {'simulated_s': round(self._time, 2), 'lost_s': round(lost, 2)})

    def _finish(self) -> None:
        self._finished = True
        self.get_logger().info('the night is over')
        os.kill(os.getpid(), signal.SIGINT)  # the one way out that runs everybody's stop sequence

    def stop(self) -> None:
        """Write the result, close radio and renderer."""
        file = self._parameters_in_force['result_file']
        if file:
            result = self._world.truth()
            result['started'] = self._started_at
            result['lost_s'] = round(self._pacer.lost, 3)
            result['finished'] = self._finished
            try:
                Path(file).write_text(json.dumps(result, indent=1))
            except OSError as error:
                self.get_logger().error(f'{file} cannot be written: {error.strerror}')
        for radio in self._radios:
            radio.stop()
        self._air.stop()
        self._world.close()


def main() -> int:
    """Entry point of the executable."""
    return node.run(Simulator)


if __name__ == '__main__':
    sys.exit(main())
