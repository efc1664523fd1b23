"""Pictures from everything a person may name, and one clear sentence for what cannot be read."""

import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import cv2
import numpy as np
import pytest
from color_detector import scene
from sentinel_perception.camera.capture import Capture
from sentinel_perception.camera.sources import (
    LiveSource,
    PictureSource,
    SourceError,
    VideoSource,
    is_live,
    label,
    open_source,
    read_picture,
)


def all_of(source):
    pictures = []
    while (picture := source.read()) is not None:
        pictures.append(picture)
    source.close()
    return pictures


@pytest.fixture
def folder(tmp_path):
    for name in ('b', 'a'):
        cv2.imwrite(str(tmp_path / f'{name}.png'), scene(size=(64, 48), grey=2 * ord(name) - 100))
    (tmp_path / 'notes.txt').write_text('no picture', encoding='utf-8')
    return tmp_path


@pytest.fixture
def video(tmp_path):
    path = tmp_path / 'clip.avi'
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*'MJPG'), 25.0, (64, 48))
    for i in range(10):
        writer.write(np.full((48, 64, 3), 20 * i, np.uint8))
    writer.release()
    return path


def test_a_folder_is_read_in_the_order_of_names(folder):
    first, second = all_of(open_source(str(folder)))
    assert first.mean() < second.mean()


def test_a_video_has_its_own_pace_and_an_end(video):
    source = open_source(str(video))
    assert isinstance(source, VideoSource)
    assert source.rate == 25
    assert len(all_of(source)) == 10


@pytest.mark.parametrize('name', ['2026-11-27T20:17:00.mp4', 'file:x.mp4', 'garden:night.mp4'])
def test_a_relative_name_with_a_colon_is_a_file(tmp_path, monkeypatch, name):
    # One that FFmpeg alone reads.
    writer = cv2.VideoWriter(
        str(tmp_path / 'x.mp4'), cv2.VideoWriter.fourcc(*'mp4v'), 25.0, (64, 48)
    )
    for _ in range(3):
        writer.write(scene(size=(64, 48)))
    writer.release()
    (tmp_path / 'x.mp4').rename(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    source = open_source(name)
    assert len(all_of(source)) == 3
    source.rewind()
    assert len(all_of(source)) == 3


def test_a_video_can_be_read_again(video):
    source = open_source(str(video))
    while source.read() is not None:
        pass
    source.rewind()
    assert source.read() is not None


@pytest.mark.parametrize(
    'name',
    [
        '0',
        '/dev/video3',
        '/dev/v4l/by-id/usb-eye-index0',
        '/dev/garden',
        'rtsp://host/stream',
        'http://host/a.mjpg',
    ],
)
def test_cameras_and_streams_are_not_opened_before_they_are_read(name):
    assert isinstance(open_source(name), LiveSource)


def test_a_file_in_memory_is_no_camera():
    with pytest.raises(SourceError, match='There is no source'):
        open_source('/dev/shm/no-such-clip.mp4')


class FakeVideoCapture:
    """A V4L2 camera at the port of OpenCV: delivers one picture, then it is pulled out."""

    made = ()

    def __init__(self):
        self.opened, self.asked, self.good = None, {}, True
        FakeVideoCapture.made += (self,)

    def open(self, device):
        self.opened = device
        return True

    def set(self, what, value):
        self.asked[what] = value

    def read(self):
        good, self.good = self.good, False
        return good, np.zeros((4, 4, 3), np.uint8)

    def release(self):
        pass


def test_a_camera_by_a_link_is_found_again_under_another_number(tmp_path, monkeypatch):
    monkeypatch.setattr(cv2, 'VideoCapture', FakeVideoCapture)
    monkeypatch.setattr(FakeVideoCapture, 'made', ())
    link = tmp_path / 'usb-eye-index0'
    source = LiveSource(str(link), width=800, height=600)
    for number in (2, 4):
        with pytest.raises(SourceError, match='No picture can be had'):
            source.read()
        link.symlink_to(f'/dev/video{number}')
        assert source.read().shape == (4, 4, 3)
        with pytest.raises(SourceError, match='has stopped'):
            source.read()
        link.unlink()
    assert [c.opened for c in FakeVideoCapture.made] == [None, 2, None, 4]
    size = {cv2.CAP_PROP_FRAME_WIDTH: 800, cv2.CAP_PROP_FRAME_HEIGHT: 600}
    assert FakeVideoCapture.made[-1].asked.items() >= size.items()


@pytest.mark.parametrize(
    ('address', 'shown'),
    [
        ('rtsp://me:secret@host:554/s', 'rtsp://host:554'),
        ('rtsp://me:p@ss@host/s', 'rtsp://host'),
        ('rtsp://me:a/b@host/s', 'rtsp://...'),
        ('rtsp://me:p@a/b@host/s', 'rtsp://...'),
        ('http://cam/video.cgi?user=admin&pwd=secret', 'http://cam'),
        ('http://cam?pwd=se@cret', 'http://...'),
        ('rtsp://10.0.0.3/user=admin_password=x', 'rtsp://10.0.0.3'),
        ('/dev/video3', '/dev/video3'),
        ('0', 'camera 0'),
    ],
)
def test_a_password_in_an_address_is_not_shown(tmp_path, address, shown):
    assert label(address) == shown
    (tmp_path / 'address').write_text(f'{address}\n')
    assert label(f'@{tmp_path / "address"}') == shown


def test_a_password_in_an_address_that_is_none_is_not_shown():
    with pytest.raises(SourceError, match="no source 'rstp://host'") as caught:
        open_source('rstp://me:secret@host/s')
    assert 'secret' not in str(caught.value)


def test_what_stands_in_a_file_is_the_source(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cv2.imwrite('a.png', scene(size=(64, 48)))
    file = tmp_path / 'source'
    file.write_text('a.png\n')
    assert open_source('@source').read().shape == (48, 64, 3)
    file.write_text('rtsp://me:secret@host/s\n')
    assert is_live('@source') and isinstance(open_source('@source'), LiveSource)
    file.write_bytes(b'\xff')
    for name in ('@source', '@nowhere', '@', '@~no-such-user/x'):
        with pytest.raises(SourceError, match='The source should stand in'):
            open_source(name)


@pytest.mark.parametrize(
    'pixels',
    [
        np.full((40, 50), 700, np.uint16),
        np.full((40, 50), 90, np.uint8),
        np.full((40, 50, 4), 90, np.uint8),
        np.full((40, 50, 3), 40000, np.uint16),
    ],
    ids=['16-bit grey', 'grey', 'alpha', '16-bit colour'],
)
def test_every_kind_of_picture_becomes_bgr(tmp_path, pixels):
    cv2.imwrite(str(tmp_path / 'x.png'), pixels)
    (picture,) = all_of(PictureSource(tmp_path))
    assert (picture.shape, picture.dtype) == ((40, 50, 3), np.uint8)


def test_damaged_pictures_are_left_out_and_counted(folder):
    whole = (folder / 'a.png').read_bytes()
    (folder / 'c.png').write_bytes(whole[:30])
    (folder / 'd.png').write_bytes(b'')
    source = PictureSource(folder)
    assert len(all_of(source)) == 2
    assert source.unreadable == 2


def test_a_damaged_picture_does_not_end_a_folder_in_a_loop(folder):
    (folder / 'c.png').write_bytes(b'')
    source = PictureSource(folder)
    for _ in range(5):
        assert len(all_of(source)) == 2
        source.rewind()
    assert source.unreadable == 1


def test_a_loop_ends_where_all_pictures_are_gone(folder, video):
    sources = [PictureSource(folder), VideoSource(video)]
    for source in sources:
        all_of(source)
    for path in folder.iterdir():
        path.unlink()
    for source in sources:
        source.rewind()
        with pytest.raises(SourceError, match=r'can be (read|decoded)'):
            source.read()


@pytest.mark.parametrize('suffix', ['.jpg', '.png', '.bmp', '.webp', '.tif'])
@pytest.mark.parametrize('share', [0.0, 0.5, 0.95])
def test_a_truncated_picture_is_none(tmp_path, suffix, share):
    data = cv2.imencode(suffix, scene(size=(300, 200)))[1].tobytes()
    path = tmp_path / f'x{suffix}'
    path.write_bytes(data[: int(share * len(data))])
    assert read_picture(path) is None


def test_a_truncated_jpeg_is_none_in_every_opencv(tmp_path, monkeypatch):
    whole = cv2.imencode('.jpg', scene(size=(300, 200)))[1].tobytes()
    small = cv2.imencode('.jpg', scene(size=(64, 48)))[1].tobytes()
    thumbnail = b'\xff\xe1' + (2 + len(small)).to_bytes(2, 'big') + small
    path = tmp_path / 'x.jpg'
    # OpenCV before 4.12 decodes what is there, and the rest is grey.
    monkeypatch.setattr(cv2, 'imdecode', lambda *_: np.full((200, 300, 3), 128, np.uint8))
    for data, good in (
        (whole, True),
        (whole + b'what some phones append', True),
        (whole[:2] + thumbnail + b'\xff' + whole[2:], True),
        (whole[:-2], False),
        (whole[:2] + thumbnail + whole[2:-2], False),
    ):
        path.write_bytes(data)
        assert (read_picture(path) is not None) is good


@pytest.mark.parametrize(
    'version',
    [
        'cv2.setLogLevel = print; cv2.utils = SimpleNamespace()',
        'cv2.setLogLevel = None; cv2.utils.logging = SimpleNamespace(setLogLevel=print)',
    ],
    ids=['before 4.13', 'since 4.13'],
)
def test_every_opencv_is_told_to_be_silent(version):
    code = f'import cv2; from types import SimpleNamespace; {version}'
    line = [sys.executable, '-c', f'{code}; import sentinel_perception.camera.sources']
    done = subprocess.run(line, capture_output=True, text=True, timeout=60)
    assert done.stdout == '0\n', done.stderr


def test_a_folder_of_damaged_pictures_is_an_error(tmp_path):
    (tmp_path / 'a.jpg').write_bytes(b'nothing')
    with pytest.raises(SourceError, match='no readable picture'):
        PictureSource(tmp_path).read()


@pytest.mark.parametrize(
    ('content', 'name', 'words'),
    [
        (None, 'nowhere.mp4', 'There is no source'),
        (b'this is text', 'film.mp4', 'no video that can be read'),
        (b'', 'empty.mkv', 'no video that can be read'),
    ],
)
def test_what_cannot_be_read_is_one_clear_sentence(tmp_path, content, name, words):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceError, match=words):
        open_source(str(tmp_path / name))


@pytest.mark.parametrize('name', ['~no-such-user/x.mp4', 'a' * 300, 'file:///nowhere.mp4'])
def test_a_name_that_no_file_can_have_is_no_source(name):
    with pytest.raises(SourceError, match='There is no source'):
        open_source(name)


def test_a_file_in_a_folder_of_somebody_else_is_one_clear_sentence(tmp_path):
    (tmp_path / 'x.mp4').touch()
    code = (
        'import os; from sentinel_perception.camera.sources import SourceError, open_source\n'
        'os.geteuid() or os.setuid(65534)  # root may read everything\n'
        f'try: open_source({str(tmp_path / "x.mp4")!r})\n'
        'except SourceError as error: print(error)'
    )
    tmp_path.chmod(0)
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, timeout=60)
    tmp_path.chmod(0o700)
    assert done.stdout.endswith('x.mp4 may not be read by this user.\n'), done.stderr


@pytest.mark.parametrize('name', ['', ' '])
def test_an_empty_name_is_not_this_folder(tmp_path, monkeypatch, name):
    cv2.imwrite(str(tmp_path / 'a.png'), scene(size=(64, 48)))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SourceError, match='There is no source'):
        open_source(name)


def test_a_folder_without_pictures_is_an_error(tmp_path):
    with pytest.raises(SourceError, match='holds no pictures'):
        open_source(str(tmp_path))


class Flaky:
    """A live source at the port: dies after every second picture."""

    live, rate, unreadable = True, 0.0, 0

    def __init__(self):
        self.reads = 0

    def read(self):
        self.reads += 1
        if self.reads % 3 == 0:
            raise SourceError('gone')
        return np.zeros((4, 4, 3), np.uint8)

    def rewind(self):
        pass

    def close(self):
        pass


def test_a_stream_that_dies_is_tried_again(monkeypatch):
    monkeypatch.setattr('sentinel_perception.camera.capture._FIRST_PAUSE', 0.01)
    enough, troubles = threading.Event(), []

    def notify():
        if capture.trouble is not None:
            troubles.append(capture.trouble)
        if capture.captured >= 6:
            enough.set()

    capture = Capture(Flaky(), now=lambda: 0.0, notify=notify)
    capture.start()
    assert enough.wait(20)
    capture.stop()
    assert troubles


class Broken(Flaky):
    """A source that OpenCV cannot decode a picture of, as it says it."""

    def __init__(self, *, live):
        super().__init__()
        self.live, self.closed = live, 0

    def read(self):
        self.reads += 1
        if self.reads == 2:
            cv2.imdecode(np.zeros(0, np.uint8), cv2.IMREAD_COLOR)
        return np.zeros((4, 4, 3), np.uint8)

    def close(self):
        self.closed += 1


@pytest.mark.parametrize('live', [True, False])
def test_an_error_that_nobody_foresaw_is_a_trouble_of_the_source(monkeypatch, live):
    monkeypatch.setattr('sentinel_perception.camera.capture._FIRST_PAUSE', 0.01)
    done, troubles = threading.Event(), []

    def notify():
        if capture.trouble is not None:
            troubles.append(str(capture.trouble))
        if capture.ended or capture.captured >= 4:
            done.set()

    source = Broken(live=live)
    capture = Capture(source, now=lambda: 0.0, notify=notify)
    capture.start()
    assert done.wait(20)
    assert capture.ended is not live
    capture.stop(patience=20.0)
    assert troubles[0].startswith('The source failed: error: OpenCV(') and '\n' not in troubles[0]
    # Closed at once, so that it is opened anew, and at the end.
    assert source.closed == 2


def test_only_the_newest_picture_is_kept_and_skips_are_counted():
    many = threading.Event()
    capture = Capture(Flaky(), now=lambda: 1.0, notify=lambda: capture.captured >= 2 and many.set())
    capture.start()
    assert many.wait(20)
    capture.stop()
    assert capture.take() is not None
    assert capture.take() is None
    assert capture.skipped == capture.captured - 1


class Camera(Flaky):
    """A live source of 30 pictures per second that keeps what is not read; its own clock."""

    def __init__(self, count):
        super().__init__()
        self.count, self.done = count, threading.Event()

    def read(self):
        if self.reads >= self.count:
            self.done.set()
            raise SourceError('gone')
        self.reads += 1
        return np.full((4, 4, 3), self.reads, np.uint8)

    def now(self):
        """When the picture that was read last came."""
        return self.reads / 30


@pytest.mark.parametrize(('rate', 'shown'), [(10, 21), (30, 61), (0, 61), (45, 61), (20, 41)])
def test_a_live_source_is_thinned_out_to_the_rate_and_never_falls_behind(rate, shown):
    camera, stamps = Camera(61), []

    def notify():
        if (captured := capture.take()) is not None:
            stamps.append((captured.stamp, captured.picture[0, 0, 0] / 30))

    capture = Capture(camera, now=camera.now, notify=notify, rate=rate, clock=camera)
    capture.start()
    assert camera.done.wait(20)
    capture.stop()
    assert len(stamps) == pytest.approx(shown, abs=1)
    # Its stamp is when the picture came, and what came in between is counted.
    assert all(stamp == came for stamp, came in stamps)
    assert stamps[-1][0] == pytest.approx(61 / 30, abs=0.1)
    assert capture.skipped == 61 - len(stamps)


def test_as_fast_as_possible_loses_no_picture(video):
    taken, arrived = [], threading.Event()
    capture = Capture(VideoSource(video), now=lambda: 0.0, notify=arrived.set, paced=False)
    capture.start()
    while not capture.ended or arrived.is_set():
        arrived.wait(10)
        arrived.clear()
        captured = capture.take()
        if captured is not None:
            taken.append(captured)
    assert len(taken) == 10
    assert capture.skipped == 0


def test_a_folder_that_is_shown_as_fast_as_possible_is_stopped_at_once(folder):
    capture = Capture(
        PictureSource(folder), now=lambda: 0.0, notify=lambda: None, paced=False, hold=1.5
    )
    capture.start()
    capture.stop(patience=20.0)
    assert capture.ended
    assert capture.captured <= 2


@pytest.fixture
def stream():
    """Address of an MJPEG stream that ends after 30 pictures and can be had again."""
    data = cv2.imencode('.jpg', scene(size=(64, 48)))[1].tobytes()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header('Content-Type', 'multipart/x-mixed-replace; boundary=frame')
            self.end_headers()
            try:
                for _ in range(30):
                    self.wfile.write(b'--frame\r\nContent-Type: image/jpeg\r\n\r\n')
                    self.wfile.write(data + b'\r\n')
            except OSError:
                pass

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(('127.0.0.1', 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f'http://127.0.0.1:{server.server_address[1]}/a.mjpg'
    server.shutdown()
    server.server_close()


def test_a_stream_over_http_is_read_ends_and_is_read_again(stream):
    source = open_source(stream)
    for _ in range(2):
        assert source.read().shape == (48, 64, 3)
        with pytest.raises(SourceError, match='has stopped'):
            for _ in range(40):
                source.read()
    source.close()


def test_a_stream_that_is_not_there_is_one_sentence_without_the_password():
    source = open_source('http://me:secret@127.0.0.1:9/a.mjpg')
    with pytest.raises(SourceError, match='No picture can be had') as caught:
        source.read()
    assert 'secret' not in str(caught.value)
