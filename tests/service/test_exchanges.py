"""What every request carries, what it must not carry, and whom it reaches."""

import logging
import ssl
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from jobsportal.cvat import Anonymous, Client, RetryPolicy, Timeouts, TokenCredential, errors, new_session
from tests.service.wire import answer, ok

USER = ok(b'{"id":2,"username":"alice"}')


def test_a_request_says_who_asks_for_what_and_on_whose_behalf(listen, client_of):
    server = listen(USER)
    client_of(server, organization="acme", request_id="abc-1", forwarded_for="203.0.113.9").users.self()
    headers = server.heard[0].headers
    assert headers["accept"] == "application/vnd.cvat+json, */*;q=0.1"
    assert headers["authorization"] == "Token s3cret-token"
    assert headers["x-organization"] == "acme"
    assert headers["x-request-id"] == "abc-1"
    assert headers["x-forwarded-for"] == "203.0.113.9"
    assert "cookie" not in headers and "content-type" not in headers


@pytest.mark.parametrize(("organization", "sent"), [(None, None), ("", ""), ("acme", "acme"), ("A-b_9", "A-b_9")])
def test_the_organization_is_sent_as_it_is_meant(listen, client_of, organization, sent):
    server = listen(USER)
    client_of(server, organization=organization).users.self()
    assert server.heard[0].headers.get("x-organization") == sent


@pytest.mark.parametrize("organization", ["a b", "acme\r\nX-Evil: 1", "acme\n", "a/b", "ä", "x" * 65, "\ud800"])
def test_what_can_be_no_organization_makes_no_client(organization):
    with pytest.raises(errors.Invalid):
        Client("http://127.0.0.1:9", organization=organization)


def test_nobody_sends_no_credential(listen):
    server = listen(ok(b'{"name":"x","version":"2.42"}'))
    Client(server.url, Anonymous()).server.about()
    assert {"authorization", "x-forwarded-for", "x-organization"}.isdisjoint(server.heard[0].headers)


def test_every_request_has_an_id_of_its_own_if_none_is_given(listen, client_of):
    server = listen(USER)
    client = client_of(server)
    client.users.self()
    client.users.self()
    first, second = (request.headers["x-request-id"] for request in server.heard)
    assert first != second and len(first) == 32


@pytest.mark.parametrize("bad", ["x\r\nX-Evil: 1", "x\ny", "x\0y", "пароль", "\tx", "\ud800"])
@pytest.mark.parametrize("place", ["request_id", "forwarded_for", "credential", "x_organization", "range"])
def test_no_value_can_end_its_header_and_begin_another(listen, client_of, bad, place):
    server = listen(USER)
    with pytest.raises(errors.Invalid) as caught:
        if place == "x_organization":
            client_of(server).jobs.list(x_organization=bad)
        elif place == "range":
            client_of(server).stream("/file", headers={"Range": bad})
        elif place == "credential":
            Client(server.url, TokenCredential("t" + bad)).users.self()
        else:
            client_of(server, **{place: bad}).users.self()
    assert not server.heard
    assert bad not in str(caught.value) and caught.value.__cause__ is None


def test_secrets_are_in_no_repr_and_no_log(sandbox, caplog):
    caplog.set_level(logging.DEBUG)
    token = Client(sandbox.url).auth.login("alice", "annotate")
    client = Client(sandbox.url, TokenCredential(token), forwarded_for="203.0.113.9", retry=RetryPolicy(backoff=0))
    sandbox.fail(status=503, times=2)
    client.users.self()
    with pytest.raises(errors.Invalid) as caught:
        Client(sandbox.url).auth.login("alice", "not-the-passw0rd")
    told = f"{client!r} {client.credential!r} {client.credential} {caught.value!r} {caught.value} {caplog.text}"
    assert "/api/users/self" in told
    for secret in (token, "annotate", "not-the-passw0rd", "203.0.113.9"):
        assert secret not in told


def test_a_credential_has_a_name_for_caches_that_is_no_use_to_sign_in():
    one, same, other = TokenCredential("a"), TokenCredential("a"), TokenCredential("b")
    assert one.fingerprint == same.fingerprint != other.fingerprint
    assert len({one.fingerprint, other.fingerprint, Anonymous().fingerprint}) == 3
    assert "a" * 3 not in TokenCredential("a" * 3).fingerprint


def test_a_cookie_is_never_sent_back_by_whoever_shares_the_session(listen):
    server = listen(ok(b'{"id":2,"username":"a"}', "Set-Cookie: sessionid=alices; Path=/", "Set-Cookie: csrftoken=x"))
    session = new_session()
    for token in ("alice", "bob"):
        for _ in range(2):
            Client(server.url, TokenCredential(token), session=session).users.self()
    assert len(server.heard) == 4 and server.connections == 1
    assert all("cookie" not in request.headers for request in server.heard)
    assert not list(session.cookies)


def test_netrc_and_proxies_of_the_environment_are_ignored(listen, client_of, monkeypatch, tmp_path):
    server, proxy = listen(USER), listen(USER)
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login mallory password other\ndefault login mallory password other\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy.url)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    client_of(server).users.self()
    Client(server.url).users.self()
    assert [request.headers.get("authorization") for request in server.heard] == ["Token s3cret-token", None]
    assert not proxy.heard


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
@pytest.mark.parametrize("method", ["GET", "PATCH", "POST", "stream"])
def test_another_address_is_never_called(listen, client_of, status, method):
    other = listen(USER)
    server = listen(answer(status, b"", f"Location: {other.url}/api/users/self"))
    client = client_of(server)
    with pytest.raises(errors.BrokenAnswer) as caught:
        client.stream("/file") if method == "stream" else client.fetch(method, "/api/x", data=b"{}")
    assert "another address" in caught.value.detail
    assert caught.value.request_id == server.heard[0].headers["x-request-id"]
    assert len(server.heard) == 1 and other.connections == 0


@pytest.mark.parametrize(
    "location", ["", "http://[", "//", "http://\xff", "http://127.0.0.1:99999999/", "javascript:1"]
)
def test_a_strange_redirect_is_a_broken_answer(listen, client_of, location):
    server = listen(answer("302 Found", b"", f"Location: {location}"))
    with pytest.raises(errors.BrokenAnswer):
        client_of(server).users.self()


def test_the_body_of_a_redirect_is_not_read(listen, client_of):
    endless = b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 99999999999\r\n\r\nbegun"
    server = listen(endless)
    with pytest.raises(errors.BrokenAnswer) as caught:
        client_of(server, timeouts=Timeouts(1, 60, 60)).users.self()
    assert caught.value.status == 302


def request_of(result_url: str) -> bytes:
    return ok(
        b'{"id":"x","status":"finished","operation":{"type":"export:dataset"},"result_url":"%s"}' % result_url.encode()
    )


def says_in_turn(*answers):
    left = list(answers)
    return lambda connection, _: connection.sendall(left.pop(0))


def test_a_result_is_fetched_from_the_own_address_whatever_host_it_names(listen, client_of):
    other = listen(USER)
    result_url = f"{other.url}/api/jobs/5/dataset/download?rq_id=action%3Dexport%26format%3DYOLO_1~1&empty="
    server = listen(says_in_turn(request_of(result_url), answer("200 OK", b"PK")))
    assert b"".join(client_of(server).requests.download("x")) == b"PK"
    assert server.heard[1].path == "/api/jobs/5/dataset/download"
    assert server.heard[1].query == {"rq_id": ["action=export&format=YOLO_1~1"], "empty": [""]}
    assert other.connections == 0


@pytest.mark.parametrize(
    "path",
    [
        "/api/users/self",
        "/api/jobs/5/dataset/download/../../../../auth/logout",
        "/api/jobs/x/dataset/download",
        "/api/jobs/٥/dataset/download",
        "/elsewhere/api/jobs/5/dataset/download",
        "",
        "//evil.example",
    ],
)
def test_a_result_in_any_other_place_is_not_fetched(listen, client_of, path):
    server = listen(request_of(f"http://evil.example{path}"))
    with pytest.raises(errors.BrokenAnswer):
        client_of(server).requests.download("x")
    assert len(server.heard) == 1


@pytest.mark.parametrize("result_url", ["http://[::1/api/jobs/5/dataset/download", "::", "\\u0000"])
def test_a_result_without_a_proper_address_is_a_broken_answer(listen, client_of, result_url):
    server = listen(request_of(result_url))
    with pytest.raises(errors.BrokenAnswer):
        client_of(server).requests.download("x")


def test_a_request_without_a_file_is_told_so(listen, client_of):
    words = b'{"id":"x","status":"%s","operation":{"type":"import:annotations"},"result_url":null}'
    for status, kind in ((b"finished", errors.NotFound), (b"failed", errors.NotFound), (b"queued", errors.Conflict)):
        with pytest.raises(kind):
            client_of(listen(ok(words % status))).requests.download("x")


def test_an_address_with_a_path_is_kept_before_every_path(listen):
    result_url = "http://upstream.example/annotation/tool/api/jobs/5/dataset/download?rq_id=1"
    server = listen(says_in_turn(USER, request_of(result_url), answer("200 OK", b"PK")))
    client = Client(server.url + "/annotation/tool/", TokenCredential("t"))
    client.users.self()
    assert b"".join(client.requests.download("x")) == b"PK"
    assert [request.target for request in server.heard] == [
        "/annotation/tool/api/users/self",
        "/annotation/tool/api/requests/x",
        "/annotation/tool/api/jobs/5/dataset/download?rq_id=1",
    ]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "127.0.0.1:8080",
        "ftp://host",
        "http://",
        "http:///path",
        "http://host?x=1",
        "http://host#x",
        "http://host:99999",
        "http://host:port",
        "http://[::1",
        "http://user:hidden@host",
        "http://ho st",
        "http://host\r\nX: 1",
    ],
)
def test_what_is_no_address_of_a_server_makes_no_client(url):
    with pytest.raises(ValueError) as caught:
        Client(url)
    assert "hidden" not in str(caught.value)


def test_many_threads_share_a_session_and_nobody_gets_anothers_answer(listen):
    def says(connection, request):
        name = request.headers["authorization"].removeprefix("Token ")
        connection.sendall(ok(f'{{"id":1,"username":"{name}"}}'.encode(), f"Set-Cookie: who={name}"))

    server, session = listen(says), new_session(pool_size=4)

    def ask(number: int) -> bool:
        client = Client(server.url, TokenCredential(f"person-{number}"), session=session, organization=f"org-{number}")
        return client.users.self().username == f"person-{number}"

    with ThreadPoolExecutor(12) as pool:
        assert all(pool.map(ask, range(200)))
    for request in server.heard:
        assert (
            request.headers["authorization"].rpartition("-")[2] == request.headers["x-organization"].rpartition("-")[2]
        )
        assert "cookie" not in request.headers


def test_https_is_spoken_with_those_a_bundle_of_certificates_vouches_for(listen, certificate):
    bundle, context = certificate
    server = listen(USER, tls=context)
    client = Client(server.url, TokenCredential("t"), session=new_session(verify=str(bundle)))
    assert client.users.self().username == "alice"
    with pytest.raises(errors.Unreachable):
        Client(server.url, TokenCredential("t"), retry=RetryPolicy(attempts=1)).users.self()
    assert len(server.heard) == 1


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for 127.0.0.1 that vouches for itself, and a server's context with it."""
    from datetime import UTC, datetime, timedelta
    from ipaddress import ip_address

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test server")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("tls")
    bundle, private = folder / "bundle.pem", folder / "key.pem"
    bundle.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(bundle, private)
    return bundle, context


def test_the_package_works_where_there_is_no_django():
    words = """
import sys
class Nowhere:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("django", "django_htmx"):
            raise ImportError(name)
sys.meta_path.insert(0, Nowhere())
import pkgutil, importlib, jobsportal.cvat
for module in pkgutil.iter_modules(jobsportal.cvat.__path__):
    importlib.import_module(f"jobsportal.cvat.{module.name}")
inner = [name for name in sys.modules if name.startswith("jobsportal.") and not name.startswith("jobsportal.cvat")]
assert not inner, inner
print(jobsportal.cvat.Client("http://127.0.0.1:9"))
"""
    done = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Client(url='http://127.0.0.1:9'")
