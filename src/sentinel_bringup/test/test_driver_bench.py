"""The benchmark of the driver: whom it drives, and what it does to a real robot."""

from driving import driver, robot
from sentinel_bringup.domains import LAST
from sentinel_bringup.driver_bench.rig import Rig


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
