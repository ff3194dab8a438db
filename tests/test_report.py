"""report.html in a real browser: it draws, complains of nothing, asks for nothing and fits its window."""

import base64
import io
import json
import os
import re
import shutil
import zlib
from pathlib import Path

import chromium
import pytest
from conftest import ROOT
from PIL import Image

DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844, "phone": True}
VIEWS = {
    f"{name}-{scheme}": {**size, "scheme": scheme}
    for name, size in (("desktop", DESKTOP), ("phone", PHONE))
    for scheme in ("light", "dark")
}
LIMIT = 15_000_000
HOSTILE = "</script><script>document.title='broken'</script> \u202e\"quoted\" & \U0001f34e"
MAP = "echarts.getInstanceByDom(document.querySelector('#map .chart'))"


@pytest.fixture(scope="module")
def browser():
    program = chromium.find_chromium()
    if program is None:
        pytest.skip("no Chromium to open the report in: apt-get install chromium")
    with chromium.Browser(program) as started:
        yield started


@pytest.fixture(scope="module")
def run_output(pomona, photos, tmp_path_factory):
    """A run over the photographs, a label that tries to break the page, and images that cannot be read."""
    folder = tmp_path_factory.mktemp("report")
    images = folder / "in"
    shutil.copytree(photos, images)
    hostile = images / HOSTILE.replace("/", "\u2215")
    hostile.mkdir()
    for number, photo in enumerate(sorted(images.glob("*/*.jpg"))[:3]):
        shutil.copy(photo, hostile / f"{number} <b>.jpg")
    (hostile / "._empty.jpg").touch()
    (hostile / "empty.jpg").touch()
    (hostile / "page.jpg").write_text("<!DOCTYPE html><title>404</title>")
    (hostile / "cut.jpg").write_bytes(photo.read_bytes()[:900])
    pomona("run", images, "--output", folder / "out", "--extractor", "pixels", "--image-size", "8")
    return folder / "out"


def data_of(page_text):
    """The page's data, as a browser cuts them out."""
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script', page_text, re.S)[1])


def replace_data(page_text, data):
    """The page with other data in it, escaped as the program does."""
    text = json.dumps(data).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    start = page_text.index('id="data">') + len('id="data">')
    return page_text[:start] + text + page_text[page_text.index("</script", start) :]


def open_report(browser, path, view):
    page = browser.open(path.as_uri(), **VIEWS[view])
    page.wait_for("document.documentElement.dataset.ready === 'true'")
    return page


def drawn(page):
    return page.evaluate("({...document.documentElement.dataset})")


def overflowing(page):
    """Elements that reach beyond the window, other than those inside a frame that scrolls or clips."""
    return page.evaluate("""
      [...document.body.querySelectorAll('*')].filter((element) => {
        const box = element.getBoundingClientRect();
        if (box.width === 0 || box.right <= innerWidth + 0.5) return false;
        for (let parent = element.parentElement; parent; parent = parent.parentElement) {
          if (getComputedStyle(parent).overflowX !== 'visible') return false;
        }
        return true;
      }).map((element) => element.tagName + '.' + element.className)
    """)


def inked(page):
    """Pixels that are not empty in the canvases of each plot."""
    return page.evaluate("""
      [...document.querySelectorAll('.chart')].map((chart) => [...chart.querySelectorAll('canvas')].map((canvas) => {
        const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
        let count = 0;
        for (let i = 3; i < pixels.length; i += 4) count += pixels[i] > 0;
        return count;
      }).reduce((a, b) => a + b, 0))
    """)


def check(page, path):
    """What holds for every report."""
    assert page.complaints() == []
    assert [url for url in page.requests() if not url.startswith("data:")] == [path.as_uri()]
    assert drawn(page)["failed"] == "0"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert overflowing(page) == []


def picture(page, name):
    """Keeps a picture where $POMONA_PICTURES says, for a person to look at."""
    if os.environ.get("POMONA_PICTURES"):
        page.screenshot(Path(os.environ["POMONA_PICTURES"]) / f"{name}.png")


def test_asks_for_nothing_and_is_small(run_output):
    text = (run_output / "report.html").read_text(encoding="utf-8")
    assert len(text.encode()) < LIMIT
    without_data = replace_data(text, {})
    for attribute in re.findall(r'\b(?:src|href|action)\s*=\s*["\']?([^"\'\s>]+)', without_data.split("<script")[0]):
        assert attribute.startswith(("data:", "#")), attribute
    assert "default-src 'none'" in text
    assert "document.title='broken'</script>" not in text


def test_holds_the_runs_numbers(run_output):
    data = data_of((run_output / "report.html").read_text(encoding="utf-8"))
    run = json.loads((run_output / "run.json").read_text())
    assert sum(data["labels"]["images"]) == run["images_ok"] == len(data["points"]["x"])
    assert data["quarantined"] == run["images_quarantined"] == 3
    assert dict(data["failures_by_code"]) == {"empty": 1, "unknown-format": 1, "truncated": 1}
    thumbnails = [base64.b64decode(text) for text in data["thumbnails"]]
    assert len(thumbnails) == run["images_ok"] and all(thumbnails)
    assert max(Image.open(io.BytesIO(thumbnails[0])).size) == 64


@pytest.mark.parametrize("view", VIEWS)
def test_draws_in_a_browser(browser, run_output, view):
    path = run_output / "report.html"
    data = data_of(path.read_text(encoding="utf-8"))
    page = open_report(browser, path, view)
    assert drawn(page)["points"] == str(len(data["points"]["x"]))
    assert drawn(page)["charts"] == "2"
    page.wait_for(f"{MAP}.getModel().getSeries().reduce((sum, one) => sum + one.getData().count(), 0) > 0")
    points = page.evaluate(f"{MAP}.getModel().getSeries().reduce((sum, one) => sum + one.getData().count(), 0)")
    assert points == len(data["points"]["x"])
    page.wait_for("document.querySelectorAll('.chart canvas').length >= 2")
    assert all(pixels > 1000 for pixels in inked(page))
    assert "broken" not in page.evaluate("document.title")
    assert page.evaluate("document.querySelectorAll('script').length") == 3
    assert page.evaluate("document.querySelectorAll('.failures tbody tr').length") == 3
    assert "of 222 listed, 1\u00a0file skipped by name" in page.evaluate("document.querySelector('.facts').textContent")
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", dark)[:3])) < 200) == ("dark" in view)
    check(page, path)
    picture(page, f"report-{view}")


def test_hover_shows_the_thumbnail_and_a_click_singles_out(browser, run_output):
    path = run_output / "report.html"
    page = open_report(browser, path, "desktop-light")
    page.evaluate("document.querySelector('#map .chart').scrollIntoView({block: 'center'})")
    # The point that lies furthest from all the others, so that no other covers it.
    x, y, index = page.evaluate(f"""(() => {{
      const {{x, y}} = JSON.parse(document.getElementById('data').textContent).points;
      const places = x.map((_, i) => {MAP}.convertToPixel({{xAxisIndex: 0, yAxisIndex: 0}}, [x[i], y[i]]));
      const near = (i) => Math.min(...places.map((p, j) =>
          i === j ? Infinity : Math.hypot(p[0] - places[i][0], p[1] - places[i][1])));
      const best = places.map((_, i) => i).sort((a, b) => near(b) - near(a))[0];
      const box = document.querySelector('#map .chart').getBoundingClientRect();
      return [box.left + places[best][0], box.top + places[best][1], best];
    }})()""")
    for step in range(100):  # until the points have grown to their size
        page.move_mouse(x - 3 * (step % 2), y)
        if page.evaluate("document.querySelector('.tip img')?.naturalWidth > 0"):
            break
    else:
        pytest.fail("no thumbnail shows over a point")
    shown = page.evaluate("document.querySelector('.tip .path').textContent")
    assert shown == data_of(path.read_text(encoding="utf-8"))["points"]["path"][index]

    bright = f"{MAP}.getOption().series.filter((one) => one.itemStyle.opacity > 0.5).length"
    everything = page.evaluate(bright)
    page.evaluate("document.querySelectorAll('.legend-list button')[2].click()")
    assert page.evaluate(bright) == 1 < everything
    page.evaluate("document.querySelector('.legend-head button').click()")
    assert page.evaluate(bright) == everything
    check(page, path)


def extreme(data):
    """300 labels and many more, 5,000 points, names of any length and script, thousands of failures."""
    names = [
        f"{('Apple', 'A very long name of a cultivar from the slopes', 'مشمش', 'りんご')[i % 4]} {i}"
        for i in range(300)
    ]
    count = 5000
    deep = "s3://bucket/" + "a-long-folder-name/" * 10
    data["labels"] = {
        "names": names,
        "images": [1 + (i * 7919) % 3000 for i in range(300)],
        "quarantined": [i % 3 for i in range(300)],
        "other": {"labels": 120, "images": 240, "quarantined": 7},
    }
    noise = [zlib.crc32(str(i).encode()) / 2**32 for i in range(2 * count)]
    data["points"] = {
        "x": [1e5 * (noise[i] + i % 5) for i in range(count)],
        "y": [1e-5 * (noise[count + i] + i % 7) for i in range(count)],
        "label": [i % 301 for i in range(count)],
        "path": [f"{deep}{i}.jpg" for i in range(count)],
        "other_names": {},
    }
    data["rows_projected"] = 12_345_678
    data["thumbnails"] = [""] * count
    data["components"] = {
        "ratio": [0.5**i if i < 50 else 1e-16 for i in range(1, 2049)],
        "cumulative": [1 - 0.5**i for i in range(1, 2049)],
        "kept": 30,
        "total": 2048,
    }
    data["quarantined"] = 5000
    data["failures_by_code"] = [["corrupt", 4990], ["a-code-that-is-new", 10]]
    data["failures"] = [["corrupt", deep + "x.jpg", names[1], "w" * 400]] * 500
    data["messages"] = ["y" * 400, "a choice that was made"]
    data["run"]["options"]["input"] = deep
    data["run"] |= {
        "files_skipped": {"hidden": 1_200, "macos": 6},
        "images_listed": 12_350_678,
        "images_ok": 12_345_678,
        "images_per_second": 12345.6,
    }


def two_points(data):
    data["labels"] = {
        "names": [""],
        "images": [2],
        "quarantined": [0],
        "other": {"labels": 0, "images": 0, "quarantined": 0},
    }
    data["points"] = {"x": [-1, 1], "y": [0, 0], "label": [0, 0], "path": ["1.jpg", "2.jpg"], "other_names": {}}
    data["thumbnails"] = ["", ""]
    data["components"] = {"ratio": [1], "cumulative": [1], "kept": 1, "total": 1}
    data |= {"rows_projected": 2, "quarantined": 0, "failures": [], "failures_by_code": []}


def no_fit(data):
    two_points(data)
    data["points"] = {"x": [], "y": [], "label": [], "path": [], "other_names": {}}
    data["thumbnails"] = []
    data["components"] = {"ratio": [], "cumulative": [], "kept": 0, "total": 0}


def nothing(data):
    no_fit(data)
    data["run"] = {}
    data["labels"] |= {"names": [], "images": [], "quarantined": []}


def test_every_code_of_the_quarantine_has_a_meaning(browser, run_output, tmp_path):
    source = (ROOT / "pomona" / "base" / "failure.cc").read_text(encoding="utf-8")
    codes = re.findall(r'FailureCode::k\w+, "([a-z-]+)"', source)
    assert {"missing", "changed", "corrupt"} <= set(codes)
    text = (run_output / "report.html").read_text(encoding="utf-8")
    data = data_of(text)
    data["quarantined"] = len(codes)
    data["failures_by_code"] = [[code, 1] for code in codes]
    data["failures"] = [[code, f"{code}.jpg", "", "why"] for code in codes]
    path = tmp_path / "codes.html"
    path.write_text(replace_data(text, data), encoding="utf-8")
    page = open_report(browser, path, "desktop-light")
    without = page.evaluate(
        "[...document.querySelectorAll('.codes li')].filter((card) => !card.querySelector('.more')?.textContent)"
        ".map((card) => card.querySelector('.tag').textContent)"
    )
    assert page.evaluate("document.querySelectorAll('.codes li').length") == len(codes)
    assert without == []
    picture(page, "report-codes")


@pytest.mark.parametrize("view", ["desktop-light", "phone-dark"])
@pytest.mark.parametrize("change, charts", [(extreme, 2), (two_points, 2), (no_fit, 0), (nothing, 0)])
def test_any_data_fit(browser, run_output, tmp_path, change, charts, view):
    text = (run_output / "report.html").read_text(encoding="utf-8")
    data = data_of(text)
    change(data)
    path = tmp_path / "report.html"
    path.write_text(replace_data(text, data), encoding="utf-8")
    page = open_report(browser, path, view)
    assert drawn(page)["charts"] == str(charts)
    if charts == 0:
        assert "fit was skipped" in page.evaluate("document.getElementById('scree').textContent")
    if change is extreme:
        words = page.evaluate("document.getElementById('quarantine').textContent")
        assert "The first 500 of 5,000" in words and "4,500 are in quarantine.parquet" in words
        assert page.evaluate("document.querySelectorAll('#labels .bars li').length") == 301
    else:
        assert "Nothing was quarantined" in page.evaluate("document.getElementById('quarantine').textContent")
    check(page, path)
    picture(page, f"report-{change.__name__}-{view}")
