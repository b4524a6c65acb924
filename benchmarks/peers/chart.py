"""A chart of processor seconds a photo as SVG, readable on light and dark pages: a bar a peer for the main corpus, and
groups of bars for the other kinds of photos."""

from xml.sax.saxutils import escape

WIDTH, LABEL, BAR, STEP, ROOM = 900, 250, 430, 26, 210
STYLE = """
.page{fill:#ffffff}text{font:14px "DejaVu Sans",Verdana,sans-serif;fill:#1f2430}
.title{font-size:17px;font-weight:bold}.quiet{fill:#59636e}
.ours{fill:#2563c9}.floor{fill:#a3acb8}.peer{fill:#d98a3d}
@media (prefers-color-scheme:dark){.page{fill:#12161c}text{fill:#e4e8ee}.quiet{fill:#9aa5b1}
.ours{fill:#5b95f5}.floor{fill:#5c6672}.peer{fill:#d6954f}}
"""


def group(name):
    if name.startswith("renditions"):
        return "ours"
    return "floor" if name.startswith("floor") else "peer"


class Page:
    def __init__(self):
        self.parts, self.y = [], 20

    def line(self, text, style="", size=22):
        self.y += size
        self.parts.append(f'<text x="24" y="{self.y}" class="{style}">{escape(text)}</text>')
        self.y += 8

    def bars(self, seconds, longest, ours):
        """A bar a peer; behind it its seconds, and how much of them we take."""
        for name, value in seconds.items():
            top = self.y
            length = max(2, round(BAR * value / longest))
            told = f"{value:.2f} s" + ("" if name == ours else f" · ours ÷ theirs {seconds[ours] / value:.2f}")
            self.parts += [
                f'<text x="{24 + LABEL - 10}" y="{top + 16}" text-anchor="end">{escape(name)}</text>',
                f'<rect x="{24 + LABEL}" y="{top + 3}" width="{length}" height="17" rx="2" class="{group(name)}"/>',
                f'<text x="{24 + LABEL + length + 8}" y="{top + 16}" class="quiet">{escape(told)}</text>',
            ]
            self.y += STEP
        self.y += 10

    def svg(self):
        height = self.y + 14
        return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
                f'height="{height}"><style>{STYLE}</style><rect class="page" width="{WIDTH}" height="{height}" rx="6"/>'
                + "\n".join(self.parts) + "</svg>\n")


def draw(path, kinds, footer, ours="renditions"):
    """Writes the chart. `kinds` are pairs of a heading and the seconds of each peer, the main corpus first."""
    page = Page()
    page.line("Processor seconds a photo for the four renditions, one thread: shorter is better", "title")
    longest = max(max(seconds.values()) for _, seconds in kinds)
    for heading, seconds in kinds:
        page.line(heading, "quiet")
        page.bars(dict(sorted(seconds.items(), key=lambda pair: pair[1])), longest, ours)
    for text in footer:
        page.line(text, "quiet", 14)
    with open(path, "w") as file:
        file.write(page.svg())
