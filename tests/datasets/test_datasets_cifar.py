"""CIFAR-10: the published files (small ones of the same make) and the lossy JPEG copy."""

import hashlib
import io
import sys
from contextlib import suppress
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_datasets_sources import names_three_ways

from lgn2hdl.base.errors import DataError, ToolError
from lgn2hdl.datasets import catalogue, cifar, limits, load_dataset, readers
from lgn2hdl.datasets.members import Known


def refused(message, function, *arguments, error=DataError, **options):
    with pytest.raises(error, match=message) as caught:
        function(*arguments, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setattr("lgn2hdl.datasets.public.default_cache", lambda: tmp_path / "cache")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")


RECORDS = 20
"""Records of each of the small files; labels 0 to 9 twice."""

LAST = cifar.MEMBERS["test"][0]


def small_images(number):
    """Images ``[RECORDS, 32, 32, 3]`` of one of the small files."""
    values = np.random.default_rng(number).integers(0, 256, (RECORDS, 32, 32, 3))
    return values.astype(np.uint8)


def record_files():
    """The six files as published: label, then the planes of red, green and blue."""
    names = [name for part in cifar.MEMBERS.values() for name in part]
    labels = (np.arange(RECORDS) % 10).astype(np.uint8).tobytes()
    return {
        name: b"".join(
            labels[row : row + 1] + b"".join(image[:, :, channel].tobytes() for channel in range(3))
            for row, image in enumerate(small_images(number))
        )
        for number, name in enumerate(names)
    }


def published(monkeypatch, files):
    """Let ``files`` take the place of the published ones."""
    known = {
        name: Known(hashlib.sha256(data).hexdigest(), len(data)) for name, data in files.items()
    }
    small = replace(catalogue.CIFAR10, members=known)
    monkeypatch.setitem(catalogue.SETS, "cifar10", partial(readers.cifar10, small))


def put_folder(place, files):
    place.mkdir(parents=True)
    for name, data in files.items():
        (place / name).write_bytes(data)


@pytest.mark.parametrize("place", ["cifar-10-batches-bin", "cifar10/cifar-10-batches-bin"])
def test_the_published_files_in_a_folder(tmp_path, monkeypatch, place):
    files = record_files()
    published(monkeypatch, files)
    put_folder(tmp_path / place, {**files, "readme.html": b"<html>"})
    dataset = load_dataset("cifar10", data_dir=tmp_path, download=False)
    train = np.concatenate([small_images(number) for number in range(5)])
    np.testing.assert_array_equal(dataset.x_train.reshape(-1, 32, 32, 3), train)
    np.testing.assert_array_equal(dataset.x_test.reshape(-1, 32, 32, 3), small_images(5))
    np.testing.assert_array_equal(dataset.y_train, np.tile(np.arange(10), 10))
    assert dataset.image_shape == (32, 32, 3)
    assert dataset.x_train.dtype == np.uint8
    assert set(dataset.features.width) == {8}
    assert dataset.class_names[:2] == ("airplane", "automobile")


def test_no_files_anywhere(tmp_path):
    message = refused("switched off", load_dataset, "cifar10", data_dir=tmp_path, download=False)
    assert names_three_ways(message)


def test_what_is_known_of_the_published_files():
    known = catalogue.CIFAR10.members
    assert list(known) == [*cifar.MEMBERS["train"], *cifar.MEMBERS["test"]]
    assert {item.size for item in known.values()} == {10_000 * (1 + cifar.N_VALUES)}
    assert len({item.sha256 for item in known.values()}) == 6


def test_the_published_images_where_they_are(data_folder):
    try:
        dataset = load_dataset("cifar10", data_dir=data_folder, download=False)
    except DataError as error:
        pytest.skip(str(error))
    assert (dataset.x_train.shape, dataset.x_test.shape) == ((50_000, 3072), (10_000, 3072))
    digests = [hashlib.sha256(x.tobytes()).hexdigest() for x in (dataset.x_train, dataset.x_test)]
    assert digests == [
        "47af8b02cfcfb6cdf3dbbd1969ad7f1b70f4413f6f80f437b020ee4e5bc8304a",
        "f9b1e2130bab680db56eb06d886f7f1ad0f1183907ceff4659d1735c890f5b04",
    ]
    assert dataset.sha256.startswith("961d9ecf082ce446")


@pytest.mark.parametrize("label", [10, 255])
def test_labels_that_are_no_class(tmp_path, monkeypatch, label):
    files = record_files()
    files[LAST] = bytes([label]) + files[LAST][1:]
    published(monkeypatch, files)
    put_folder(tmp_path / "cifar-10-batches-bin", files)
    refused(f"labels from 0 to {label}", load_dataset, "cifar10", data_dir=tmp_path)


def jpeg_file(image, size=(32, 32), **options):
    pytest.importorskip("PIL")
    from PIL import Image

    picture = Image.fromarray(image).resize(size)
    buffer = io.BytesIO()
    picture.save(buffer, "jpeg", quality=75, **options)
    return buffer.getvalue()


def smooth_images():
    """Four images without detail, which JPEG changes by little: slopes of one colour each."""
    slope = np.linspace(0, 255, 32)[:, None, None]
    colours = np.array([[1, 1, 1], [1, 0.5, 0], [0, 1, 0.5], [0.5, 0, 1]])
    return [np.broadcast_to(slope * colour, (32, 32, 3)).astype(np.uint8) for colour in colours]


def jpeg_arrays(files=None):
    """The arrays of a copy with the same images in both parts."""
    files = [jpeg_file(image) for image in smooth_images()] if files is None else files
    start = files[0].index(b"\xff\xda")  # the scan: what comes before is the same in all
    offset = np.cumsum([0, *(len(data) - start for data in files)])
    arrays = {"header": np.frombuffer(files[0][:start], np.uint8)}
    scan = np.frombuffer(b"".join(data[start:] for data in files), np.uint8)
    for part in ("train", "test"):
        arrays |= {f"scan_{part}": scan, f"offset_{part}": offset}
        arrays |= {f"y_{part}": np.arange(len(files), dtype=np.uint8)}
    return arrays


def test_jpeg_images_are_decoded_in_order():
    for part in cifar.jpeg_parts(jpeg_arrays(), "copy.npz"):
        assert part.pixels.dtype == np.uint8
        pixels = part.pixels.reshape(-1, 32, 32, 3).astype(int)
        assert np.abs(pixels - np.array(smooth_images())).mean() < 4
        np.testing.assert_array_equal(part.labels, np.arange(4))


def test_jpeg_images_are_those_of_the_decoder():
    image = pytest.importorskip("PIL.Image")
    files = [jpeg_file(picture) for picture in smooth_images()]
    expected = [np.asarray(image.open(io.BytesIO(data))).ravel() for data in files]
    part, _ = cifar.jpeg_parts(jpeg_arrays(files), "copy.npz")
    np.testing.assert_array_equal(part.pixels, expected)


OFFSETS = "offset_test does not rise"


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("header", None, "copy.npz has no header"),
        ("y_test", None, "has no y_test"),
        ("header", lambda array: array[None], r"header is uint8 of shape \(1, "),
        ("scan_train", lambda array: array.astype(np.int64), "scan_train is int64 .* bytes"),
        ("offset_test", lambda array: array.astype(float), "offset_test is float64 .* integers"),
        ("y_train", lambda array: array[:, None], r"y_train is uint8 of shape \(4, 1\)"),
        ("y_train", lambda array: array[:3], "offset_train has 5 values for 3 images"),
        ("offset_train", lambda array: array[1:], "offset_train has 4 values for 4 images"),
        ("y_test", lambda array: array[:0], "has 0 test images"),
        ("y_test", lambda _: np.zeros(cifar.MAX_IMAGES + 1, np.uint8), "has 100001 test images"),
        ("offset_test", lambda array: array - 1, OFFSETS),
        ("offset_test", lambda array: array + 1, OFFSETS),
        ("offset_test", lambda array: array[::-1], OFFSETS),
        ("offset_test", lambda array: array[[0, 2, 1, 3, 4]], OFFSETS),
        ("offset_test", lambda array: array.astype(np.uint64) + np.uint64(2**63), OFFSETS),
        ("offset_train", lambda array: array[[0, 1, 1, 3, 4]], "train image 1 is not a JPEG image"),
        ("offset_train", lambda array: array - [0, 1, 0, 0, 0], "train image 0 is not a JPEG"),
        ("header", lambda array: array[:0], "train image 0 is not a JPEG image"),
        ("header", lambda array: array[:100], "train image 0 is not a JPEG image"),
        ("scan_test", np.zeros_like, "test image 0 is not a JPEG image of 32x32"),
    ],
)
def test_jpeg_arrays_that_do_not_fit(name, change, message):
    arrays = jpeg_arrays()
    array = arrays.pop(name)
    if change is not None:
        arrays[name] = change(array)
    refused(message, cifar.jpeg_parts, arrays, "copy.npz")


@pytest.mark.parametrize("size", [(16, 16), (64, 64), (32, 31), (33, 32), (2000, 2000)])
def test_jpeg_images_of_another_size(size):
    arrays = jpeg_arrays([jpeg_file(image, size) for image in smooth_images()])
    refused("train image 0 is not a JPEG image of 32x32", cifar.jpeg_parts, arrays, "copy.npz")


@given(st.integers(0, 1 << 20), st.integers(0, 255))
def test_damaged_jpeg_bytes_never_end_in_another_error(position, value):
    arrays = jpeg_arrays()
    name = "header" if position % 2 else "scan_train"
    damaged = arrays[name].copy()
    damaged[position // 2 % len(damaged)] = value
    with suppress(DataError):  # most damage only changes pixels
        train, _ = cifar.jpeg_parts({**arrays, name: damaged}, "copy.npz")
        assert train.pixels.shape == (4, 3072)


def test_the_jpeg_copy_is_nowhere(tmp_path):
    message = refused("cannot be downloaded", load_dataset, "cifar10-jpeg75", data_dir=tmp_path)
    assert str(tmp_path / "cache") in message
    assert "--data-dir" in message


def test_another_jpeg_copy_is_not_taken(tmp_path):
    path = tmp_path / catalogue.CIFAR10_JPEG
    path.parent.mkdir()
    np.savez(path, **jpeg_arrays())
    refused("not the known JPEG copy", load_dataset, "cifar10-jpeg75", data_dir=tmp_path)
    path.write_bytes(b"no zip archive")
    refused("not an NPZ file", load_dataset, "cifar10-jpeg75", data_dir=tmp_path)


def test_without_the_decoder(monkeypatch):
    arrays = jpeg_arrays()
    monkeypatch.setitem(sys.modules, "PIL", None)
    message = refused("Pillow", cifar.jpeg_parts, arrays, "copy.npz", error=ToolError)
    assert "pip install lgn2hdl[images]" in message


@pytest.fixture
def copy_folder(data_folder):
    """The data folder, if it has the JPEG copy: there is no public home to get it from."""
    pytest.importorskip("PIL")
    if not (data_folder / catalogue.CIFAR10_JPEG).is_file():
        pytest.skip(f"no {catalogue.CIFAR10_JPEG} in the data folder")
    return data_folder


def test_the_first_images_of_the_jpeg_copy(copy_folder):
    """Against the sums that came with the copy would take every image; against a decoder, few."""
    image = pytest.importorskip("PIL.Image")
    arrays = limits.read_npz(copy_folder / catalogue.CIFAR10_JPEG)
    for part in ("train", "test"):
        arrays[f"y_{part}"] = arrays[f"y_{part}"][:100]
        arrays[f"offset_{part}"] = arrays[f"offset_{part}"][:101]
    assert arrays["class_names"].tolist() == list(cifar.CLASS_NAMES)
    for part, images in zip(("train", "test"), cifar.jpeg_parts(arrays, "copy.npz"), strict=True):
        begin, end = arrays[f"offset_{part}"][[42, 43]]
        data = arrays["header"].tobytes() + arrays[f"scan_{part}"][begin:end].tobytes()
        known = np.asarray(image.open(io.BytesIO(data)))
        np.testing.assert_array_equal(images.pixels[42].reshape(32, 32, 3), known)


@pytest.mark.slow
def test_the_jpeg_copy(copy_folder):
    dataset = load_dataset("cifar10-jpeg75", data_dir=copy_folder, download=False)
    assert (dataset.x_train.shape, dataset.x_test.shape) == ((50_000, 3072), (10_000, 3072))
    assert dataset.x_train.dtype == np.uint8
    assert dataset.image_shape == (32, 32, 3)
    assert set(dataset.features.width) == {8}
    assert np.bincount(dataset.y_train).tolist() == [5000] * 10
    assert np.bincount(dataset.y_test).tolist() == [1000] * 10
    # Another decoder may differ by a count or so in a pixel, but not in the means.
    means = dataset.x_train.reshape(-1, 3).mean(axis=0)
    np.testing.assert_allclose(means, [125.3, 122.9, 113.9], atol=0.1)
