"""What all parts of the sentinel must agree upon about the robot's body."""

# Body height of a standing robot, 0..1 of its range: that of a published preset. The shipped
# camera_z and body_height of the detector assume it.
STAND_HEIGHT = 0.345
