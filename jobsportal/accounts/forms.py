"""The sign-in form."""

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
