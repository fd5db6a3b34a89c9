"""The two ways of signing in."""

import re

from django import forms


class SignInForm(forms.Form):
    """User name or e-mail address, and password, as the upstream knows them."""

    username = forms.CharField(
        label="User name or e-mail",
        max_length=254,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
    )
    password = forms.CharField(
        max_length=1024,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class TokenForm(forms.Form):
    """A personal access token, or the API token of servers that have none."""

    token = forms.CharField(
        label="Access token",
        max_length=1024,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
        error_messages={
            "required": "Paste the token.",
            "null_characters_not_allowed": "This can’t be a token: it holds characters that no token has.",
        },
    )

    def clean_token(self) -> str:
        """The token alone, also where it was copied with the word before it in a header."""
        token: str = re.sub(r"^(?:Authorization:\s*)?(?:Bearer|Token)\s+", "", self.cleaned_data["token"], flags=re.I)
        if not re.fullmatch(r"[\x21-\x7e]+", token):
            raise forms.ValidationError("This can’t be a token: it holds characters that no token has, or spaces.")
        return token
