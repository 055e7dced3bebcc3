"""Ten classes of drawn 32x32 colour images that stand in for CIFAR-10 where it is not at hand.

Each is a simple outline on a background of two bands. What varies is what makes CIFAR hard:
position, scale, mirror, colours, exposure, light from one side, clutter behind and in front, grain.
Background and colour hint at the class (ships are mostly on blue) but are often borrowed from
another, so no pixel and no colour settles the question. The last step is a soft focus: a template
is a weighted sum of training images, so smooth images make templates that can be read.

A linear softmax (pixels less their mean, over 64; reg 0.1; all of the data, to the optimum) on
8,000 images is right on 0.44 to 0.45 of 2,000 unseen ones in five seeds, on 0.48 to 0.49 of its
own; with 3,000 images on 0.42, with 40,000 on 0.47. The nearest of the 8,000 images, by squared
difference of pixels, has the right class for only 0.25 to 0.27 of 1,000: light and background
weigh most in that distance, so the nearest image is one lit alike, not one of like shape. Without
the light it is right on 0.37, with one background besides on 0.71, the linear rule on 0.46 and
0.50: it can give light and background no weight, but has one template for all places and colours.
"""

import numpy as np

CLASSES = (
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip


def make_cifar_like(num, seed=0, first=0):
    """Images and labels, in the layout of the CIFAR-10 files.

    num   : how many images, 0 or more
    seed  : 0 or more; the same seed gives the same bytes on every machine and numpy version, and
           a smaller num gives the first images of a larger one
    first : 0 or more; how many images of that seed to leave out before these, at no cost
    Returns X (num, 3072) uint8, 1024 reds, then greens, then blues, each 32 rows of 32; and
    y (num,) int64, drawn uniformly from [0, 10), the places in CLASSES.
    Raises ValueError where num, seed or first is not an integer of 0 or more.
    """
    for name, value in (("num", num), ("seed", seed), ("first", first)):
        if not isinstance(value, (int, np.integer)) or value < 0:
            raise ValueError(
                f"{name} must be an integer, 0 or more; got {value!r}; "
                f"try make_cifar_like(num=1000, seed=0)"
            )
    X = np.empty((num, 3072), np.uint8)
    y = np.empty(num, np.int64)
    # The raw stream of PCG64 is fixed for good; the methods of numpy's Generator may change.
    stream = np.random.PCG64(seed).advance(int(first) * WORDS)
    for start in range(0, num, CHUNK):
        stop = min(start + CHUNK, num)
        words = stream.random_raw((stop - start) * WORDS).reshape(-1, WORDS)
        X[start:stop], y[start:stop] = _images(words)
    return X, y


CHUNK = 100  # images made at once, in about 15 MB; the result does not depend on it
ROLLS = 52  # 64-bit words that settle what an image shows, one for each call of _roll
WORDS = ROLLS + 1024 // 8  # and a byte of grain for each pixel: the same number for every image,
# so that image i always has the words from i * WORDS on

SKY, FAR, GROUND, NEAR, BODY, TRIM, DARK = range(7)  # the pots of paint of one image
SPREAD = (70, 90, 70, 90, 80, 60, 40)  # how far each pot may be from its usual colour, in levels

RED, BLUE, GREEN, BROWN, TAN = (
    (190, 50, 45), (50, 75, 170), (95, 150, 50), (115, 70, 40), (185, 140, 90),
)  # fmt: skip
BLACK, GREY, WHITE = (45, 45, 50), (150, 150, 155), (225, 225, 225)

# Backgrounds: above the horizon, below it.
AIR = (135, 175, 220), (175, 200, 225)
SEA = (150, 185, 215), (60, 100, 150)
GRASS = (150, 180, 190), (100, 140, 70)
FOREST = (70, 95, 60), (105, 115, 65)
ROAD = (165, 165, 165), (110, 110, 115)
ROOM = (175, 150, 125), (140, 110, 90)
SAND = (185, 170, 130), (160, 135, 90)
EARTH = (90, 75, 55), (75, 60, 45)

# Each class: its usual backgrounds, its usual body colours, and its outline from back to front,
# (shape, centre x, centre y, half width, half height, paint), in quarter pixels from the middle
# of the object, y downwards, facing right. A negative half height points a triangle down.
# fmt: off
DRAWINGS = {
    "airplane": ((AIR, AIR, SEA), (WHITE, WHITE, WHITE, GREY), (
        ("triangle", -38, -14, 12, 14, BODY), ("ellipse", 0, 0, 50, 9, BODY),  # tail, fuselage
        ("triangle", -2, 16, 16, -14, TRIM), ("box", 12, -2, 24, 2, DARK))),  # wing, windows
    "automobile": ((ROAD, ROAD, GRASS), (RED, RED, BLUE, GREY), (
        ("ellipse", -2, -6, 30, 18, BODY), ("box", -2, -8, 20, 7, TRIM),  # roof, windows
        ("box", 0, 8, 48, 11, BODY),
        ("ellipse", -28, 20, 10, 10, DARK), ("ellipse", 28, 20, 10, 10, DARK))),  # wheels
    "bird": ((AIR, GRASS, FOREST), (TAN, GREY, BLUE, RED), (
        ("triangle", -32, 2, 20, 9, DARK), ("ellipse", 0, 0, 26, 16, BODY),  # tail, body
        ("ellipse", -6, -2, 16, 9, DARK), ("ellipse", 24, -16, 11, 10, BODY),  # wing, head
        ("triangle", 36, -14, 8, 4, TRIM),  # beak
        ("box", -2, 24, 2, 10, DARK), ("box", 8, 24, 2, 10, DARK))),
    "cat": ((ROOM, ROOM, EARTH), (GREY, GREY, BLACK, TAN), (
        ("ellipse", 0, 40, 30, 26, BODY), ("triangle", -20, -28, 11, 16, BODY),  # body, ears
        ("triangle", 20, -28, 11, 16, BODY), ("ellipse", 0, -2, 33, 27, BODY),  # head
        ("ellipse", -13, -6, 6, 6, TRIM), ("ellipse", 13, -6, 6, 6, TRIM),  # eyes, nose
        ("triangle", 0, 8, 6, -4, DARK))),
    "deer": ((FOREST, FOREST, GRASS), (TAN, TAN, TAN, BROWN), (
        ("box", -24, 30, 3, 20, BODY), ("box", 12, 30, 3, 20, BODY),  # legs
        ("ellipse", -6, 6, 28, 13, BODY), ("box", 20, -10, 6, 18, BODY),  # body, neck
        ("ellipse", 28, -26, 13, 7, BODY),  # head, antlers
        ("box", 16, -42, 2, 12, DARK), ("box", 26, -42, 2, 12, DARK),
        ("box", 21, -44, 14, 2, DARK))),
    "dog": ((ROOM, SAND, GRASS), (WHITE, WHITE, TAN, BROWN), (
        ("ellipse", -8, 20, 24, 28, BODY), ("box", 10, 32, 6, 16, BODY),  # body, foreleg
        ("ellipse", 12, -18, 22, 19, BODY), ("ellipse", 32, -12, 13, 9, BODY),  # head, snout
        ("ellipse", -2, -14, 8, 18, DARK), ("ellipse", 42, -14, 4, 4, DARK))),  # ear, nose
    "frog": ((EARTH, EARTH, FOREST), (GREEN, GREEN, GREEN, TAN), (
        ("ellipse", -34, 24, 14, 12, BODY), ("ellipse", 34, 24, 14, 12, BODY),  # thighs
        ("ellipse", 0, 12, 36, 24, BODY), ("box", 0, 8, 20, 2, DARK),  # body, mouth
        ("ellipse", -18, -14, 10, 10, BODY), ("ellipse", 18, -14, 10, 10, BODY),  # eyes
        ("ellipse", -18, -14, 5, 5, DARK), ("ellipse", 18, -14, 5, 5, DARK))),
    "horse": ((GRASS, GRASS, SAND), (BROWN, BROWN, BROWN, BLACK), (
        ("box", -32, 30, 4, 20, BODY), ("box", -20, 30, 4, 20, BODY),  # legs
        ("box", 10, 30, 4, 20, BODY), ("box", 20, 30, 4, 20, BODY),
        ("ellipse", -6, 2, 36, 16, BODY), ("box", 24, -14, 9, 20, BODY),  # body, neck
        ("ellipse", 36, -28, 16, 9, BODY), ("ellipse", -42, 8, 6, 18, DARK))),  # head, tail
    "ship": ((SEA, SEA, SEA), (WHITE, GREY, RED, BLACK), (
        ("box", 22, -20, 2, 26, DARK), ("box", -10, -14, 7, 14, DARK),  # mast, funnel
        ("box", -8, 2, 26, 10, TRIM), ("box", 0, 14, 48, 6, BODY),  # cabin, deck
        ("triangle", 0, 26, 58, -20, BODY))),  # hull
    "truck": ((ROAD, ROAD, SAND), (WHITE, WHITE, GREY, RED), (
        ("box", -12, -10, 36, 28, BODY), ("box", 36, 4, 14, 16, TRIM),  # load, cab
        ("box", 38, -2, 8, 6, DARK), ("box", 0, 20, 48, 5, DARK),  # window, frame
        ("ellipse", -32, 26, 9, 9, DARK), ("ellipse", -10, 26, 9, 9, DARK),  # wheels
        ("ellipse", 34, 26, 9, 9, DARK))),
}
# fmt: on


def _images(words):
    """Raw words (n, WORDS) uint64 to pixels (n, 3072) uint8 and labels (n,) int64."""
    n = len(words)
    dice = iter(words[:, :ROLLS].T)
    y = _roll(dice, 0, 9)
    paint = _paint(y, dice)
    pots = _outlines(y, dice)
    image = paint[np.arange(n)[:, None, None], pots].transpose(0, 3, 1, 2)  # (n, 3, 32, 32)
    # Grain is grey: grain of three colours shows as coloured dust in the templates.
    grain = words[:, ROLLS:].astype("<u8").view(np.uint8).astype(np.int32).reshape(n, 1, 32, 32)
    image = np.clip(image + _light(dice) + ((grain - 128) * 40 >> 7), 0, 255)
    return _soften(_soften(image)).reshape(n, 3072).astype(np.uint8), y


def _roll(dice, low, high):
    """One integer in [low, high] for each image, from its next word: (n,) int64."""
    top = next(dice) >> np.uint64(32)  # half a word, so that the product stays within 64 bits
    return low + (top * np.uint64(high - low + 1) >> np.uint64(32)).astype(np.int64)


def _paint(y, dice):
    """The colours of each image, (n, 7, 3) int32, a row for each pot."""
    scenes = np.array([DRAWINGS[name][0] for name in CLASSES], np.int32)  # (10, 3, 2, 3)
    bodies = np.array([DRAWINGS[name][1] for name in CLASSES], np.int32)  # (10, 4, 3)
    paint = np.empty((len(y), 7, 3), np.int32)
    paint[:, [FAR, NEAR]] = 128
    paint[:, TRIM] = 200
    paint[:, DARK] = 45
    paint[:, [SKY, GROUND]] = scenes[_lender(y, dice, 160), _roll(dice, 0, 2)]
    paint[:, BODY] = bodies[_lender(y, dice, 112), _roll(dice, 0, 3)]
    for pot, spread in enumerate(SPREAD):
        paint[:, pot] += _roll(dice, -spread, spread)[:, None]
        for channel in range(3):
            paint[:, pot, channel] += _roll(dice, -spread // 3, spread // 3)
    exposure = _roll(dice, 44, 84)[:, None, None]
    return np.clip(paint, 0, 255) * exposure >> 6


def _lender(y, dice, odds):
    """The class whose colours are used: any one in `odds` of 256 images, else the own, y."""
    return np.where(_roll(dice, 0, 255) < odds, _roll(dice, 0, 9), y)


def _outlines(y, dice):
    """Which pot paints each pixel, (n, 32, 32) uint8: background, object, clutter."""
    n = len(y)
    axis = np.arange(-62, 63, 4, dtype=np.int64)  # pixel centres, in quarter pixels
    pots = np.full((n, 32, 32), SKY, np.uint8)
    horizon = _roll(dice, -20, 39)[:, None]
    np.copyto(pots, GROUND, where=(axis > horizon)[:, :, None])
    _blob(pots, axis, FAR, dice)
    right, down = _roll(dice, -20, 20)[:, None], _roll(dice, -14, 14)[:, None]
    mirror = (2 * _roll(dice, 0, 1) - 1)[:, None]
    scale = _roll(dice, 42, 80)[:, None]  # 64 is life size
    across, along = mirror * (axis - right) * 64 // scale, (axis - down) * 64 // scale
    for label, name in enumerate(CLASSES):
        rows = np.flatnonzero(y == label)
        some = pots[rows]
        for shape, *box, pot in DRAWINGS[name][2]:
            np.copyto(some, pot, where=_inside(shape, across[rows], along[rows], *box))
        pots[rows] = some
    _blob(pots, axis, NEAR, dice)
    return pots


def _blob(pots, axis, pot, dice):
    """Clutter: one ellipse of any place and size in each image, drawn into pots."""
    box = [_roll(dice, low, high)[:, None] for low, high in ((-62, 62),) * 2 + ((3, 21),) * 2]
    np.copyto(pots, pot, where=_inside("ellipse", axis, axis, *box))


def _inside(shape, x, y, centre_x, centre_y, width, height):
    """Which pixels a shape covers, (n, 32, 32) bool; x (n, 32) of the columns, y of the rows.

    Every shape is a term of the column plus a term of the row, not above zero: all but that one
    sum is done on 32 numbers in place of 1024.
    """
    x, y = abs(x - centre_x), y - centre_y
    if shape == "ellipse":  # (x / width)^2 + (y / height)^2 <= 1, without the division
        across, along = (x * height) ** 2, (y * width) ** 2 - (width * height) ** 2
    elif shape == "box":
        across, along = (x > width).astype(np.int64), (abs(y) > height).astype(np.int64)
    else:  # a triangle, the tip at -height, as wide as it gets at +height
        y, height = (y, height) if height > 0 else (-y, -height)
        across, along = 2 * height * x, np.where(y > height, 2**20, -width * (y + height))
    return across[:, None, :] + along[:, :, None] <= 0


def _light(dice):
    """Brighter or darker, and more so towards one side: (n, 1, 32, 32) int64, in levels."""
    axis = np.arange(-31, 32, 2, dtype=np.int64)
    bright, across, along = (_roll(dice, -most, most)[:, None, None, None] for most in (50, 80, 80))
    return bright + (across * axis + along * axis[:, None] >> 5)


def _soften(image):
    """Each pixel mixed with its neighbours, 1 2 1 across and down; edges are repeated."""
    wide = np.pad(image, ((0, 0), (0, 0), (1, 1), (1, 1)), mode="edge")
    tall = wide[..., :-2] + 2 * wide[..., 1:-1] + wide[..., 2:]
    return (tall[:, :, :-2] + 2 * tall[:, :, 1:-1] + tall[:, :, 2:]) >> 4
