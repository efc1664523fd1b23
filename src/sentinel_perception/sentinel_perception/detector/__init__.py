"""From pixels to scored boxes: the model behind a port, with one adapter for TFLite files."""
