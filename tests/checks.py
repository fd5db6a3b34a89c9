"""What every page has to keep to, checked on every page that a test gets."""

import html5lib
from django.http import HttpResponseBase
from django.test import Client

FIELDS = ("input", "select", "textarea")
UNLABELLED = ("hidden", "submit", "button", "image", "reset")


class CheckedClient(Client):
    """Django's test client, looking at each HTML answer with the eyes of `check_page`."""

    def request(self, **request):
        response = super().request(**request)
        if is_html(response) and response.content and "Content-Encoding" not in response.headers:
            check_headers(response)
            if b"<html" in response.content[:200]:
                check_page(response.content.decode())
            else:
                check_markup(fragment(response.content.decode()))
        return response


def is_html(response: HttpResponseBase) -> bool:
    return not response.streaming and response.headers.get("Content-Type", "").startswith("text/html")


def check_headers(response) -> None:
    policy = response.headers["Content-Security-Policy"]
    assert "unsafe" not in policy and "default-src 'none'" in policy
    assert "HX-Request" in response.headers["Vary"]


def parsed(text: str):
    """The document, parsed as strictly as HTML5 has it."""
    return html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(text)


def fragment(text: str):
    container = "tbody" if text.lstrip().startswith("<tr") else "div"
    return html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parseFragment(text, container=container)


def check_page(text: str) -> None:
    page = parsed(text)
    assert len(page.findall(".//h1")) == 1, "one h1 a page"
    title = page.find(".//title")
    assert title is not None and title.text.strip(" ·"), "a page has a title"
    assert page.get("lang"), "a page says its language"
    assert page.findall(".//main"), "a page has a main part"
    check_markup(page)


def check_markup(tree) -> None:
    ids = [element.get("id") for element in tree.iter() if isinstance(element.tag, str) and element.get("id")]
    twice = {name for name in ids if ids.count(name) > 1}
    assert not twice, f"ids that are not unique: {twice}"
    labels = {label.get("for") for label in tree.iter("label")}
    within_label = {field for label in tree.iter("label") for field in label.iter()}
    for element in tree.iter():
        if not isinstance(element.tag, str):
            continue
        check_inline(element)
        if element.tag in FIELDS and element.get("type") not in UNLABELLED:
            is_labelled = element.get("id") in labels or element in within_label or element.get("aria-label")
            assert is_labelled, f"a field without a label: {element.attrib}"
        if element.tag == "form":
            assert element.get("method") and element.get("action"), f"a form without method or action: {element.attrib}"
            # Visitors of links to files have no session that somebody else could use.
            if element.get("method") == "post" and not element.get("action").startswith("/s/"):
                assert element.find(".//input[@name='csrfmiddlewaretoken']") is not None, (
                    "a post form carries its token"
                )
        if element.tag == "img":
            assert element.get("alt") is not None, "a picture has a text"
        if element.tag in ("a", "button"):
            assert name_of(element), f"a link or button says what it does: {element.attrib}"


def check_inline(element) -> None:
    assert element.tag != "style", "no inline style sheets"
    assert element.tag != "script" or (element.get("src") and not (element.text or "").strip()), "no inline scripts"
    bad = [name for name in element.attrib if str(name).startswith(("on", "hx-on")) or name == "style"]
    assert not bad, f"no inline handlers or styles: {bad}"


def name_of(element) -> str:
    text = "".join(element.itertext()).strip()
    pictures = "".join(picture.get("alt", "") for picture in element.iter("img"))
    return text or pictures or element.get("aria-label") or ("hidden" if element.get("aria-hidden") == "true" else "")


def upstream_of(answer):
    """The connection upstream that a streaming answer reads from."""
    return answer._resource_closers[0].__self__.pieces.response.raw
