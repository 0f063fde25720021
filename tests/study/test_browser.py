"""A real browser goes through a study: by mouse and by the keyboard alone, wide and narrow.

It needs Chromium on the machine. ``MASKBENCH_PAGES=folder`` runs all four sessions instead of two,
and keeps pictures of the pages there.
"""

import os
import shutil
import threading
from pathlib import Path

import pytest
import uvicorn

from maskbench.study.app import make_app
from maskbench.study.secret import Signer
from maskbench.study.store import Store

from .studies import a_folder, a_plan
from .test_kill import free_port

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)
KEPT = os.environ.get("MASKBENCH_PAGES")
if not BROWSER:
    pytest.skip("no Chromium on this machine", allow_module_level=True)
playwright = pytest.importorskip("playwright.sync_api")

CONTRASTS = """() => {
  const channel = c => { c /= 255; return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4 };
  const rgb = text => text.match(/[0-9.]+/g).map(Number);
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const behind = node => {
    for (; node; node = node.parentElement) {
      const found = rgb(getComputedStyle(node).backgroundColor);
      if (found.length === 3) return found;
    }
    return [255, 255, 255];
  };
  const texts = [...document.querySelectorAll('main *, footer *')].filter(
    node => [...node.childNodes].some(child => child.nodeType === 3 && child.data.trim()));
  return texts.map(node => {
    const [a, b] = [light(rgb(getComputedStyle(node).color)), light(behind(node))];
    return [node.textContent.trim(), (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)];
  });
}"""
SMALL = """() => [...document.querySelectorAll('button, a, label, .answer input')].map(node => {
  const box = node.getBoundingClientRect();
  return [node.tagName + ' ' + (node.id || node.textContent.trim()), box.width, box.height];
}).filter(([name, width, height]) => width < 24 || height < 24)"""


@pytest.fixture(scope="module")
def chromium():
    with playwright.sync_playwright() as tool:
        browser = tool.chromium.launch(executable_path=BROWSER)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A study of four pages for four raters, on a port of its own."""
    plan = a_plan(groups=2, raters=4, catches=2, methods=("gan_stn", "wgan_stn"))
    folder, port = a_folder(tmp_path_factory.mktemp("browser") / "study", plan), free_port()
    url = f"http://127.0.0.1:{port}"
    store = Store(f"sqlite:///{folder}/votes.sqlite", plan)
    app = make_app(folder, plan, store, url, "study@example.org")
    server = uvicorn.Server(
        uvicorn.Config(app, port=port, log_level="warning", lifespan="off", ws="none")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.01)
    yield url, Signer.of(folder, plan), store
    server.should_exit = True
    thread.join()
    store.close()


def check(page, name):
    """What every page must be: nothing wider than the window, text that can be read, controls that
    a thumb can hit."""
    if KEPT:
        Path(KEPT).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=f"{KEPT}/{name}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    low = [(text, ratio) for text, ratio in page.evaluate(CONTRASTS) if ratio < 4.5]
    assert low == []
    assert page.evaluate(SMALL) == []
    assert page.evaluate("[...document.images].every(one => one.complete && one.naturalWidth)")


def by_mouse(page):
    """Answer a page with the pointer: the left picture is real, the right one is not."""
    page.get_by_role("group", name="Left").get_by_label("Real", exact=True).click()
    page.get_by_role("group", name="Right").get_by_label("Not real").click()
    page.get_by_role("button", name="Next").click()


def by_keyboard(page):
    """The same with Tab, the space bar, an arrow and Enter; the focus goes left, right, Next."""
    focus = "document.activeElement.id || document.activeElement.textContent.trim()"
    page.keyboard.press("Tab")
    assert page.evaluate(focus) == "left_real"
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    assert page.evaluate(focus) == "right_real"
    page.keyboard.press("ArrowDown")
    assert page.evaluate(focus) == "right_not_real"
    outline = "getComputedStyle(document.activeElement.nextElementSibling).outlineStyle"
    page.wait_for_function(f"{outline} === 'solid'")  # the focus is seen, once styles are loaded
    page.keyboard.press("Tab")
    assert page.evaluate(focus) == "Next"
    page.keyboard.press("Enter")


@pytest.mark.parametrize(
    ("rater", "width", "answer"),
    [(0, 390, by_mouse), (1, 1280, by_keyboard)]
    + [(2, 1280, by_mouse), (3, 390, by_keyboard)] * bool(KEPT),
)
def test_a_session_that_is_closed_in_the_middle(chromium, served, rater, width, answer):
    url, signer, store = served
    asked = []

    def a_window():
        window = chromium.new_context(viewport={"width": width, "height": 800})
        page = window.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on(
            "console", lambda message: pytest.fail(message.text) if "CSP" in message.text else 0
        )
        page.goto(f"{url}/r/{signer.link(rater)}")
        return window, page

    window, page = a_window()
    look = check if KEPT or width == 390 else lambda page, name: None
    look(page, f"{width}-consent")
    if answer is by_keyboard:
        page.keyboard.press("Tab")
        page.keyboard.press("Space")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
    else:
        page.get_by_label("I take part").click()
        page.get_by_role("button", name="Begin").click()
    for number in range(4):
        page.wait_for_selector(f"text=Page {number + 1} of 4")
        look(page, f"{width}-page{number + 1}")
        if number == 2:
            window.close()
            window, page = a_window()
            page.wait_for_selector("text=Page 3 of 4")
        answer(page)
    page.wait_for_selector("text=Thank you")
    look(page, f"{width}-thanks")
    page.goto(f"{url}/withdraw")
    look(page, f"{width}-withdraw")
    window.close()
    votes = [vote for vote in store.export().votes if vote.rater == rater]
    turns = dict(store.plan.raters[rater])
    assert sorted(vote.trial for vote in votes) == [0, 1, 2, 3]
    assert all(
        vote.real == ((False, True) if turns[vote.trial] else (True, False)) for vote in votes
    )
    assert {one.split("/")[2] for one in asked} == {url.split("/")[2]}  # nobody else was asked
