"""What the progress node makes of what it hears."""

import json
import time

import pytest
import rclpy
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from sentinel_bringup.console import Console
from sentinel_bringup.progress_node import FIRST_PICTURE
from vision_msgs.msg import Detection2DArray

from sentinel_bringup import progress_node
from sentinel_msgs.msg import Incident, Status


class Listener:
    """The node, a clock that is set by hand, and the lines that were told."""

    def __init__(self, monkeypatch, capsys):
        self.node, self.now, self._capsys = progress_node.ProgressNode(), 0.0, capsys
        monkeypatch.setattr(progress_node.time, 'monotonic', lambda: self.now)

    def told(self):
        return [line.split('  ', 1)[1] for line in self._capsys.readouterr().out.splitlines()]

    def state(self, state, *times):
        for self.now in times:
            self.node._on_status(Status(state=state, explanation='why'))

    def incident(self, kind, **detail):
        self.node._on_incident(
            Incident(kind=kind, deterrent='deep_bark', detail=json.dumps(detail))
        )

    def diagnostics(self, name, message, level=DiagnosticStatus.OK):
        status = DiagnosticStatus(name=name, message=message, level=level)
        self.node._on_diagnostics(DiagnosticArray(status=[status]))

    def picture(self):
        self.node._on_detections(Detection2DArray())


@pytest.fixture
def listener(monkeypatch, capsys):
    monkeypatch.setenv('ROS_DOMAIN_ID', '97')
    monkeypatch.setenv('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
    rclpy.init()
    found = Listener(monkeypatch, capsys)
    yield found
    found.node.destroy_node()
    rclpy.try_shutdown()


@pytest.mark.parametrize(
    ('detail', 'line'),
    [
        ({'reason': 'finished', 'rules': []}, 'ends: deep bark'),
        (
            {'reason': 'guard', 'rules': ['person_or_pet', 'unsure_target']},
            'ends: deep bark, cut short by the guard: person or pet, unsure target',
        ),
        ({'reason': 'target_lost'}, 'ends: deep bark, nobody is seen any more'),
    ],
)
def test_it_says_why_a_stimulus_ended(listener, detail, line):
    listener.incident(Incident.STIMULUS_ENDED, **detail)
    assert listener.told() == [line]


def test_late_sweeps_are_the_computers_fault_and_told_once(listener):
    listener.incident(Incident.STIMULUS_ENDED, reason='finished', rules=['no_sweep'])
    assert len(listener.told()) == 1
    for _ in range(2):
        listener.incident(Incident.STIMULUS_ENDED, reason='guard', rules=['no_sweep'])
        listener.incident(Incident.HELD_FIRE, rules=['stale_perception'], reasons=['old'])
    told = listener.told()
    assert [line for line in told if 'too slow or too busy' in line] == [told[1]]
    assert 'docs/troubleshooting.md' in told[1]


def test_a_dark_picture_is_not_the_computers_fault(listener):
    listener.diagnostics('/detector: perception', 'cannot see: too dark')
    listener.incident(Incident.HELD_FIRE, rules=['no_sweep'], reasons=['old'])
    assert listener.told() == []


def test_a_fault_that_lasts_is_told(listener):
    listener.picture()
    listener.state('fault', 10.0, 11.0, 12.5)
    assert listener.told() == [FIRST_PICTURE, 'fault: why']


def test_fire_that_is_held_for_a_moment_is_not_worth_a_line(listener):
    listener.picture()
    listener.state('holding_fire', 1.0, 1.1)
    listener.state('engaging', 1.2)
    listener.state('holding_fire', 8.0, 8.5)
    assert listener.told() == [FIRST_PICTURE, 'holding fire: why']


def test_no_fault_is_told_before_the_first_picture_nor_in_the_moment_after(listener):
    listener.state('fault', 0.0, 1.0, 5.0, 10.0)
    listener.picture()
    listener.state('fault', 10.1)
    listener.state('observing', 10.2)
    assert listener.told() == [FIRST_PICTURE, 'observing: why']


def test_that_the_brain_misses_pictures_is_told_only_between_the_first_and_the_last(listener):
    def misses(*times):
        for listener.now in times:
            listener.diagnostics('/brain: decisions', 'no picture', DiagnosticStatus.ERROR)

    misses(0.0, 6.0, 12.0)
    listener.picture()
    assert listener.told() == [FIRST_PICTURE]
    misses(20.0, 26.0)
    assert listener.told() == ['brain, decisions: no picture']


def test_what_is_no_json_is_no_end_of_the_node(listener):
    for detail in ('', 'text', '[1]'):
        incident = Incident(kind=Incident.STIMULUS_ENDED, deterrent='bark', detail=detail)
        listener.node._on_incident(incident)
    assert listener.told() == ['ends: bark'] * 3


def test_no_fault_is_told_once_the_source_has_ended(listener):
    listener.picture()
    listener.diagnostics('/camera: pictures', 'source has ended')
    listener.state('fault', 10.0, 12.0, 15.0)
    assert listener.told() == [FIRST_PICTURE]


def test_a_clock_that_was_set_back_hides_no_progress(listener, capsys):
    listener.node._start = time.time() + 60.0
    listener.picture()
    line = capsys.readouterr().out.rstrip()
    assert line.startswith('0:00.0  ')
    Console()('progress', '', line)
    assert line in capsys.readouterr().out
