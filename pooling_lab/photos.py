"""The photo that the notebooks pool, with and without noise. Sources and licences: data/README.md."""

from pathlib import Path

import numpy as np
from PIL import Image, WebPImagePlugin  # noqa: F401 - the format of the photos

DATA = Path(__file__).parent / "data"
NOISE = 25.0  # standard deviation, in grey levels of 0 to 255
SEED = 7

Image.preinit()  # loads what Pillow writes, now and not with the first picture

# name: (file, noise is added to it)
PHOTOS = {
    "cat": ("cat.webp", False),
    "noisy-cat": ("cat.webp", True),
    "cat-max-4": ("cat_max_4.webp", False),
    "noisy-cat-max-4": ("noisy_cat_max_4.webp", False),
}


def photo(name: str = "cat") -> np.ndarray:
    """Return a photo as a batch of one image with three channels.

    Parameters
    ----------
    name
        `"cat"`; `"noisy-cat"`, the same with noise of standard deviation 25, the same noise every time;
        `"cat-max-4"` and `"noisy-cat-max-4"`, both after max pooling with a 4×4 window.

    Returns
    -------
    numpy.ndarray
        uint8, shape (1, 3, H, W), red, green and blue from 0 to 255: H = 240 and W = 288, after pooling
        60 and 72. A new array at every call.

    Raises
    ------
    ValueError
        Where there is no photo of that name.
    """
    if not isinstance(name, str) or name not in PHOTOS:
        raise ValueError(f"name: there is no photo {name!r}; there are {', '.join(PHOTOS)}")
    file, noisy = PHOTOS[name]
    image = FILES[file][np.newaxis]
    if noisy:
        noise = np.random.default_rng(SEED).normal(0.0, NOISE, image.shape)
        image = np.clip(np.rint(image + noise), 0, 255)
    return np.array(image, dtype=np.uint8)


def file_of(pixels: np.ndarray) -> bytes | None:
    """Return the WebP file that some pixels ship in, to be shown as it is.

    Parameters
    ----------
    pixels
        uint8, shape (H, W, 3).

    Returns
    -------
    bytes or None
        None where they are no photo of `PHOTOS` without noise.
    """
    for file, shipped in FILES.items():
        if np.array_equal(shipped.transpose(1, 2, 0), pixels):
            return (DATA / file).read_bytes()
    return None


def _read(file: str) -> np.ndarray:
    """Return a file of `DATA` as (3, H, W); not to be written to."""
    with Image.open(DATA / file) as image:
        pixels = np.ascontiguousarray(np.asarray(image).transpose(2, 0, 1))
    pixels.flags.writeable = False
    return pixels


# Read now, not with the first picture.
FILES: dict[str, np.ndarray] = {file: _read(file) for file in {file for file, _noisy in PHOTOS.values()}}
