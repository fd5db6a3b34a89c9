"""E-mail to people who asked to be told that a file is ready: through Django, plain text, once.

Whom to write to is what the upstream says of the person; nobody types an address here.
"""

import logging
from datetime import timedelta

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from jobsportal.accounts.kept import person_of
from jobsportal.accounts.person import Person
from jobsportal.bundles.models import FAILED, LEFT_OUT, READY, Bundle, Watch
from jobsportal.cvat import errors
from jobsportal.cvat.types import Request
from jobsportal.exports.reasons import in_plain_words

logger = logging.getLogger(__name__)

AT_A_TURN = 50
TRIES = 5
# How long nobody else sends it, and how long until the next try; the latter grows with the tries.
LEASE = timedelta(minutes=2)
PAUSE = timedelta(minutes=1)
LOOK = timedelta(seconds=5)
FOLLOWED = timedelta(days=2)


def can_tell() -> bool:
    """Whether this portal sends e-mail."""
    return bool(settings.EMAIL_URL)


def address_of(person: Person) -> str:
    """The person's own e-mail address, as the upstream knows it; "" where it knows none. Upstream: users.self."""
    return person.client.users.self().email


def turn() -> bool:
    """Send what is due, and look after exports that somebody waits for; whether anything came of it."""
    if not can_tell():
        return False
    return any([tell_of_bundles(), follow()])


def tell_of_bundles() -> bool:
    now, is_sent = timezone.now(), False
    due = Bundle.objects.filter(Q(mail_next=None) | Q(mail_next__lte=now), status__in=(READY, FAILED)).exclude(
        mail_to=""
    )
    for bundle in due.order_by("mail_next")[:AT_A_TURN]:
        # Whoever moves the time of the next try is the one who sends.
        taken = Bundle.objects.filter(pk=bundle.pk, mail_to=bundle.mail_to, mail_next=bundle.mail_next)
        tries = bundle.mail_tries + 1
        if taken.update(mail_next=now + LEASE + PAUSE * tries**2, mail_tries=tries):
            subject, body = words_for(bundle)
            if is_over(send(bundle.mail_to, subject, body), tries, f"bundle {bundle.pk}"):
                Bundle.objects.filter(pk=bundle.pk).update(mail_to="", mail_next=None)
            is_sent = True
    return is_sent


def is_over(is_sent: bool, tries: int, what: str) -> bool:
    if not is_sent and tries >= TRIES:
        logger.error("the e-mail about %s is given up after %s tries", what, tries)
    return is_sent or tries >= TRIES


def words_for(bundle: Bundle) -> tuple[str, str]:
    """Subject and text."""
    link = place(bundle.address, reverse("bundles:bundle", args=[bundle.key]))
    if bundle.status == FAILED:
        return (
            f"{bundle.title} could not be prepared",
            f"{bundle.title} could not be prepared.\n\n{bundle.problem}\n\n{link}\n",
        )
    left_out = bundle.parts.filter(status=LEFT_OUT).count()
    missing = f"{left_out:,} of {bundle.total:,} jobs could not be included; the page says why.\n\n" if left_out else ""
    return f"{bundle.title} is ready", ready(bundle.title, missing, link)


def ready(title: str, more: str, link: str) -> str:
    return f"{title} is ready to download.\n\n{more}{link}\n\nYou get this e-mail because you asked to be told.\n"


def place(address: str, path: str) -> str:
    """The address of a page, as people reach the portal."""
    return f"{(settings.PORTAL_URL or address).rstrip('/')}{path}"


def send(to: str, subject: str, body: str) -> bool:
    """Whether it was handed to the mail server. No line break gets into a header, whatever a title holds."""
    subject = "".join(char if char.isprintable() else " " for char in " ".join(subject.split()))[:200]
    try:
        return bool(EmailMessage(subject, body, to=[to]).send())
    except Exception as error:  # of the many kinds that connections and mail servers have
        logger.warning("an e-mail could not be sent: %s: %s", type(error).__name__, error)
        return False


def follow() -> bool:
    """Look after single exports that somebody waits for."""
    now, is_told = timezone.now(), False
    for watch in Watch.objects.filter(Q(lease_until=None) | Q(lease_until__lt=now)).order_by("lease_until")[:AT_A_TURN]:
        taken = Watch.objects.filter(pk=watch.pk, lease_until=watch.lease_until)
        if taken.update(lease_until=now + LEASE):
            is_told = look_after(watch) or is_told
    return is_told


def look_after(watch: Watch) -> bool:
    """Whether the person was told. What can't be followed any more is forgotten. Upstream: requests.retrieve."""
    person = person_of(watch) if watch.upstream == settings.CVAT_URL else None
    if person is None or watch.made < timezone.now() - FOLLOWED:
        return forget(watch, "it can't be followed any longer")
    try:
        request = person.client.requests.retrieve(watch.rq_id)
    except (errors.SignedOut, errors.NotFound, errors.Forbidden, errors.Invalid) as error:
        return forget(watch, str(error))
    except errors.CVATError as error:
        logger.info("an export can't be looked after just now: %s", error)
        return later(watch, LEASE)
    if not request.is_over:
        return later(watch, LOOK)
    tries = watch.tries + 1
    if is_over(send(watch.mail_to, *words_about(watch, request)), tries, f"export {watch.rq_id}"):
        watch.delete()
    else:
        Watch.objects.filter(pk=watch.pk).update(tries=F("tries") + 1, lease_until=timezone.now() + PAUSE * tries**2)
    return True


def words_about(watch: Watch, request: Request) -> tuple[str, str]:
    link = place(watch.address, reverse("exports:downloads"))
    if request.status == "failed":
        reason = in_plain_words(request.message, request.operation.format or "")
        return f"{watch.title} failed", f"{watch.title} failed.\n\n{reason}\n\n{link}\n"
    return f"{watch.title} is ready", ready(watch.title, "", link)


def later(watch: Watch, pause: timedelta) -> bool:
    Watch.objects.filter(pk=watch.pk).update(lease_until=timezone.now() + pause)
    return False


def forget(watch: Watch, reason: str) -> bool:
    logger.info("export %s is not looked after any more: %s", watch.rq_id, reason)
    watch.delete()
    return False
