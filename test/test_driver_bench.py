"""The benchmark of the driver: whom it drives, and what it does to a real robot."""

import argparse
import threading

import pytest
from driving import driver, robot
from sentinel_bringup.domains import LAST
from sentinel_bringup.driver_bench import driver as bench
from sentinel_bringup.driver_bench import round_trip
from sentinel_bringup.driver_bench.rig import Rig, TrialError
from sentinel_bringup.driver_bench.stops import Stops
from sentinel_driver.hermes import Codec, Command, HeadColourSet
from sentinel_sim.robot.peripheral import Fault

BLUE, DARK = (Codec().payload(HeadColourSet(0, 0, blue)) for blue in (255, 0))


def test_no_driver_but_its_own_hears_the_rig():
    rig = Rig(LAST + 90)
    processes = []
    try:
        with robot() as other, driver(rig.domain, other.transport):
            processes += [rig.start_driver(), rig.start_commander()]
            rig.until(lambda: other.emulated.connected, 'the other connection')
            processes[1].stdin.write(b'go\n')
            processes[1].stdin.flush()
            rig.until(lambda: rig.walks(0.0), 'walking')
            heard = rig.node.get_topic_names_and_types()
            assert '/cmd_vel' in dict(heard), 'the other driver is there, in the same domain'
            assert not other.walking
    finally:
        for process in processes:
            process.kill()
            process.communicate()
        rig.close()


def test_the_round_trip_sends_no_drive_command_of_either_form_and_leaves_no_light_on():
    with robot() as meka:
        figures = round_trip.measure(meka.transport, 20)
        assert figures['plain_bleak_s']['n'] == figures['radio_process_s']['n'] == 20
    assert meka.payloads.count(BLUE) == 40 and meka.payloads[-1] == DARK
    hello = {Command.CONNECTION_ESTABLISHED, Command.GAME_STATE}
    assert {p[0] for p in meka.payloads} == hello | {Command.HEAD_COLOUR_SET}


@pytest.mark.parametrize('blue', [10, 30])
def test_a_link_that_is_lost_is_told_as_such(blue):
    with robot() as meka:
        note = meka.emulated.on_payload

        def lose_it(moment, payload):
            note(moment, payload)
            if meka.payloads.count(BLUE) == blue:
                threading.Thread(target=meka.emulated.cause, args=(Fault.VANISH,)).start()

        meka.emulated.on_payload = lose_it
        with pytest.raises(TrialError, match=r'link .*was lost'):
            round_trip.measure(meka.transport, 20)


@pytest.mark.parametrize('option', ['--drops', '--round-trips', '--trials', '--lanes'])
def test_a_benchmark_of_nothing_is_refused(option, capsys):
    parser = argparse.ArgumentParser()
    bench.add_arguments(parser)
    with pytest.raises(SystemExit):
        parser.parse_args([option, '0'])
    assert "'0' is no whole number from 1 on" in capsys.readouterr().err


def test_a_driver_that_never_starts_ends_the_trials(monkeypatch):
    monkeypatch.setattr(Rig.until, '__defaults__', (0.5,))
    rig = Rig(LAST + 91)
    stops = Stops(rig, seed=1)
    monkeypatch.setattr(rig, 'start_driver', rig.start_commander)
    try:
        with pytest.raises(TrialError, match='walking did not happen'):
            stops.measure('command_expires', 1, print)
    finally:
        stops.close()
        rig.close()
