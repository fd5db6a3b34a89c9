"""Who is signed in: sign-in and out, the sealed credential in the session, the organization that is looked at."""
