"""Which packages stand in a report of the perception."""

# Versions that move the figures: the same model scores .02 differently under other ones.
PACKAGES = ('numpy', 'opencv-python-headless', 'ai-edge-litert', 'tflite-runtime', 'pycocotools')
