#!/usr/bin/env python3
"""The colours of the map: do they stay apart for every kind of eyes, are they the same in the page and in the file?

usage: colours.py

Normal sight and the three kinds of colour blindness as Machado, Oliveira and Fernandes model them (2009, severity 1), in linear
sRGB; colours are compared by their distance in CIELAB. A distance of 2 can just be seen; 10 is asked for, and the layers have
shapes of their own besides.
"""

import itertools
import pathlib
import re
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
LEAST = 10
LAYERS = ("ground", "assigned", "known", "claimed", "reserved", "blocked", "ring")
EYES = {
    "normal": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}


def themes(path):
    """The two sets of colours in a style, light first."""
    text = path.read_text(encoding="utf-8")
    found = [(name, digits if len(digits) == 6 else "".join(2 * digit for digit in digits))
             for name, digits in re.findall(r"--([a-z]+):\s*#([0-9a-f]{6}|[0-9a-f]{3})\b", text)]
    light, dark = {}, {}
    for name, digits in found:
        (dark if name in light else light)[name] = digits
    return {"light": light, "dark": dark}


def linear(value):
    value /= 255
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def seen(digits, eyes):
    """A colour in CIELAB, as those eyes see it."""
    rgb = [linear(int(digits[i:i + 2], 16)) for i in (0, 2, 4)]
    red, green, blue = (min(1, max(0, sum(a * b for a, b in zip(row, rgb)))) for row in eyes)
    axes = ((0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505, 0.2126 * red + 0.7152 * green + 0.0722 * blue,
            (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089)
    x, y, z = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in axes)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


class Colours(unittest.TestCase):
    style = themes(ROOT / "src/web/assets/map.css")

    def test_apart(self):
        for (theme, colours), (kind, eyes) in itertools.product(self.style.items(), EYES.items()):
            for one, other in itertools.combinations(LAYERS, 2):
                with self.subTest(theme=theme, eyes=kind, layers=(one, other)):
                    pair = zip(seen(colours[one], eyes), seen(colours[other], eyes))
                    self.assertGreaterEqual(sum((a - b) ** 2 for a, b in pair) ** 0.5, LEAST)

    def test_same_in_files(self):
        self.assertEqual(themes(ROOT / "src/render/map-svg.c"), self.style)
        attributes = set(re.findall(r'\\"#([0-9a-f]{6})\\"', (ROOT / "src/render/map-svg.c").read_text(encoding="utf-8")))
        self.assertLessEqual(attributes, set(self.style["light"].values()))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
