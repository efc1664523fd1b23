"""A real ROS node with one parameter."""

import sys

from rclpy.node import Node
from sentinel_common.parameters import Parameter, Parameters
from std_msgs.msg import String

from sentinel_common import node

PARAMETERS = (Parameter('rate', 10.0, 'loop rate, Hz', minimum=1.0, maximum=50.0),)


class RealNode(Node):
    """Listens on a topic, so that it has shared memory."""

    def __init__(self):
        super().__init__('real_node')
        self.parameters = Parameters(self, PARAMETERS)
        self.create_subscription(String, 'words', print, 10)
        self.get_logger().warning(f'rate {self.parameters["rate"]}')

    def stop(self):
        self.get_logger().warning('stopped')


if __name__ == '__main__':
    sys.exit(node.run(lambda: RealNode(), args=sys.argv))
