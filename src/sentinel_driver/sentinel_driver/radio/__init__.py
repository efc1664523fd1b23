"""The radio side: a process of its own, without ROS, that owns the Bluetooth link to the robot.

``outbox`` decides what is written next (core); ``link`` finds, connects and keeps one robot
(asyncio, bleak); ``process`` feeds a link from a pipe; ``client`` is the other end of that pipe.
"""
