"""The pages of `fairc audit`, `project` and `stream` in a real browser.

    python report.py FAIRC [FOLDER]     # the binary; where to leave pictures, if wanted

Chromium opens the page without a network: nothing may be asked for but the file itself, nothing may be said on the
console, and headings, tables and charts must be there. Says so and succeeds where there is no Chromium.
"""

import html.parser
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
CREDIT = ROOT / "examples/german_credit"
DATA = ["--data", CREDIT / "german_credit.csv"]
# With the fewest headings of the second rank and tables that a page of the kind has.
CASES = [
    (5, 3, ["audit", CREDIT / "parity.fair", *DATA, "--group-by", "housing"]),
    (5, 3, ["audit", CREDIT / "four_fifths.fair", *DATA]),
    (5, 3, ["audit", CREDIT / "odds.fair", *DATA]),
    (5, 3, ["audit", ROOT / "tests/fixtures/cli/report.fair", "--data", ROOT / "tests/fixtures/cli/report.csv", "--group-by", "week"]),
    (4, 2, ["project", CREDIT / "parity.fair", *DATA]),
    (4, 2, ["project", CREDIT / "intersectional.fair", *DATA]),
    (4, 1, ["project", CREDIT / "four_fifths.fair", *DATA, "--batch", "250"]),
    (4, 2, ["stream", CREDIT / "parity.fair", *DATA, "--batch", "3"]),
    (4, 2, ["stream", CREDIT / "four_fifths.fair", *DATA, "--batch", "50"]),
]
# What Chromium asks for by itself, page or no page.
OWN = (".google.com", ".googleapis.com", ".gvt1.com")
VOID = {"meta", "br", "img", "link", "input", "hr"}


class Page(html.parser.HTMLParser):
    """Counts elements and checks that each is closed in order."""

    def __init__(self):
        super().__init__()
        self.open, self.count, self.text, self.ids, self.links, self.rank = [], {}, [], set(), set(), 0

    def handle_starttag(self, tag, attributes):
        self.count[tag] = self.count.get(tag, 0) + 1
        if tag in ("h1", "h2", "h3", "h4"):
            rank = int(tag[1])
            assert rank <= self.rank + 1, f"<{tag}> follows a heading of rank {self.rank}"
            self.rank = rank
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attributes:
            if name == "id":
                assert value not in self.ids, f"the id {value} is there twice"
                self.ids.add(value)
            if name == "href":
                self.links.add(value)
            assert name not in ("src", "srcset") and not name.startswith("on"), (tag, name, value)

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, f"</{tag}> closes nothing"

    def handle_data(self, data):
        self.text.append(data)


def chromium(browser, folder, url, *options):
    arguments = [
        browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
        f"--user-data-dir={folder}/profile", "--enable-logging=stderr", "--v=0", *options, url,
    ]
    return subprocess.run(arguments, capture_output=True, text=True, timeout=120)


def requests(log):
    """The addresses on a network that a log speaks of, but for the browser's own."""
    try:
        events = json.loads(log.read_text())
    except json.JSONDecodeError:  # cut off at the end of the process
        events = json.loads(log.read_text().rstrip().rstrip(",") + "]}")
    urls = {event.get("params", {}).get("url") for event in events["events"]}
    parts = [urllib.parse.urlsplit(url) for url in urls if url]
    network = [part for part in parts if part.scheme in ("http", "https", "ws", "wss", "ftp")]
    return {part.geturl() for part in network if not (part.hostname or "").endswith(OWN)}


def check(fairc, browser, least, case, folder, pictures, name):
    page = folder / f"{name}.html"
    done = subprocess.run([fairc, *case, "--html", page], capture_output=True, text=True)
    assert done.returncode in (0, 1), done.stderr
    url, log = page.as_uri(), folder / f"{name}.net.json"
    loaded = chromium(browser, folder, url, "--dump-dom", f"--log-net-log={log}")
    assert loaded.returncode == 0, loaded.stderr[-2000:]
    assert "CONSOLE" not in loaded.stderr, loaded.stderr
    foreign = requests(log)
    assert not foreign, f"the page asked for {foreign}"
    dom = Page()
    dom.feed(loaded.stdout)
    assert not dom.open, dom.open
    headings, tables = least
    assert dom.count["h1"] == 1 and dom.count["h2"] >= headings and dom.count["table"] >= tables, dom.count
    assert dom.count["svg"] >= 1 and dom.count["table"] == dom.count["caption"], dom.count
    assert "script" not in dom.count and "img" not in dom.count
    assert {link.lstrip("#") for link in dom.links} <= dom.ids, dom.links - dom.ids
    if pictures:
        for look, options in [("light", []), ("dark", ["--force-dark-mode", "--blink-settings=preferredColorScheme=0"])]:
            shot = f"--screenshot={pictures}/{name}.{look}.png"
            chromium(browser, folder, url, shot, "--window-size=1000,3600", "--hide-scrollbars", *options)
    paper = (pictures or folder) / f"{name}.pdf"
    chromium(browser, folder, url, f"--print-to-pdf={paper}", "--no-pdf-header-footer")
    assert paper.read_bytes().startswith(b"%PDF"), "the page does not print"
    print(f"{name}: {dom.count['table']} tables, {dom.count['svg']} charts, no request, nothing on the console")


def main():
    fairc = pathlib.Path(sys.argv[1]).resolve()
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        print("no Chromium here: the report was not opened in a browser")
        return
    pictures = pathlib.Path(sys.argv[2]).resolve() if len(sys.argv) > 2 else None
    with tempfile.TemporaryDirectory() as folder:
        for case in CASES:
            headings, tables, words = case
            name = f"{words[0]}-{words[1].stem}"
            check(fairc, browser, (headings, tables), [str(word) for word in words], pathlib.Path(folder), pictures, name)


main()
