"""What axe finds in a page: things that keep people out who do not see, hear or point as its author does."""

from functools import cache

from playwright.sync_api import Page

from tests.stack import ROOT

AXE = ROOT / "web/node_modules/axe-core/axe.min.js"
GRAVE = ("serious", "critical")


def axe(page: Page, *, schemes: tuple[str, ...] = ("light", "dark")) -> None:
    """Fails with what is seriously wrong, in light and in dark."""
    found = []
    for scheme in schemes:
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # one of its names
        page.wait_for_function(SETTLED, arg=scheme)
        found += [f"{scheme}: {each}" for each in _findings(page)]
    page.emulate_media(color_scheme="light")
    assert found == [], "\n".join(found)


def _findings(page: Page) -> list[str]:
    if not page.evaluate("'axe' in window"):
        page.evaluate(_source())
    return [str(each) for each in page.evaluate(RUN, list(GRAVE))]


@cache
def _source() -> str:
    return AXE.read_text("utf-8") + "\n;0"


# The page follows the system's scheme once it has drawn itself anew.
SETTLED = """async (scheme) => {
  if (document.documentElement.dataset.mantineColorScheme !== scheme) return false;
  // A colour that is inherited changes one element deeper with each frame, where changes take any time at all.
  for (let quiet = 0; quiet < 6; quiet += 1) {
    await new Promise((drawn) => requestAnimationFrame(drawn));
    if (document.getAnimations().some((each) => each.effect.getComputedTiming().iterations !== Infinity)) quiet = 0;
  }
  return true;
}"""
RUN = """async (grave) => {
  const { violations } = await axe.run(document, { resultTypes: ["violations"] });
  return violations
    .filter((each) => grave.includes(each.impact))
    .flatMap((each) => each.nodes.map((node) => `${each.id} (${each.help}): ${node.html.slice(0, 200)} ${node.failureSummary}`));
}"""
