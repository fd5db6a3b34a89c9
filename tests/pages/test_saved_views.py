"""Views: a list under a name, opened by its link, seen by those it is shared with, changed by its owner alone."""

import html
import re
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from jobsportal.saved_views import lists
from jobsportal.saved_views.models import SavedView

LIST = "org=acme&stage=validation&sort=id"
HOSTILE = ["<script>alert(1)</script>", "שלום עולם", "👩‍👩‍👧 night 🌃", "a & b \"c\" 'd'", "{{ person }}", "x" * 80]


def text_of(response) -> str:
    return response.content.decode()


def save(portal, name="Night shift", list_query=LIST, shared=False, **more):
    data = {"name": name, "list": list_query, **({"shared": "on"} if shared else {}), **more}
    return portal.post("/views/", data)


def view_of(name="Night shift") -> SavedView:
    return SavedView.objects.get(name=name)


def tabs(portal, address="/jobs/?org=acme") -> list[str]:
    """The names of the saved views beside the presets; the current one with a mark."""
    page = text_of(portal.get(address))
    found = re.findall(r'<a class="saved-view"[^>]*?( aria-current="page")?><bdi>(.*?)</bdi>', page)
    return [html.unescape(name) + "*" * bool(current) for current, name in found]


# Saving


def test_a_view_keeps_the_list_but_not_its_page_and_organization(portal, upstream):
    answer = save(
        portal, list_query="?org=acme&stage=validation&page=3&state=&columns=id,task&density=compact&sort=id&x=1"
    )
    assert (answer.status_code, answer["Location"].partition("?")[0]) == (303, "/jobs/")
    kept = {"stage": "validation", "sort": "id", "columns": "id,task", "density": "compact"}
    assert QueryDict(answer["Location"].partition("?")[2]).dict() == {"org": "acme", **kept}
    view = view_of()
    assert QueryDict(view.query).dict() == kept
    assert (view.organization, view.username, view.is_shared) == ("acme", "alice", False)
    assert "Saved as “Night shift”." in html.unescape(text_of(portal.get(f"/jobs/?{LIST}")))


def test_a_double_click_saves_once_and_says_no_error(portal):
    assert save(portal).status_code == save(portal).status_code == 303
    assert SavedView.objects.count() == 1


def test_a_name_that_is_taken_is_told_at_its_field_and_the_view_can_take_the_list_over(portal):
    save(portal)
    answer = save(portal, list_query="org=acme&state=new")
    page = html.unescape(text_of(answer))
    assert answer.status_code == 422 and "You have a view “Night shift” already." in page
    assert 'value="Night shift"' in page and 'value="org=acme&state=new"' in page
    answer = save(portal, list_query="org=acme&state=new", replace=str(view_of().key))
    assert answer.status_code == 303 and view_of().query == "state=new"


def test_two_people_may_use_the_same_name(portal, sign_in):
    save(portal, shared=True)
    save(sign_in("bob"), shared=True)
    assert SavedView.objects.count() == 2 and tabs(portal) == ["Night shift", "Night shift"]


@pytest.mark.parametrize("name", HOSTILE)
def test_any_name_is_shown_as_it_was_typed(portal, name):
    save(portal, name=name)
    assert tabs(portal) == [name]
    for path in ("/views/", f"/views/{view_of(name).key}/edit", f"/views/{view_of(name).key}/delete"):
        page = text_of(portal.get(path))
        assert "<script>alert" not in page and html.escape(name) in page


@pytest.mark.parametrize(
    "name", ["", "   ", "x" * 81, "a\nb", "a\0b", "\u202eevil", "a\u2066b", "\u200b", "\u2028", "a\x07"]
)
def test_a_name_that_nobody_could_read_is_refused_at_its_field(portal, name):
    answer = save(portal, name=name)
    assert answer.status_code == 422 and 'id="id_name_error"' in text_of(answer)
    assert not SavedView.objects.exists()


@pytest.mark.parametrize("list_query", ["org=acme&stage=done", "org=acme&filter={", "org=acme&sort=bogus"])
def test_a_list_that_cant_be_read_is_not_saved(portal, list_query):
    answer = save(portal, list_query=list_query)
    assert answer.status_code == 422 and "can’t be read" in text_of(answer) and not SavedView.objects.exists()


def test_what_is_longer_than_an_address_is_not_saved(portal):
    answer = save(portal, list_query="org=acme&search=" + "x" * 9000)
    assert answer.status_code == 422 and not SavedView.objects.exists()


def test_only_what_is_in_an_organization_can_be_shared(sign_in):
    for org in ("", "*"):
        alice = sign_in("alice", org=org)
        answer = save(alice, list_query=urlencode({"org": org}), shared=True)
        assert answer.status_code == 422 and "there is nobody to share this with" in text_of(answer)
        assert save(alice, name=f"own {org}", list_query=urlencode({"org": org})).status_code == 303
    assert not SavedView.objects.filter(is_shared=True).exists()


def test_a_view_can_not_be_put_into_somebody_elses_organization(sign_in):
    carol = sign_in("carol")
    for post in (save(carol, list_query="org=harbor", shared=True), save(carol, list_query="org=nowhere")):
        assert post.status_code == 404
    assert not SavedView.objects.exists()


def test_there_is_a_most_that_one_person_may_have(portal, monkeypatch):
    monkeypatch.setattr(lists, "MOST_VIEWS", 2)
    for name in ("a", "b"):
        save(portal, name=name)
    answer = save(portal, name="c")
    assert answer.status_code == 422 and "You have 2 views, which is the most" in text_of(answer)
    assert save(portal, name="b", list_query="org=acme", replace=str(view_of("b").key)).status_code == 303
    portal.post(f"/views/{view_of('a').key}/copy")
    assert SavedView.objects.count() == 2


def test_without_scripts_there_is_a_page_to_save_from(portal):
    page = text_of(portal.get("/views/new", {"list": LIST}))
    assert f'value="{html.escape(LIST)}"' in page and "Stage validation" in page and "Share with" in page


# Opening


def test_a_colleague_opens_a_shared_view_from_its_link_in_its_organization(portal, sign_in, upstream):
    save(portal, shared=True)
    bob = sign_in("bob", org="*")
    answer = bob.get(f"/views/{view_of().key}/")
    assert answer.status_code == 302 and answer["Location"] == "/jobs/?org=acme&stage=validation&sort=id"
    assert not upstream.calls
    assert bob.get(answer["Location"]).context["page"].count > 0
    assert tabs(bob, answer["Location"]) == ["Night shift*"]


def test_a_personal_view_and_a_foreign_organizations_view_are_not_there_for_others(portal, sign_in):
    save(portal)
    save(portal, name="ours", shared=True)
    for name, person in (("Night shift", "bob"), ("Night shift", "admin"), ("ours", "grace")):
        other = sign_in(person, org="*")
        key = view_of(name).key
        for path in (f"/views/{key}/", f"/views/{key}/count", f"/views/{key}/edit"):
            assert other.get(path).status_code == 404, (person, path)
        assert other.post(f"/views/{key}/copy").status_code == 404
        assert f"<bdi>{name}</bdi>" not in text_of(other.get("/views/"))
    assert tabs(sign_in("bob")) == ["ours"]


def test_a_superuser_opens_every_shared_view_in_its_organization(portal, sign_in):
    save(portal, shared=True)
    admin = sign_in("admin", org="*")
    listed = admin.get(admin.get(f"/views/{view_of().key}/")["Location"])
    assert listed.status_code == 200 and listed.context["query"].org == "acme"


def test_who_saves_mine_is_told_what_others_will_see(portal):
    for page in (portal.get("/jobs/?org=acme&view=mine"), portal.get("/views/new?list=org%3Dacme%26view%3Dmine")):
        assert "“Mine” shows each person their own jobs." in text_of(page)
    assert "each person their own jobs" not in text_of(portal.get("/jobs/?org=acme"))


def test_mine_is_whoever_looks_and_says_so(portal, sign_in, upstream):
    save(portal, list_query="org=acme&view=mine", shared=True)
    bob = sign_in("bob")
    page = bob.get(bob.get(f"/views/{view_of().key}/")["Location"])
    assert {row.job.assignee.username for row in page.context["rows"]} <= {"bob"}
    assert "shows each person their own jobs: these are yours" in text_of(page)
    page = text_of(portal.get(portal.get(f"/views/{view_of().key}/")["Location"]))
    assert "these are yours" not in page


def test_a_view_whose_list_is_no_longer_one_opens_the_list_which_tells(portal):
    save(portal)
    SavedView.objects.update(query="stage=polishing")
    answer = portal.get(portal.get(f"/views/{view_of().key}/")["Location"])
    assert answer.status_code == 422 and "The list can't be filtered like this" in html.unescape(text_of(answer))
    assert portal.get("/views/").status_code == 200


def test_a_view_that_is_not_there(portal):
    for path in (f"/views/{uuid4()}/", "/views/nothing/", f"/views/{uuid4()}/count"):
        assert portal.get(path).status_code == 404


def test_another_upstreams_views_are_not_shown(portal, settings):
    save(portal, shared=True)
    SavedView.objects.update(upstream="https://other.example")
    assert tabs(portal) == [] and portal.get(f"/views/{SavedView.objects.get().key}/").status_code == 404


# Tabs and counts


def test_the_tabs_show_own_and_shared_views_and_mark_the_current_one(portal, sign_in):
    save(portal)
    save(portal, name="Everywhere", list_query="org=*")
    save(sign_in("bob"), name="Bob's", list_query="org=acme&state=new", shared=True)
    assert tabs(portal) == ["Bob's", "Night shift"]
    assert tabs(portal, "/jobs/?sort=id&org=acme&stage=validation&page=1&state=") == ["Bob's", "Night shift*"]
    page = text_of(portal.get("/jobs/?org=acme"))
    assert "shared by bob" in page and "Save this view" in page
    assert "Save this view" not in text_of(portal.get(f"/jobs/?{LIST}")), "it is saved already"


def test_many_views_fold_but_the_current_one_stays_in_sight(portal):
    for number in range(8):
        save(portal, name=f"view {number}", list_query=f"org=acme&task_id={number + 1}")
    page = text_of(portal.get("/jobs/?org=acme&task_id=8"))
    head, _, folded = page.partition('id="more-views"')
    assert "view 7" in head and "3 more" in head and folded.count('class="saved-view"') == 3


def test_tabs_cost_one_query_however_many_there_are(portal):
    def queries() -> int:
        with CaptureQueriesContext(connection) as caught:
            portal.get("/jobs/?org=acme")
        return sum("saved_views_savedview" in query["sql"] for query in caught)

    save(portal)
    before = queries()
    for number in range(4):
        save(portal, name=f"view {number}")
    assert before == queries() == 1


def test_a_count_costs_one_small_call_and_is_kept(portal, upstream):
    save(portal, list_query="org=acme&stage=validation")
    page = text_of(portal.get("/jobs/?org=acme"))
    place = html.unescape(re.search(r'hx-get="(/views/count[^"]*stage[^"]*)"', page).group(1))
    wanted = portal.get("/jobs/?org=acme&stage=validation").context["page"].count
    upstream.calls.clear()
    for path in (place, place, f"/views/{view_of().key}/count"):
        assert text_of(portal.get(path)).strip() == str(wanted)
    (call,) = upstream.calls
    assert (call.path, call.query["page_size"], call.headers["x-organization"]) == ("/api/jobs", ["1"], "acme")
    page = text_of(portal.get("/jobs/?org=acme"))
    assert f'<span class="list-count">{wanted}</span>' in page, "what is known still is there at once"


def test_counts_are_each_persons_own(portal, sign_in, upstream):
    bob = sign_in("bob")
    for person in (portal, bob):
        person.get("/views/count?list=org%3Dacme%26view%3Dmine")
    assert len(upstream.calls) == 2
    rules = [call.query["filter"][0] for call in upstream.calls]
    assert "alice" in rules[0] and "bob" in rules[1]


def test_counting_elsewhere_leaves_the_organization_that_is_looked_at_alone(sign_in):
    bob = sign_in("bob")
    assert bob.get("/views/count?list=org%3Dharbor").status_code == 200
    assert bob.get("/jobs/").context["query"].org == "acme"


@pytest.mark.parametrize(
    "list_query",
    ["org=harbor", "org=acme&stage=bogus", "org=acme&filter=[", "org=acme&search=\0", "org=acme&task_id=x"],
)
def test_what_can_not_be_counted_shows_nothing(sign_in, upstream, list_query):
    answer = sign_in("carol").get("/views/count", {"list": list_query})
    assert (answer.status_code, answer.content) == (204, b"") and not upstream.calls


def test_a_count_that_fails_shows_nothing_and_is_asked_again(portal, upstream):
    upstream.fail(path=r"^/api/jobs$", status=500)
    answer = portal.get("/views/count?list=org%3Dacme")
    assert answer.status_code == 204 and "HX-Trigger" not in answer
    assert portal.get("/views/count?list=org%3Dacme").status_code == 200


# Changing


def test_the_owner_renames_shares_and_unshares(portal, sign_in):
    save(portal)
    key = view_of().key
    answer = portal.post(f"/views/{key}/edit", {"name": "Day shift", "shared": "on"})
    assert (answer.status_code, answer["Location"]) == (303, "/views/")
    assert tabs(sign_in("bob")) == ["Day shift"]
    portal.post(f"/views/{key}/edit", {"name": "Day shift"})
    assert tabs(sign_in("bob")) == []
    save(portal, name="other")
    answer = portal.post(f"/views/{key}/edit", {"name": "other"})
    assert answer.status_code == 422 and "You have a view “other” already." in text_of(answer)


def test_a_view_takes_over_the_list_one_came_from(portal):
    save(portal)
    page = html.unescape(text_of(portal.get("/views/", {"list": "org=acme&state=new&page=2"})))
    assert "Set to the list you came from" in page and "State new" in page
    answer = portal.post(f"/views/{view_of().key}/update", {"list": "org=acme&state=new&page=2"})
    assert answer["Location"] == "/jobs/?org=acme&state=new" and view_of().query == "state=new"
    for bad in ("org=acme&stage=bogus", "org=*"):
        assert portal.post(f"/views/{view_of().key}/update", {"list": bad})["Location"] == "/views/"
        assert "stays as it was" in text_of(portal.get("/views/"))
    assert view_of().query == "state=new"


def test_a_shared_view_is_copied_for_oneself(portal, sign_in):
    save(portal, shared=True)
    bob = sign_in("bob")
    key = view_of().key
    for _ in range(2):
        bob.post(f"/views/{key}/copy")
    own = SavedView.objects.filter(username="bob").order_by("id")
    assert [(view.name, view.is_shared, view.query) for view in own] == [
        ("Night shift", False, "stage=validation&sort=id"),
        ("Night shift (2)", False, "stage=validation&sort=id"),
    ]


def test_deleting_asks_first_and_changes_no_job(portal, upstream):
    save(portal, shared=True)
    page = text_of(portal.get(f"/views/{view_of().key}/delete"))
    assert "lose it too" in page and SavedView.objects.exists()
    answer = portal.post(f"/views/{view_of().key}/delete")
    assert answer.status_code == 303 and not SavedView.objects.exists()
    assert "“Night shift” is deleted. No job was changed." in text_of(portal.get("/views/"))
    assert not upstream.calls


@pytest.mark.parametrize("person", ["bob", "admin", "grace"])
def test_only_the_owner_changes_a_view(portal, sign_in, person):
    save(portal, shared=True)
    before = SavedView.objects.values().get()
    other, key = sign_in(person, org="*"), view_of().key
    answers = [
        other.post(f"/views/{key}/edit", {"name": "mine now"}),
        other.post(f"/views/{key}/update", {"list": "org=*"}),
        other.post(f"/views/{key}/delete"),
        other.get(f"/views/{key}/delete"),
        save(other, name="x", list_query="org=*", replace=str(key)),
        save(other, name="x", list_query="org=*", replace="nonsense"),
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert SavedView.objects.values().get() == before


def test_the_page_of_views_has_a_link_to_copy_and_says_what_each_shows(portal, sign_in):
    save(portal, shared=True)
    page = text_of(sign_in("bob").get("/views/"))
    assert f'value="http://testserver/views/{view_of().key}/"' in page
    assert "Stage validation" in page and "by alice in" in page and "Copy to yours" in page and "Rename" not in page


def test_strangers_sign_in_first(client):
    for path in ("/views/", f"/views/{uuid4()}/", "/views/count"):
        assert client.get(path)["Location"].startswith("/sign-in")
