"""Commands of ``./sentinel`` that concern the robot."""
