"""The underlay's messages are, byte for byte on the wire, those of the upstream packages."""

import json
from pathlib import Path

import pytest
from ament_index_python.packages import get_package_share_directory

# RIHS01 hashes of the upstream definitions: vision_msgs built from ros-perception/vision_msgs at
# e77fa2d (4.1.1); TFMessage as ros2/geometry2 and the documentation of rmw_zenoh give it.
UPSTREAM = json.loads((Path(__file__).parent / 'data' / 'upstream_type_hashes.json').read_text())


@pytest.mark.parametrize('name', UPSTREAM)
def test_the_type_hash_is_upstreams(name):
    package, kind, message = name.split('/')
    path = Path(get_package_share_directory(package), kind, f'{message}.json')
    hashes = {h['type_name']: h['hash_string'] for h in json.loads(path.read_text())['type_hashes']}
    assert hashes[name] == f'RIHS01_{UPSTREAM[name]}'


def test_every_message_of_the_underlay_is_compared():
    underlay = Path(__file__).parents[1] / 'underlay'
    ours = {f'{path.parts[-3]}/msg/{path.stem}' for path in underlay.glob('*/msg/*.msg')}
    assert ours == set(UPSTREAM)
