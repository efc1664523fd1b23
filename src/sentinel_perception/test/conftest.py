import sys
from pathlib import Path

import pytest

# Helpers of these tests lie beside them; importlib mode does not put them on the path.
sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def model(tmp_path):
    """Path of a small TFLite model with labels beside it."""
    import blob_model

    path = tmp_path / 'blobs.tflite'
    path.write_bytes(blob_model.build())
    (tmp_path / 'blobs_labels.txt').write_text('\n'.join(blob_model.LABELS), encoding='utf-8')
    return path
