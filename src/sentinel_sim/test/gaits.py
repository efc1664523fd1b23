"""A second gait beside the one that the emulated robot starts with."""

from sentinel_driver.hermes import GaitSetAll, GaitType

# The slow crawl preset of the published app data: full step height, speed 0.425.
SLOW_CRAWL = GaitSetAll(128, 140, 108, 136, 187, 255, GaitType.CRAWL, 88, 0, 0)
