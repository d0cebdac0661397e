"""How all pictures of the documentation look: one palette, one typeface, text that stays text, equal bytes for equal data."""

import pathlib

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

# Okabe and Ito's colours, which people with any colour vision can tell apart; shapes or words tell the same everywhere.
BLUE, ORANGE, GREEN, RED, GREY, INK = "#0072b2", "#c75b00", "#007a5a", "#a3292c", "#6b7280", "#1f2933"
PALE = {BLUE: "#dcecf7", ORANGE: "#fbe6d4", GREEN: "#d8efe7", GREY: "#eceef1"}

pyplot.rcParams.update({
    "svg.hashsalt": "fairc",
    "svg.fonttype": "none",
    "font.family": ["DejaVu Sans"],
    "font.size": 11,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": GREY,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 12,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "figure.facecolor": "white",
    "figure.constrained_layout.use": True,
})

FOLDER = pathlib.Path(__file__).resolve().parent


def figure(width=7.2, height=3.2, columns=1, **settings):
    """A figure that is read without zooming on a phone: at most 720 points wide."""
    return pyplot.subplots(1, columns, figsize=(width, height), **settings)


def bare(axes, width, height):
    """Axes without frame or ticks, `width` by `height` units, for drawings."""
    axes.set(xlim=(0, width), ylim=(0, height), aspect="equal")
    axes.axis("off")


def box(axes, at, size, text, colour=GREY, **settings):
    """A box with its lower left corner at `at`, and a text in its middle."""
    (x, y), (width, height) = at, size
    shape = FancyBboxPatch(at, width, height, boxstyle="round,pad=0,rounding_size=0.12", facecolor=PALE[colour], edgecolor=colour)
    axes.add_patch(shape)
    axes.text(x + width / 2, y + height / 2, text, ha="center", va="center", **settings)


def arrow(axes, start, end, colour=INK, **settings):
    """An arrow from `start` to `end`."""
    axes.add_patch(FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=12, color=colour, linewidth=1.2, **settings))


def save(drawn, name):
    """Writes `NAME.svg` beside this file; the same data give the same bytes."""
    path = FOLDER / f"{name}.svg"
    drawn.savefig(path, metadata={"Date": None, "Creator": None})
    pyplot.close(drawn)
    # Fonts that a reader has: the numbers of the layout are those of DejaVu Sans, which is wide.
    text = path.read_text().replace("'DejaVu Sans'", "'DejaVu Sans', Verdana, sans-serif")
    path.write_text("\n".join(line.rstrip() for line in text.splitlines()) + "\n")
