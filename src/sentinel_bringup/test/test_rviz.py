"""The RViz configuration shows topics that nodes publish, with a quality of service that fits."""

import yaml
from sentinel_common.files import share

TOPICS = {
    'robot_description': ('Reliable', 'Transient Local'),
    'markers': ('Reliable', 'Volatile'),
    'camera/image_raw': ('Best Effort', 'Volatile'),
    'detections/image': ('Best Effort', 'Volatile'),
    'odom': ('Reliable', 'Volatile'),
    'pose_fix': ('Reliable', 'Volatile'),
}


def test_every_topic_fits_its_publisher():
    displays = yaml.safe_load(share('config/sentinel.rviz').read_text())
    found = {}
    for display in displays['Visualization Manager']['Displays']:
        topic = display.get('Topic') or display.get('Description Topic')
        if topic:
            found[topic['Value']] = topic['Reliability Policy'], topic['Durability Policy']
    assert found == TOPICS
